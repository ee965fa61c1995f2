//! Titles that models write, behind an answer and only while nobody else wants the model.
//!
//! A title is asked for as the next thing a person says, after all that was said: the worker has read that already,
//! and what it keeps of it is good for the next message too.

use std::sync::{Mutex, PoisonError};

use sirocco_chat::{ReasoningSplitter, Start, TITLE_REQUEST, start_of, written_title};
use sirocco_engine_wire::{FinishReason, FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_protocol::{
    Conversation, ConversationId, ErrorReport, Event, LoadState, ModelId, TitleChoice,
};
use sirocco_store::Store;
use tokio_util::sync::CancellationToken;

use super::prompt::{Draft, Wanted};
use crate::App;
use crate::error::Report;

/// Longest title. What is cut off by it loses its last word.
const MOST_TOKENS: u32 = 12;

/// The titles that are being written.
#[derive(Default)]
pub(crate) struct Titles(Mutex<CancellationToken>);

impl Titles {
    /// Ends them at once: somebody wants the model.
    pub fn cancel(&self) {
        let mut token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    fn token(&self) -> CancellationToken {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }
}

impl App {
    /// Has the model that has just answered write the title, if that is wished.
    pub(super) fn begin_title(&self, id: ConversationId, model_id: ModelId, store: Store) {
        let cancelled = self.inner.titles.token();
        let app = self.clone();
        self.spawn(async move {
            tokio::select! {
                written = app.write_title(id, model_id, &store) => {
                    if let Err(error) = written {
                        tracing::debug!(message = %error.message, "no title was written");
                    }
                }
                () = cancelled.cancelled() => {}
            }
        });
    }

    async fn write_title(
        &self,
        id: ConversationId,
        model_id: ModelId,
        store: &Store,
    ) -> Result<(), ErrorReport> {
        let again = match self.inner.store.settings().await.report()?.titles {
            TitleChoice::Off => return Ok(()),
            TitleChoice::Once => false,
            TitleChoice::Always => true,
        };
        if !self.is_idle(model_id) || !store.wants_title(id, again).await.report()? {
            return Ok(());
        }
        let conversation = store.conversation(id).await.report()?;
        let Some(title) = self.ask_for_title(&conversation, model_id).await? else {
            return Ok(());
        };
        if let Some(conversation) = store.write_title(id, &title).await.report()? {
            self.emit(Event::ConversationChanged { conversation });
        }
        Ok(())
    }

    /// Nobody has the model or waits for it.
    fn is_idle(&self, model_id: ModelId) -> bool {
        let loaded = self.inner.residency.list().into_iter();
        loaded
            .filter(|one| one.model_id == model_id)
            .any(|one| one.state == LoadState::Ready && one.queue_length == 0)
    }

    async fn ask_for_title(
        &self,
        conversation: &Conversation,
        model_id: ModelId,
    ) -> Result<Option<String>, ErrorReport> {
        let turn = self.inner.residency.turn(model_id, |_, _| {});
        let turn = turn.await.report()?;
        let wanted = Wanted {
            values: &self.effective(conversation).await?,
            leaf: conversation.head,
            draft: Some(Draft {
                content: TITLE_REQUEST,
                attached: &[],
            }),
            continue_last: false,
        };
        let prepared = self.prepare(&turn.loaded, wanted).await?;
        if prepared.too_long.is_some() {
            return Ok(None);
        }
        let mut prompt = prepared.prompt;
        if let Prompt::Chat { variables, .. } = &mut prompt {
            // Models that can do without thinking would have no words left for the title.
            variables.insert("enable_thinking".into(), false.into());
        }
        let request = GenerateRequest {
            id: 0,
            prompt,
            sampling: SamplingParameters {
                temperature: 0.0,
                ..SamplingParameters::default()
            },
            max_tokens: Some(MOST_TOKENS),
            stop: Vec::new(),
        };
        let mut generation = turn.loaded.worker.generate(request).await.report()?;
        let mut splitter = ReasoningSplitter::new(Start::default());
        let mut words = String::new();
        let mut is_cut = true;
        while let Some(frame) = generation.next().await {
            match frame.report()? {
                FromWorker::Started { prompt_end, .. } => {
                    splitter = ReasoningSplitter::new(start_of(&prompt_end));
                }
                FromWorker::Tokens(chunk) => words.push_str(&splitter.push(&chunk.text).content),
                FromWorker::Finished { reason, .. } => {
                    is_cut = reason == FinishReason::MaxTokens;
                    break;
                }
                _ => {}
            }
        }
        words.push_str(&splitter.finish().content);
        Ok(written_title(&words, is_cut))
    }
}
