//! Comparisons: a question, the answers to it side by side, and the vote on them.

use std::collections::BTreeMap;

use sirocco_protocol::{ComparisonId, ConversationId, MessageId, NamedContestant, RunId, Verdict};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{parse, parse_option, signed, unsigned};
use crate::{NewMessage, NewRun, Store, StoreError, Turn, conversations, runs, turns};

/// A comparison to start. Its answers are versions of one another, each with a run.
#[derive(Clone, Debug, PartialEq)]
pub struct NewComparison {
    /// Its id.
    pub id: ComparisonId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The question they answer.
    pub question: NewMessage,
    /// From left to right. The first becomes the head.
    pub answers: Vec<NewComparedAnswer>,
    /// Names are hidden until the vote.
    pub is_blind: bool,
    /// Seed of every answer.
    pub seed: u32,
    /// Replaces the title unless the person gave one.
    pub automatic_title: Option<String>,
}

/// One answer of a comparison to start.
#[derive(Clone, Debug, PartialEq)]
pub struct NewComparedAnswer {
    /// The answer, under the question.
    pub message: NewMessage,
    /// The run that writes it.
    pub run_id: RunId,
    /// Who writes it.
    pub contestant: NamedContestant,
}

/// A comparison without the words of its messages.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredComparison {
    /// Its id.
    pub id: ComparisonId,
    /// Where.
    pub conversation_id: ConversationId,
    /// What was asked.
    pub question_id: MessageId,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Names are hidden until the vote.
    pub is_blind: bool,
    /// Seed of every answer.
    pub seed: u32,
    /// The vote.
    pub verdict: Option<Verdict>,
    /// From left to right.
    pub answers: Vec<StoredComparedAnswer>,
}

/// One answer of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredComparedAnswer {
    /// The answer.
    pub message_id: MessageId,
    /// Who wrote it.
    pub contestant: NamedContestant,
    /// Memory of its worker when it had answered.
    pub memory_bytes: Option<u64>,
}

/// Whether the message with this id answers a blind comparison that nobody has voted on. Who wrote it is told nowhere
/// then.
macro_rules! is_hidden {
    ($id:literal) => {
        concat!(
            "exists (
                 select 1 from compared_answers h cross join comparisons k on k.id = h.comparison_id
                 where h.message_id = ",
            $id,
            " and k.is_blind and k.verdict is null
             )"
        )
    };
}
pub(crate) use is_hidden;

impl Store {
    /// Adds the question, its answers and their runs, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::RunInProgress`] if another run of the conversation has not ended;
    /// [`StoreError::NotFound`] as for [`Store::add_turn`].
    pub async fn add_comparison(&self, new: &NewComparison, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let conversation = conversations::fetch(&mut transaction, new.conversation_id).await?;
        if conversation.summary.running {
            return Err(StoreError::RunInProgress {
                conversation: new.conversation_id,
            });
        }
        // The last message of a turn becomes the head, and the first answer is to be it.
        let answers = new.answers.iter().rev().map(|answer| &answer.message);
        let turn = Turn {
            conversation_id: new.conversation_id,
            messages: [&new.question]
                .into_iter()
                .chain(answers)
                .cloned()
                .collect(),
            run: None,
            automatic_title: new.automatic_title.clone(),
            clear_draft: false,
        };
        turns::add(&mut transaction, &turn, now_ms).await?;
        sqlx::query(
            "insert into comparisons (id, conversation_id, question_id, created_at_ms, is_blind, seed)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(new.id.to_string())
        .bind(new.conversation_id.to_string())
        .bind(new.question.id.to_string())
        .bind(now_ms)
        .bind(new.is_blind)
        .bind(new.seed)
        .execute(&mut *transaction)
        .await
        .attempt("add a comparison")?;
        for (answer, place) in new.answers.iter().zip(0_u32..) {
            insert_answer(&mut transaction, new.id, place, answer).await?;
            let run = NewRun {
                id: answer.run_id,
                message_id: answer.message.id,
                model_id: Some(answer.contestant.model_id),
            };
            conversations::require_model(&mut transaction, run.model_id).await?;
            runs::insert(&mut transaction, new.conversation_id, &run, place, now_ms).await?;
        }
        transaction.commit().await.attempt("add a comparison")
    }

    /// One comparison.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn comparison(&self, id: ComparisonId) -> Result<StoredComparison, StoreError> {
        let rows = sqlx::query_as(
            "select c.id, c.conversation_id, c.question_id, c.created_at_ms, c.is_blind, c.seed,
                    c.verdict, c.best_id, a.message_id, a.model_id, a.model_name, a.preset_id,
                    a.preset_name, a.memory_bytes
             from comparisons c join compared_answers a on a.comparison_id = c.id
             where c.id = ?1 order by a.place",
        )
        .bind(id.to_string())
        .fetch_all(&self.reader)
        .await
        .attempt("read a comparison")?;
        grouped(rows)?
            .pop()
            .ok_or_else(|| StoreError::not_found("comparison", id))
    }

