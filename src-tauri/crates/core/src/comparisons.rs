//! Comparisons: several models or presets answer one question, a person votes, the votes become ratings.
//!
//! The answers are versions of one another under one question, each written by a run of its own, so
//! what holds for answers holds for them: they outlive their window, are stopped, continued and kept
//! like any other.

use std::collections::HashSet;

use sirocco_chat::{
    Outcome, Voted, answers_csv, automatic_title, comparisons_json, ratings, ratings_csv, shuffled,
    yielding,
};
use sirocco_protocol::commands::{
    ComparisonExport, ComparisonKeep, ComparisonStart, ComparisonVote, ConversationUpdate,
};
use sirocco_protocol::{
    ComparedAnswer, Comparison, ComparisonExportFormat, ComparisonId, Contestant, Conversation,
    ConversationId, ConversationSettings, ErrorCode, ErrorReport, Event, Exported, LayerValues,
    MessageId, NamedContestant, PresetId, Rating, Role, RunId, Verdict,
};
use sirocco_store::{
    NewComparedAnswer, NewComparison, NewMessage, StoredComparedAnswer, StoredComparison,
    StoredModel,
};

use crate::App;
use crate::clock::now_ms;
use crate::conversations::refuse_blank;
use crate::error::{Report, refuse};
use crate::exchange::Document;
use crate::library::blocking;
use crate::machine;
use crate::runs::Contest;

/// How many answers a comparison has: more columns than this nobody reads side by side.
const CONTESTANTS: std::ops::RangeInclusive<usize> = 2..=4;

/// A contestant with what is known of it.
struct Entrant {
    contestant: Contestant,
    model: StoredModel,
    preset_name: Option<String>,
}

impl App {
    /// Asks all contestants one question.
    pub(crate) async fn start_comparison(
        &self,
        request: ComparisonStart,
    ) -> Result<Comparison, ErrorReport> {
        refuse_blank(&request.content)?;
        let mut entrants = self.entrants(&request.contestants).await?;
        let at_once = self.at_once(&entrants).await?;
        if request.is_blind {
            let order = shuffled(entrants.len(), random()?);
            let mut chosen: Vec<_> = entrants.into_iter().map(Some).collect();
            let in_order = order.into_iter().filter_map(|place| chosen[place].take());
            entrants = in_order.collect();
        }
        let seed = match request.seed {
            Some(seed) => seed,
            // Half of the bits are as random as all of them.
            None => (random()? >> 32) as u32,
        };
        let conversation = match request.conversation_id {
            Some(id) => self.inner.store.conversation(id).await.report()?,
            None => {
                let first = request.contestants.first();
                self.create_conversation(first.map(|first| first.model_id))
                    .await?
            }
        };
        let new = comparison_of(
            &conversation,
            request.content,
            request.is_blind,
            seed,
            &entrants,
        );
        // Before anything is stored: a run that is stored has to begin.
        let mut contests = Vec::new();
        for answer in &new.answers {
            let NamedContestant {
                model_id,
                preset_id,
                ..
            } = answer.contestant;
            let own = self.own_beside(&conversation.settings, preset_id).await?;
            let mut values = self.values_over(Some(model_id), preset_id, &own).await?;
            values.parameters.seed = Some(u64::from(seed));
            contests.push(Contest {
                run_id: answer.run_id,
                message_id: answer.message.id,
                model_id,
                values,
            });
        }
        self.inner
            .store
            .add_comparison(&new, now_ms())
            .await
            .report()?;
        self.begin_contest(conversation.summary.id, contests, at_once)
            .await?;
        self.comparison(new.id).await
    }

    /// One comparison, with names if they may be seen.
    pub(crate) async fn comparison(&self, id: ComparisonId) -> Result<Comparison, ErrorReport> {
        let stored = self.inner.store.comparison(id).await.report()?;
        let hides = stored.is_blind && stored.verdict.is_none();
        self.with_words(stored, hides).await
    }

