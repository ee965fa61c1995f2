//! From a branch of the store to the prompt of a worker: put together, and made to fit.

use std::sync::Arc;

use serde_json::{Map, Value};
use sirocco_chat::{
    BudgetError, PromptMessage, PromptTurn, assemble, room, summary_turn, thinking_variables,
    with_documents,
};
use sirocco_engine::Loaded;
use sirocco_engine_wire::{ChatImage, ChatMessage, Constraint, Prompt, SamplingParameters};
use sirocco_protocol::{
    ContextOverflow, ErrorCode, ErrorReport, LayerValues, LeftOutTurns, MessageId, Parameters,
    Role, SummaryId,
};
use sirocco_store::{AttachedText, BranchMessage};

use super::shorten::shorten;
use crate::App;
use crate::attachments::{document, images};
use crate::clock::now_ms;
use crate::error::{Report, refuse};

/// Bytes that stand for what a chat template writes around a message, and for what it writes by
/// itself: a generous guess, see [`longest`].
const MARKS: usize = 64;
const PREAMBLE: usize = 1024;
/// More tokens than any model reads an image as.
const IMAGE: usize = 1 << 14;

/// What a prompt is wanted for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// System prompt and parameters.
    pub values: &'a LayerValues,
    /// The last message of the branch.
    pub leaf: Option<MessageId>,
    /// A further message of the person's.
    pub draft: Option<Draft<'a>>,
    /// The leaf is an answer that is written on.
    pub continue_last: bool,
}

/// A message that is being written.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    pub content: &'a str,
    pub attached: &'a [AttachedText],
}

/// A turn as it stands in a prompt.
pub(super) struct PreparedTurn {
    /// None for the draft.
    pub id: Option<MessageId>,
    pub role: Role,
    /// With what is attached to it.
    pub content: String,
    /// Images in front of that: files, base64.
    pub images: Vec<Arc<str>>,
    pub reasoning: Option<String>,
    /// The person keeps it from the model.
    pub left_out: bool,
    /// A summary stands for it.
    pub summarised: bool,
    /// It is part of the prompt.
    pub sent: bool,
}

/// A summary as it stands in a prompt.
pub(super) struct PreparedSummary {
    pub id: SummaryId,
    pub message_count: u32,
    /// As the model reads it.
    pub content: String,
    /// It is part of the prompt.
    pub sent: bool,
}

/// A prompt, and what it was made of.
pub(super) struct Prepared {
    pub prompt: Prompt,
    pub system_prompt: String,
    pub turns: Vec<PreparedTurn>,
    /// What stands for the first of them.
    pub summary: Option<PreparedSummary>,
    /// What there was no room for.
    pub left_out: Option<LeftOutTurns>,
    /// Whatever may be left out, it is too long.
    pub too_long: Option<BudgetError>,
    pub context_length: u32,
    /// What a prompt may take.
    pub room: u32,
    pub overflow: ContextOverflow,
}

impl App {
    /// Puts a prompt together that fits the loaded model, or as much as its policy allows.
    pub(super) async fn prepare(
        &self,
        loaded: &Loaded,
        wanted: Wanted<'_>,
    ) -> Result<Prepared, ErrorReport> {
        let branch = match wanted.leaf {
            Some(leaf) => self.store_with(leaf).await?.branch(leaf).await.report()?,
            None => Vec::new(),
        };
        let parameters = &wanted.values.parameters;
        let overflow = parameters.context_overflow.unwrap_or_default();
        let standing = match overflow {
            ContextOverflow::Summarise => latest_summary(&branch, wanted.continue_last),
            _ => None,
        };
        let of_branch = branch.into_iter().map(|message| PreparedTurn {
            id: Some(message.id),
            role: message.role,
            content: with_documents(
                &message.content,
                message.attachments.iter().filter_map(document),
            ),
            images: images(&message.attachments),
            reasoning: message.reasoning,
            left_out: message.left_out,
            summarised: false,
            sent: false,
        });
        let of_draft = wanted.draft.map(|draft| PreparedTurn {
            id: None,
            role: Role::User,
            content: with_documents(draft.content, draft.attached.iter().filter_map(document)),
            images: images(draft.attached),
            reasoning: None,
            left_out: false,
            summarised: false,
            sent: false,
        });
        let mut turns: Vec<_> = of_branch.chain(of_draft).collect();
        if !loaded.sees_images {
            // Earlier ones, of a conversation that another model began; the page says so.
            turns.iter_mut().for_each(|turn| turn.images.clear());
        }
        let (covered, mut summary) = match standing {
            Some((place, summary)) => (place + 1, Some(summary)),
            None => (0, None),
        };
        for turn in &mut turns[..covered] {
            turn.summarised = true;
        }
        let system_prompt = wanted.values.system_prompt_or_empty();
        let messages = assemble(
            system_prompt,
            turns
                .iter()
                .enumerate()
                .map(|(place, turn)| match &summary {
                    // It takes the place of the last turn it stands for.
                    Some(summary) if place + 1 == covered => PromptTurn {
                        role: Role::User,
                        content: &summary.content,
                        images: &[],
                        reasoning: None,
                        left_out: false,
                    },
                    _ => PromptTurn {
                        role: turn.role,
                        content: &turn.content,
                        images: &turn.images,
                        reasoning: turn.reasoning.as_deref(),
                        left_out: turn.left_out || turn.summarised,
                    },
                }),
            wanted.continue_last,
        );
        let room = room(overflow, loaded.context_length, parameters.max_tokens);
        let form = Form {
            continue_last: wanted.continue_last,
            variables: thinking_variables(parameters.reasoning.unwrap_or_default()),
            now_s: now_ms() / 1000,
        };
        // Without a choice the worker counts alone, and what cannot be too long needs no counting.
        let shorter = if overflow == ContextOverflow::Stop || longest(&messages) <= room as usize {
            Ok(None)
        } else {
            shorten(&loaded.worker, &messages, &form, room, overflow).await?
        };
        let (kept, too_long) = match shorter {
            Ok(Some(kept)) => (kept, None),
            Ok(None) => (messages.clone(), None),
            Err(error) => (messages.clone(), Some(error)),
        };
        for place in kept.iter().flat_map(|message| &message.turns) {
            turns[*place].sent = true;
        }
        if let (Some(summary), Some(last)) = (&mut summary, covered.checked_sub(1)) {
            summary.sent = std::mem::take(&mut turns[last].sent);
        }
        let dropped: Vec<usize> = messages
            .iter()
            .flat_map(|message| message.turns.iter().copied())
            .filter(|place| !turns[*place].sent && !turns[*place].summarised)
            .collect();
        let left_out = dropped.first().zip(dropped.last());
        Ok(Prepared {
            prompt: form.prompt(&kept),
            system_prompt: system_prompt.to_owned(),
            left_out: left_out.map(|(first, last)| LeftOutTurns {
                from: place(*first),
                until: place(last + 1),
            }),
            turns,
            summary,
            too_long,
            context_length: loaded.context_length,
            room,
            overflow,
        })
    }
}

