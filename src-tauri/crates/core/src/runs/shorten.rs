//! A prompt is made short enough for its context.

use std::sync::Arc;

use sirocco_chat::{BudgetError, CountedMessage, PromptMessage, PromptRole, fit};
use sirocco_engine::Worker;
use sirocco_protocol::{ContextOverflow, ErrorReport};

use super::prompt::Form;
use crate::error::Report;

/// How often a prompt is made shorter until it fits by exact count. What a message takes is counted
/// without the marks around it, so the first choice may be off by a few tokens.
const ROUNDS: usize = 4;

/// Leaves out what the policy says until the rest fits. None if nothing has to be.
pub(super) async fn shorten(
    worker: &Worker,
    messages: &[PromptMessage],
    form: &Form,
    room: u32,
    overflow: ContextOverflow,
) -> Result<Result<Option<Vec<PromptMessage>>, BudgetError>, ErrorReport> {
    let Counted { mut all, measured } = Counted::of(worker, messages, room).await?;
    let texts: u32 = all
        .iter()
        .fold(0, |sum, one| sum.saturating_add(one.tokens));
    let exact = worker.count(form.prompt(&measured)).await.report()?;
    if measured.len() == messages.len() && exact <= room {
        return Ok(Ok(None));
    }
    // What the template adds is shared out, and rounded up.
    let count = u32::try_from(measured.len()).unwrap_or(u32::MAX).max(1);
    let marks = exact.saturating_sub(texts).div_ceil(count);
    for one in &mut all {
        one.tokens = one.tokens.saturating_add(marks);
    }
    let mut aim = room;
    let mut round = 0;
    loop {
        let fitted = match fit(all.clone(), aim, overflow) {
            Ok(fitted) => fitted,
            Err(error) => return Ok(Err(BudgetError { room, ..error })),
        };
        let exact = worker.count(form.prompt(&fitted.messages)).await.report()?;
        round += 1;
        // In the end the worker has the last word.
        if exact <= room || round == ROUNDS {
            return Ok(Ok(Some(fitted.messages)));
        }
        aim = fitted.tokens.saturating_sub(exact - room);
    }
}

/// Messages with what their texts take.
struct Counted {
    /// Of a long conversation the newest messages fill the room by themselves, so that those between them and the
    /// beginning go, whatever they take: these are not counted.
    all: Vec<CountedMessage>,
    /// Those that were counted: a prompt too.
    measured: Vec<PromptMessage>,
}

/// Tokens of a message without the marks around it.
async fn count(worker: &Worker, message: &PromptMessage) -> Result<u32, ErrorReport> {
    let images: Vec<_> = message
        .images
        .iter()
        .map(|(_, image)| Arc::clone(image))
        .collect();
    let words = worker.count_text(&message.content).await.report()?;
    Ok(words.saturating_add(count_images(worker, &images).await?))
}

/// Tokens of images: files, base64.
pub(super) async fn count_images(worker: &Worker, images: &[Arc<str>]) -> Result<u32, ErrorReport> {
    let mut tokens = 0_u32;
    for image in images {
        let count = worker
            .count_image(image.as_ref().to_owned())
            .await
            .report()?;
        tokens = tokens.saturating_add(count);
    }
    Ok(tokens)
}

impl Counted {
    async fn of(
        worker: &Worker,
        messages: &[PromptMessage],
        room: u32,
    ) -> Result<Self, ErrorReport> {
        let is_question = |at: usize| messages[at].role == PromptRole::User;
        // The system prompt and the first exchange, which some policies keep.
        let beginning = (0..messages.len())
            .filter(|at| is_question(*at))
            .nth(1)
            .unwrap_or(messages.len());
        let mut tokens = vec![None; messages.len()];
        for at in 0..beginning {
            tokens[at] = Some(count(worker, &messages[at]).await?);
        }
        let mut newest = 0_u32;
        for at in (beginning..messages.len()).rev() {
            let count = count(worker, &messages[at]).await?;
            tokens[at] = Some(count);
            newest = newest.saturating_add(count);
            // What begins with an answer is no prompt.
            if newest > room && is_question(at) {
                break;
            }
        }
        let counted = messages.iter().zip(&tokens);
        Ok(Self {
            measured: counted
                .clone()
                .filter_map(|(message, tokens)| tokens.map(|_| message.clone()))
                .collect(),
            all: counted
                .map(|(message, tokens)| CountedMessage {
                    message: message.clone(),
                    tokens: tokens.unwrap_or(0),
                })
                .collect(),
        })
    }
}