    pub(crate) async fn latest_comparison(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Option<Comparison>, ErrorReport> {
        let latest = self.inner.store.latest_comparison(conversation_id);
        match latest.await.report()? {
            Some(stored) => self.comparison(stored.id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Votes, and keeps the best answer.
    pub(crate) async fn vote(&self, request: ComparisonVote) -> Result<Comparison, ErrorReport> {
        let stored = self.inner.store.comparison(request.id).await.report()?;
        self.refuse_while_running(stored.conversation_id).await?;
        let voted = self.inner.store.vote(request.id, request.verdict);
        if !voted.await.report()? {
            return Err(refuse(
                ErrorCode::Conflict,
                "this comparison has its vote already",
            ));
        }
        let comparison = self.comparison(request.id).await?;
        self.emit(Event::ComparisonChanged {
            comparison: comparison.clone(),
        });
        // Its messages have names now.
        let conversation = self.inner.store.conversation(stored.conversation_id);
        self.messages_changed(&conversation.await.report()?);
        if let Verdict::Best { message_id } = request.verdict {
            let id = request.id;
            self.keep(ComparisonKeep { id, message_id }).await?;
        }
        Ok(comparison)
    }

    /// Shows the branch of an answer, and has the conversation go on with who wrote it.
    pub(crate) async fn keep(&self, request: ComparisonKeep) -> Result<Conversation, ErrorReport> {
        let stored = self.inner.store.comparison(request.id).await.report()?;
        if stored.is_blind && stored.verdict.is_none() {
            return Err(
                refuse(ErrorCode::Conflict, "who wrote the answers is hidden")
                    .with_hint("vote first"),
            );
        }
        let answer = answer_of(&stored, request.message_id)?;
        let NamedContestant {
            model_id,
            preset_id,
            ..
        } = answer.contestant;
        let conversation = self.select_message(request.message_id).await?;
        let update = ConversationUpdate {
            // A model that is gone cannot go on.
            model_id: self
                .inner
                .store
                .model(model_id)
                .await
                .is_ok()
                .then_some(model_id),
            settings: Some(ConversationSettings {
                preset_id,
                values: self.own_beside(&conversation.settings, preset_id).await?,
            }),
            ..ConversationUpdate::of(stored.conversation_id)
        };
        self.update_conversation(update).await
    }

    /// What a conversation sets itself beside the preset of a contestant. It yields to what that sets: otherwise two
    /// presets would be compared that are the same.
    async fn own_beside(
        &self,
        settings: &ConversationSettings,
        preset_id: Option<PresetId>,
    ) -> Result<LayerValues, ErrorReport> {
        match preset_id {
            Some(id) => {
                let preset = self.inner.store.preset(id).await.report()?;
                Ok(yielding(&settings.values, &preset.values))
            }
            None => Ok(settings.values.clone()),
        }
    }

    /// What all votes come to.
    pub(crate) async fn ratings(&self) -> Result<Vec<Rating>, ErrorReport> {
        let stored = self.inner.store.comparisons().await.report()?;
        let votes: Vec<_> = stored.iter().filter_map(voted).collect();
        Ok(ratings(&votes))
    }

    /// Writes the comparisons or the ratings as a file.
    pub(crate) async fn export_comparisons(
        &self,
        request: ComparisonExport,
    ) -> Result<Exported, ErrorReport> {
        let (name, ending, media_type) = match request.format {
            ComparisonExportFormat::RatingsCsv => ("Sirocco ratings", "csv", "text/csv"),
            ComparisonExportFormat::AnswersCsv => ("Sirocco comparisons", "csv", "text/csv"),
            ComparisonExportFormat::Json => ("Sirocco comparisons", "json", "application/json"),
        };
        let document = Document::dated(name, ending, media_type);
        let write = async {
            let ratings = self.ratings().await?;
            let mut comparisons = Vec::new();
            for stored in self.inner.store.comparisons().await.report()? {
                // What is hidden on the screen is hidden in the file.
                let hides = stored.is_blind && stored.verdict.is_none();
                comparisons.push(self.with_words(stored, hides).await?);
            }
            if comparisons.is_empty() {
                let message = "there is no comparison to export yet";
                return Err(refuse(ErrorCode::NotFound, message));
            }
            let conversations: HashSet<_> =
                comparisons.iter().map(|one| one.conversation_id).collect();
            let count = u32::try_from(conversations.len()).unwrap_or(u32::MAX);
            let text = blocking(move || match request.format {
                ComparisonExportFormat::RatingsCsv => ratings_csv(&ratings),
                ComparisonExportFormat::AnswersCsv => answers_csv(&comparisons),
                ComparisonExportFormat::Json => comparisons_json(&ratings, &comparisons),
            });
            Ok((text.await?, count))
        };
        self.export_document(request.target, document, write).await
    }

    /// Looks up who is to answer, before anything is changed.
    async fn entrants(&self, contestants: &[Contestant]) -> Result<Vec<Entrant>, ErrorReport> {
        if !CONTESTANTS.contains(&contestants.len()) {
            let (fewest, most) = (CONTESTANTS.start(), CONTESTANTS.end());
            let message = format!("a comparison has {fewest} to {most} contestants");
            return Err(refuse(ErrorCode::InvalidRequest, message));
        }
        let mut entrants = Vec::new();
        for (place, contestant) in contestants.iter().enumerate() {
            if contestants[..place].contains(contestant) {
                let message = "two contestants are the same model with the same preset";
                return Err(refuse(ErrorCode::InvalidRequest, message));
            }
            let preset_name = match contestant.preset_id {
                Some(id) => Some(self.inner.store.preset(id).await.report()?.name),
                None => None,
            };
            entrants.push(Entrant {
                contestant: *contestant,
                model: self.named_model(contestant.model_id).await?,
                preset_name,
            });
        }
        Ok(entrants)
    }

    /// For how many of them the machine has cores.
    async fn at_once(&self, entrants: &[Entrant]) -> Result<u32, ErrorReport> {
        let settings = self.inner.store.settings().await.report()?;
        let cores = machine::physical_cores();
        let threads = entrants.iter().map(|entrant| {
            entrant
                .model
                .defaults
                .threads
                .or(settings.threads)
                .unwrap_or(cores)
        });
        Ok(cores / threads.max().unwrap_or(cores).max(1))
    }

    async fn with_words(
        &self,
        stored: StoredComparison,
        hides: bool,
    ) -> Result<Comparison, ErrorReport> {
        let store = &self.inner.store;
        let question = store.message(stored.question_id).await.report()?;
        let mut answers = Vec::new();
        for answer in stored.answers {
            let mut message = store.message(answer.message_id).await.report()?;
            if hides {
                message.model_name = None;
                if let Some(run) = &mut message.run {
                    run.model_id = None;
                }
            }
            answers.push(ComparedAnswer {
                message,
                contestant: (!hides).then_some(answer.contestant),
                // It tells a large model from a small one.
                memory_bytes: answer.memory_bytes.filter(|_| !hides),
            });
        }
        Ok(Comparison {
            id: stored.id,
            conversation_id: stored.conversation_id,
            question,
            created_at_ms: stored.created_at_ms,
            is_blind: stored.is_blind,
            seed: stored.seed,
            verdict: stored.verdict,
            answers,
        })
    }
}

fn comparison_of(
    conversation: &Conversation,
    content: String,
    is_blind: bool,
    seed: u32,
    entrants: &[Entrant],
) -> NewComparison {
    let is_first = conversation.head.is_none();
    let title = is_first.then(|| automatic_title(&content));
    let question = NewMessage {
        attachments: Vec::new(),
        id: MessageId::fresh(),
        parent_id: conversation.head,
        role: Role::User,
        content,
        reasoning: None,
        model_name: None,
    };
    let answers = entrants.iter().map(|entrant| NewComparedAnswer {
        message: NewMessage {
            attachments: Vec::new(),
            id: MessageId::fresh(),
            parent_id: Some(question.id),
            role: Role::Assistant,
            content: String::new(),
            reasoning: None,
            model_name: Some(entrant.model.model.name.clone()),
        },
        run_id: RunId::fresh(),
        contestant: NamedContestant {
            model_id: entrant.contestant.model_id,
            preset_id: entrant.contestant.preset_id,
            model_name: entrant.model.model.name.clone(),
            preset_name: entrant.preset_name.clone(),
        },
    });
    NewComparison {
        id: ComparisonId::fresh(),
        conversation_id: conversation.summary.id,
        answers: answers.collect(),
        question,
        is_blind,
        seed,
        automatic_title: title.filter(|title| !title.is_empty()),
    }
}

fn answer_of(
    stored: &StoredComparison,
    message_id: MessageId,
) -> Result<&StoredComparedAnswer, ErrorReport> {
    let mut answers = stored.answers.iter();
    answers
        .find(|answer| answer.message_id == message_id)
        .ok_or_else(|| {
            refuse(
                ErrorCode::NotFound,
                format!("no answer of this comparison has the id {message_id}"),
            )
        })
}

/// A comparison as the ratings count it; none without a vote.
fn voted(stored: &StoredComparison) -> Option<Voted> {
    let outcome = match stored.verdict? {
        Verdict::Best { message_id } => {
            let mut answers = stored.answers.iter();
            Outcome::Best(answers.position(|answer| answer.message_id == message_id)?)
        }
        Verdict::Tie | Verdict::AllBad => Outcome::Even,
    };
    let contestants = stored
        .answers
        .iter()
        .map(|answer| answer.contestant.clone());
    Some(Voted {
        contestants: contestants.collect(),
        outcome,
    })
}

/// 64 bits nobody can foresee.
fn random() -> Result<u64, ErrorReport> {
    getrandom::u64().map_err(|error| {
        refuse(
            ErrorCode::Internal,
            format!("the system gives no random numbers: {error}"),
        )
    })
}