/// The latest summary on a branch, and the place of the last message it stands for. An answer that is written on is not
/// summarised away.
fn latest_summary(
    branch: &[BranchMessage],
    continue_last: bool,
) -> Option<(usize, PreparedSummary)> {
    let end = branch.len() - usize::from(continue_last && !branch.is_empty());
    let mut places = branch[..end].iter().enumerate().rev();
    places.find_map(|(place, message)| {
        let summary = message.summary.as_ref()?;
        let prepared = PreparedSummary {
            id: summary.id,
            message_count: summary.message_count,
            content: summary_turn(&summary.text),
            sent: false,
        };
        Some((place, prepared))
    })
}

fn place(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What is the same for every length of a prompt.
pub(super) struct Form {
    continue_last: bool,
    variables: Map<String, Value>,
    now_s: i64,
}

impl Form {
    pub fn prompt(&self, messages: &[PromptMessage]) -> Prompt {
        let messages = messages.iter().map(|message| ChatMessage {
            role: message.role.as_str().to_owned(),
            content: message.content.clone(),
            images: message
                .images
                .iter()
                .map(|(at, base64)| ChatImage {
                    at: *at,
                    base64: base64.as_ref().to_owned(),
                })
                .collect(),
            reasoning_content: message.reasoning.clone(),
            ..ChatMessage::default()
        });
        Prompt::Chat {
            messages: messages.collect(),
            continue_last: self.continue_last,
            variables: self.variables.clone(),
            tools: Vec::new(),
            now_s: self.now_s,
        }
    }
}

/// More tokens than a prompt can take: none stands for less than a byte.
fn longest(messages: &[PromptMessage]) -> usize {
    let of = |message: &PromptMessage| {
        MARKS
            + message.content.len()
            + message.images.len() * IMAGE
            + message.reasoning.as_ref().map_or(0, String::len)
    };
    PREAMBLE + messages.iter().map(of).sum::<usize>()
}

/// What the worker is told about sampling. The engine's defaults are among the layers, so only what
/// has no default is missing here.
pub(crate) fn sampling(parameters: &Parameters) -> SamplingParameters {
    let mut sampling = SamplingParameters::default();
    macro_rules! take {
        ($($field:ident),+) => {$(if let Some(value) = parameters.$field { sampling.$field = value; })+};
    }
    take!(
        temperature,
        top_k,
        top_p,
        min_p,
        typical_p,
        xtc_probability,
        xtc_threshold,
        dry_multiplier,
        dry_base,
        dry_allowed_length,
        repeat_penalty,
        presence_penalty,
        frequency_penalty
    );
    if let Some(last_n) = parameters.repeat_last_n {
        sampling.repeat_last_n = i32::try_from(last_n).unwrap_or(i32::MAX);
    }
    sampling.seed = parameters.seed;
    sampling
}

/// What answers are held to; keywords of the schema that cannot be are left to the reader's check.
pub(super) fn constraint(parameters: &Parameters) -> Result<Option<Constraint>, ErrorReport> {
    let schema = parameters
        .schema()
        .map_err(|message| refuse(ErrorCode::InvalidRequest, message))?;
    Ok(schema.map(|schema| Constraint::Json {
        schema,
        lenient: true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::engine;

    #[test]
    fn the_lowest_layer_is_what_a_worker_does_by_itself() {
        let lowest = sampling(&engine().parameters);
        assert_eq!(lowest, SamplingParameters::default());
    }
}