    /// The latest comparison of a conversation whose question is not deleted.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn latest_comparison(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Option<StoredComparison>, StoreError> {
        let id: Option<String> = sqlx::query_scalar(
            "select c.id from comparisons c join messages m on m.id = c.question_id
             where c.conversation_id = ?1 and m.deleted_at_ms is null
             order by c.id desc limit 1",
        )
        .bind(conversation_id.to_string())
        .fetch_optional(&self.reader)
        .await
        .attempt("look for a comparison")?;
        match parse_option("comparison id", id.as_deref())? {
            Some(id) => self.comparison(id).await.map(Some),
            None => Ok(None),
        }
    }

    /// All comparisons, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn comparisons(&self) -> Result<Vec<StoredComparison>, StoreError> {
        let rows = sqlx::query_as(
            "select c.id, c.conversation_id, c.question_id, c.created_at_ms, c.is_blind, c.seed,
                    c.verdict, c.best_id, a.message_id, a.model_id, a.model_name, a.preset_id,
                    a.preset_name, a.memory_bytes
             from comparisons c join compared_answers a on a.comparison_id = c.id
             order by c.id, a.place",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list comparisons")?;
        grouped(rows)
    }

    /// Writes the vote of a comparison that has none; answers whether it had none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a best answer that is not one of its answers.
    pub async fn vote(&self, id: ComparisonId, verdict: Verdict) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let (word, best) = match verdict {
            Verdict::Best { message_id } => ("best", Some(message_id)),
            Verdict::Tie => ("tie", None),
            Verdict::AllBad => ("all_bad", None),
        };
        if let Some(best) = best {
            require_answer(&mut transaction, id, best).await?;
        }
        let voted = sqlx::query(
            "update comparisons set verdict = ?2, best_id = ?3 where id = ?1 and verdict is null",
        )
        .bind(id.to_string())
        .bind(word)
        .bind(best.map(|best| best.to_string()))
        .execute(&mut *transaction)
        .await
        .attempt("vote on a comparison")?;
        transaction.commit().await.attempt("vote on a comparison")?;
        Ok(voted.rows_affected() > 0)
    }

    /// Keeps how much memory the worker of an answer took.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn note_memory(
        &self,
        message_id: MessageId,
        memory_bytes: u64,
    ) -> Result<(), StoreError> {
        sqlx::query("update compared_answers set memory_bytes = ?2 where message_id = ?1")
            .bind(message_id.to_string())
            .bind(signed("memory of a worker", memory_bytes)?)
            .execute(&self.writer)
            .await
            .attempt("keep the memory of a worker")?;
        Ok(())
    }
}

async fn insert_answer(
    connection: &mut SqliteConnection,
    id: ComparisonId,
    place: u32,
    answer: &NewComparedAnswer,
) -> Result<(), StoreError> {
    let contestant = &answer.contestant;
    sqlx::query(
        "insert into compared_answers
             (comparison_id, place, message_id, model_id, model_name, preset_id, preset_name)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(id.to_string())
    .bind(place)
    .bind(answer.message.id.to_string())
    .bind(contestant.model_id.to_string())
    .bind(&contestant.model_name)
    .bind(contestant.preset_id.map(|id| id.to_string()))
    .bind(&contestant.preset_name)
    .execute(connection)
    .await
    .attempt("add an answer of a comparison")?;
    Ok(())
}

async fn require_answer(
    connection: &mut SqliteConnection,
    id: ComparisonId,
    message_id: MessageId,
) -> Result<(), StoreError> {
    let is_there: bool = sqlx::query_scalar(
        "select exists (select 1 from compared_answers where comparison_id = ?1 and message_id = ?2)",
    )
    .bind(id.to_string())
    .bind(message_id.to_string())
    .fetch_one(connection)
    .await
    .attempt("look for an answer of a comparison")?;
    if is_there {
        Ok(())
    } else {
        Err(StoreError::not_found("answer", message_id))
    }
}

/// An answer with the comparison it belongs to.
#[derive(FromRow)]
struct AnswerRow {
    id: String,
    conversation_id: String,
    question_id: String,
    created_at_ms: i64,
    is_blind: bool,
    seed: u32,
    verdict: Option<String>,
    best_id: Option<String>,
    message_id: String,
    model_id: String,
    model_name: String,
    preset_id: Option<String>,
    preset_name: Option<String>,
    memory_bytes: Option<i64>,
}

/// Rows in order of their places, as comparisons in order of their ids.
fn grouped(rows: Vec<AnswerRow>) -> Result<Vec<StoredComparison>, StoreError> {
    let mut comparisons: BTreeMap<ComparisonId, StoredComparison> = BTreeMap::new();
    for row in rows {
        let id: ComparisonId = parse("comparison id", &row.id)?;
        let answer = StoredComparedAnswer {
            message_id: parse("message id", &row.message_id)?,
            contestant: NamedContestant {
                model_id: parse("model id", &row.model_id)?,
                preset_id: parse_option("preset id", row.preset_id.as_deref())?,
                model_name: row.model_name,
                preset_name: row.preset_name,
            },
            memory_bytes: row
                .memory_bytes
                .map(|bytes| unsigned("memory of a worker", bytes))
                .transpose()?,
        };
        if let Some(comparison) = comparisons.get_mut(&id) {
            comparison.answers.push(answer);
            continue;
        }
        let best = parse_option("message id", row.best_id.as_deref())?;
        let verdict = match (row.verdict.as_deref(), best) {
            (_, Some(message_id)) => Some(Verdict::Best { message_id }),
            (Some("tie"), None) => Some(Verdict::Tie),
            (Some(_), None) => Some(Verdict::AllBad),
            (None, None) => None,
        };
        comparisons.insert(
            id,
            StoredComparison {
                id,
                conversation_id: parse("conversation id", &row.conversation_id)?,
                question_id: parse("message id", &row.question_id)?,
                created_at_ms: row.created_at_ms,
                is_blind: row.is_blind,
                seed: row.seed,
                verdict,
                answers: vec![answer],
            },
        );
    }
    Ok(comparisons.into_values().collect())
}

#[cfg(test)]
mod tests;
