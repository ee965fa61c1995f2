//! Comparisons: one question that several models or presets answer, and what the votes on them come to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ComparisonId, ConversationId, Message, MessageId, ModelId, PresetId};

/// Who is to answer: a model, with a preset or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct Contestant {
    /// The model.
    pub model_id: ModelId,
    /// Its preset; none leaves the values of the layers below.
    pub preset_id: Option<PresetId>,
}

/// A contestant by the names it had when it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NamedContestant {
    /// The model, which may be gone by now.
    pub model_id: ModelId,
    /// The preset, which may be deleted by now.
    pub preset_id: Option<PresetId>,
    /// The model's name.
    pub model_name: String,
    /// The preset's name.
    pub preset_name: Option<String>,
}

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Verdict {
    /// This answer is better than all others.
    Best {
        /// The answer.
        message_id: MessageId,
    },
    /// They are equally good.
    Tie,
    /// None is good.
    AllBad,
}

/// One question and all answers to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Comparison {
    /// Its id.
    pub id: ComparisonId,
    /// Where the question stands. The answers are versions of one another.
    pub conversation_id: ConversationId,
    /// The question.
    pub question: Message,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Names are hidden until the vote, and the order is a random one.
    pub is_blind: bool,
    /// Seed of every answer.
    pub seed: u32,
    /// The vote, once there is one. It stays.
    pub verdict: Option<Verdict>,
    /// The answers as they are shown, from left to right.
    pub answers: Vec<ComparedAnswer>,
}

/// One answer of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ComparedAnswer {
    /// The answer, with its run. Without the model's name and id while they are hidden.
    pub message: Message,
    /// Who wrote it; none while that is hidden.
    pub contestant: Option<NamedContestant>,
    /// Memory of its worker when it had answered.
    #[ts(type = "number | null")]
    pub memory_bytes: Option<u64>,
}

/// A line of the table over the person's own models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Rating {
    /// Who.
    pub contestant: NamedContestant,
    /// Pairs of answers it was in and that were voted on.
    pub games: u32,
    /// Of these, those it was the best in.
    pub wins: u32,
    /// Those where both were said to be equally good, or both bad.
    pub ties: u32,
    /// Those where the other one was the best.
    pub losses: u32,
    /// On the scale of Elo: 1000 for who does as well as the average, 400 more for odds of ten to one.
    pub rating: f64,
}

/// What is written about the comparisons, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonExportFormat {
    /// The table of ratings, as CSV.
    RatingsCsv,
    /// Every answer with its seed and numbers, as CSV.
    AnswersCsv,
    /// Both, with all words, as JSON.
    Json,
}
