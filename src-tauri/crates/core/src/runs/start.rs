//! Asking for an answer: what is added to the conversation, and which model is asked.

use std::sync::Arc;

use sirocco_chat::automatic_title;
use sirocco_protocol::commands::{ConversationUpdate, MessageRegenerate, MessageSend};
use sirocco_protocol::{
    AttachmentId, Conversation, ConversationId, ErrorCode, ErrorReport, Event, LayerValues,
    LoadState, MessageId, Model, ModelId, ModelVerdict, QueuedMessageId, Role, RunId, Started,
};
use sirocco_store::{NewMessage, NewRun, StoredModel, Turn};

use super::ActiveRun;
use super::drive::{Compared, Work};
use super::line::line;
use crate::App;
use crate::attachments::refuse_too_many;
use crate::clock::now_ms;
use crate::conversations::refuse_blank;
use crate::error::{Report, refuse};

/// A run of a comparison that is stored and has not begun.
pub(crate) struct Contest {
    pub run_id: RunId,
    pub message_id: MessageId,
    pub model_id: ModelId,
    /// What it is written with.
    pub values: LayerValues,
}

/// Where a question comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was the draft, which is empty then.
    InDraft,
    /// It waited in the queue, which it leaves.
    InQueue(QueuedMessageId),
    /// It is another version of one that was sent before.
    Before,
}

impl App {
    /// A question and its answer, at the end of the shown branch.
    pub(crate) async fn send_message(&self, request: MessageSend) -> Result<Started, ErrorReport> {
        refuse_too_many(&request.attachments)?;
        if request.attachments.is_empty() {
            refuse_blank(&request.content)?;
        }
        let store = self.store_of(request.conversation_id).await;
        let conversation = store.conversation(request.conversation_id).await.report()?;
        let question = NewMessage {
            id: MessageId::fresh(),
            parent_id: conversation.head,
            role: Role::User,
            content: request.content,
            reasoning: None,
            model_name: None,
            attachments: request.attachments,
        };
        self.ask(request.conversation_id, Some(question), Written::InDraft)
            .await
    }

    /// Adds the question, if there is one, and an answer under it (or under the head).
    pub(crate) async fn ask(
        &self,
        id: ConversationId,
        question: Option<NewMessage>,
        written: Written,
    ) -> Result<Started, ErrorReport> {
        let conversation = self.store_of(id).await.conversation(id).await.report()?;
        let model = self.model_for(&conversation).await?;
        if let Some(question) = &question {
            self.refuse_unseen(&model.model, &question.attachments)
                .await?;
        }
        let is_first = question
            .as_ref()
            .is_some_and(|question| question.parent_id.is_none());
        let automatic_title = match &question {
            Some(question) if is_first => Some(self.title_of(question).await?),
            _ => None,
        };
        let question_id = question.as_ref().map(|question| question.id);
        let answer = answer_under(question_id.or(conversation.head), &model);
        let work = Work::new(&answer, &model, false);
        let turn = Turn {
            conversation_id: id,
            run: Some(NewRun {
                id: work.run_id,
                message_id: answer.id,
                model_id: Some(model.model.id),
            }),
            messages: question.into_iter().chain([answer]).collect(),
            automatic_title: automatic_title.filter(|title| !title.is_empty()),
            clear_draft: written == Written::InDraft,
        };
        let queued = match written {
            Written::InQueue(id) => Some(id),
            Written::InDraft | Written::Before => None,
        };
        self.begin(turn, work, question_id, queued).await
    }

    /// Whether a model sees images: the way it is loaded, or would be.
    pub(crate) fn sees(&self, model: &Model) -> bool {
        match self.inner.residency.ready(model.id) {
            Some(loaded) => loaded.sees_images,
            None => model.sees_images,
        }
    }

    /// Refuses images for a model that sees none.
    async fn refuse_unseen(
        &self,
        model: &Model,
        attachments: &[AttachmentId],
    ) -> Result<(), ErrorReport> {
        if self.sees(model) {
            return Ok(());
        }
        for id in attachments {
            if self.attached_file(*id).await?.image.is_some() {
                let message = format!("{} sees no images", model.name);
                return Err(refuse(ErrorCode::InvalidRequest, message)
                    .with_hint("take the image away, or choose a model that sees images"));
            }
        }
        Ok(())
    }

    /// The title of a conversation that begins with this question: its words, or the name of what is attached.
    async fn title_of(&self, question: &NewMessage) -> Result<String, ErrorReport> {
        match question.attachments.first() {
            Some(id) if question.content.trim().is_empty() => {
                let attached = self.attached_file(*id).await?;
                Ok(automatic_title(&attached.name))
            }
            _ => Ok(automatic_title(&question.content)),
        }
    }

    /// Another version of an answer, by the conversation's model or another one.
    pub(crate) async fn regenerate(
        &self,
        request: MessageRegenerate,
    ) -> Result<Started, ErrorReport> {
        let store = self.store_with(request.id).await?;
        let old = store.message(request.id).await.report()?;
        if old.role != Role::Assistant {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "only an answer can be regenerated",
            ));
        }
        let conversation = store.conversation(old.conversation_id).await.report()?;
        let model = match request.model_id {
            Some(id) => self.named_model(id).await?,
            None => self.model_for(&conversation).await?,
        };
        let answer = answer_under(old.parent_id, &model);
        let work = Work::new(&answer, &model, false);
        let turn = Turn {
            conversation_id: old.conversation_id,
            run: Some(NewRun {
                id: work.run_id,
                message_id: answer.id,
                model_id: Some(model.model.id),
            }),
            messages: vec![answer],
            automatic_title: None,
            clear_draft: false,
        };
        self.begin(turn, work, None, None).await
    }

    /// Writes on at the end of an answer.
    pub(crate) async fn continue_message(&self, id: MessageId) -> Result<Started, ErrorReport> {
        let store = self.store_with(id).await?;
        let message = store.message(id).await.report()?;
        if message.role != Role::Assistant {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "only an answer can be continued",
            ));
        }
        let conversation = store.conversation(message.conversation_id).await.report()?;
        if conversation.head != Some(id) {
            return Err(refuse(
                ErrorCode::Conflict,
                "only the last message can be continued",
            ));
        }
        let model = self.model_for(&conversation).await?;
        let work = Work {
            run_id: RunId::fresh(),
            message_id: id,
            model_id: model.model.id,
            continues: true,
            thought_ms: message.run.and_then(|run| run.statistics?.reasoning_ms),
            compared: None,
        };
        let turn = Turn {
            conversation_id: message.conversation_id,
            run: Some(NewRun {
                id: work.run_id,
                message_id: id,
                model_id: Some(model.model.id),
            }),
            messages: Vec::new(),
            automatic_title: None,
            clear_draft: false,
        };
        self.begin(turn, work, None, None).await
    }

    /// Stores the turn and starts the task of its run.
    async fn begin(
        &self,
        turn: Turn,
        work: Work,
        question_id: Option<MessageId>,
        queued: Option<QueuedMessageId>,
    ) -> Result<Started, ErrorReport> {
        let id = turn.conversation_id;
        self.stand_in(id, Some(work.model_id), None).await?;
        let store = &self.store_of(id).await;
        match queued {
            Some(queued) => store.add_queued_turn(&turn, queued, now_ms()).await,
            None => store.add_turn(&turn, now_ms()).await,
        }
        .report()?;
        // Read at once: each of these goes to the database and back, and somebody waits for words.
        let question = async {
            match question_id {
                Some(id) => store.message(id).await.map(Some),
                None => Ok(None),
            }
        };
        let (run, assistant_message, user_message, conversation) = tokio::try_join!(
            store.run(work.run_id),
            store.message(work.message_id),
            question,
            store.conversation(id),
        )
        .report()?;
        let active = self
            .inner
            .runs
            .insert(run.clone(), assistant_message.clone(), store.clone());
        self.emit(Event::RunChanged { run });
        self.messages_changed(&conversation);
        if queued.is_some() {
            self.queue_changed(id, conversation.queue);
        }
        self.set_off(active, work);
        Ok(Started {
            user_message,
            assistant_message,
        })
    }

    /// Starts the tasks of runs that are stored and answer one question; at most `at_once` of them go at a time.
    pub(crate) async fn begin_contest(
        &self,
        conversation_id: ConversationId,
        contests: Vec<Contest>,
        at_once: u32,
    ) -> Result<(), ErrorReport> {
        let store = &self.inner.store;
        let places = line(u32::try_from(contests.len()).unwrap_or(u32::MAX), at_once);
        let mut ready = Vec::new();
        for (contest, place) in contests.into_iter().zip(places) {
            let (run, message) =
                tokio::try_join!(store.run(contest.run_id), store.message(contest.message_id))
                    .report()?;
            let active = self.inner.runs.insert(run.clone(), message, store.clone());
            self.emit(Event::RunChanged { run });
            let work = Work {
                run_id: contest.run_id,
                message_id: contest.message_id,
                model_id: contest.model_id,
                continues: false,
                thought_ms: None,
                compared: Some(Compared {
                    values: contest.values,
                    place,
                }),
            };
            ready.push((active, work));
        }
        self.messages_changed(&store.conversation(conversation_id).await.report()?);
        for (active, work) in ready {
            self.set_off(active, work);
        }
        Ok(())
    }

    fn set_off(&self, active: Arc<ActiveRun>, work: Work) {
        self.inner.titles.cancel();
        let app = self.clone();
        // Not `spawn`: at the end of the app a run is ended properly, with its text.
        self.inner
            .tasks
            .spawn(async move { app.drive(active, work).await });
    }

    /// The conversation's model; the only loaded one; the one used last. Nothing goes to another machine because it
    /// was used last: of what is there, a person chooses.
    async fn model_for(&self, conversation: &Conversation) -> Result<StoredModel, ErrorReport> {
        if let Some(id) = conversation.model_id {
            return self.named_model(id).await;
        }
        let models = self.inner.store.list_local_models().await.report()?;
        let ready = self.only_ready_model().await?;
        let runs = |model: &&StoredModel| matches!(model.model.verdict, ModelVerdict::Runs { .. });
        let chosen = models
            .iter()
            .find(|model| Some(model.model.id) == ready)
            .or_else(|| {
                models
                    .iter()
                    .filter(runs)
                    .max_by_key(|model| (model.model.used_at_ms, model.model.added_at_ms))
            });
        let Some(model) = chosen.cloned() else {
            return Err(
                refuse(ErrorCode::NoModel, "there is no model that can answer")
                    .with_hint("download one, or add a GGUF file of your own"),
            );
        };
        let choose = ConversationUpdate {
            model_id: Some(model.model.id),
            ..ConversationUpdate::of(conversation.summary.id)
        };
        self.stand_in(choose.id, choose.model_id, None).await?;
        let store = self.store_of(choose.id).await;
        store.update_conversation(&choose).await.report()?;
        Ok(model)
    }

    pub(crate) async fn named_model(&self, id: ModelId) -> Result<StoredModel, ErrorReport> {
        match self.inner.store.trashed(id).await {
            Ok(trashed) => Err(refuse(
                ErrorCode::NoModel,
                format!("{} is in the trash", trashed.name),
            )
            .with_hint("restore it, or choose another model")),
            Err(_) => {
                self.check_writes(id).await?;
                self.inner.store.model(id).await.report()
            }
        }
    }

    /// The one model that is loaded and writes, if there is one.
    pub(super) async fn only_ready_model(&self) -> Result<Option<ModelId>, ErrorReport> {
        let models = self.models().await?;
        let embeds = |id: ModelId| {
            let is_it =
                |model: &Arc<Model>| model.id == id && model.verdict == ModelVerdict::Embeds;
            models.iter().any(is_it)
        };
        let mut ready = self.inner.residency.list().into_iter().filter(|loaded| {
            let is_here = loaded.served_by.is_some();
            is_here && loaded.state == LoadState::Ready && !embeds(loaded.model_id)
        });
        Ok(match (ready.next(), ready.next()) {
            (Some(loaded), None) => Some(loaded.model_id),
            _ => None,
        })
    }
}

fn answer_under(parent_id: Option<MessageId>, model: &StoredModel) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        parent_id,
        role: Role::Assistant,
        content: String::new(),
        reasoning: None,
        model_name: Some(model.model.name.clone()),
        attachments: Vec::new(),
    }
}
