//! Runs: a generation and how it ended. A state that ended is never changed again.

use sirocco_protocol::{
    ConversationId, ErrorReport, Message, MessageId, ModelId, Run, RunId, RunState, Statistics,
};
use sqlx::{FromRow, SqliteConnection};

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::value::{from_json, from_word, list, parse, parse_option, to_json};
use crate::{Store, StoreError, messages};

/// A run to start; it begins as [`RunState::Queued`].
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The message it writes.
    pub message_id: MessageId,
    /// The model asked.
    pub model_id: Option<ModelId>,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// Which.
    pub run_id: RunId,
    /// A terminal state.
    pub state: RunState,
    /// What it cost.
    pub statistics: Option<Statistics>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// The answer as it stays.
    pub content: String,
    /// What the model thought.
    pub reasoning: Option<String>,
    /// The conversation has something new to look at.
    pub unread: bool,
    /// The schema that the answer was held to, empty for none.
    pub structured_output: Option<String>,
}

impl Store {
    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&self, id: RunId) -> Result<Run, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a run")?;
        fetch(&mut connection, id).await
    }

    /// The runs of a conversation that have not ended: at most one, or those of a comparison.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn unfinished_runs(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "select id, conversation_id, message_id, model_id, state, started_at_ms, ended_at_ms,
                    statistics, error, structured_output
             from runs where conversation_id = ?1 and ended_at_ms is null
             order by lane",
        )
        .bind(conversation_id.to_string())
        .fetch_all(&self.reader)
        .await
        .attempt("look for unfinished runs")?;
        rows.into_iter().map(RunRow::run).collect()
    }

    /// Moves a run to `to` if it is in one of the states `from`; answers whether it was. A run
    /// that ended is in none of them, whatever `from` says.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn transition(
        &self,
        id: RunId,
        to: RunState,
        from: &[RunState],
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let moved = sqlx::query(
            "update runs set state = ?2, ended_at_ms = ?3
             where id = ?1 and ended_at_ms is null
               and state in (select value from json_each(?4))",
        )
        .bind(id.to_string())
        .bind(to.as_str())
        .bind(to.is_terminal().then_some(now_ms))
        .bind(list(from.iter().map(|state| state.as_str())))
        .execute(&self.writer)
        .await
        .attempt("change the state of a run")?;
        Ok(moved.rows_affected() > 0)
    }

    /// Ends a run with its text and numbers, all at once. Answers the run and its message as
    /// saved, or none, with nothing changed, if it had ended already.
    ///
    /// # Errors
    /// [`StoreError::Query`], also for a state that is not terminal.
    pub async fn finish_run(
        &self,
        end: &RunEnd,
        now_ms: i64,
    ) -> Result<Option<(Run, Message)>, StoreError> {
        let mut transaction = self.write().await?;
        // The text first: it is indexed when its run ends, and would be twice if it came after that.
        let content = &end.content;
        let reasoning = end.reasoning.as_deref();
        if !messages::save_text(&mut transaction, end.run_id, content, reasoning).await? {
            return Ok(None);
        }
        sqlx::query(
            "update runs set state = ?2, ended_at_ms = ?3, statistics = ?4, error = ?5,
                 structured_output = ?6
             where id = ?1",
        )
        .bind(end.run_id.to_string())
        .bind(end.state.as_str())
        .bind(now_ms)
        .bind(end.statistics.as_ref().map(to_json))
        .bind(end.error.as_ref().map(to_json))
        .bind(&end.structured_output)
        .execute(&mut *transaction)
        .await
        .attempt("end a run")?;
        let run = fetch(&mut transaction, end.run_id).await?;
        sqlx::query("update conversations set unread = unread or ?2 where id = ?1")
            .bind(run.conversation_id.to_string())
            .bind(end.unread)
            .execute(&mut *transaction)
            .await
            .attempt("mark a conversation as unread")?;
        let message = messages::fetch(&mut transaction, run.message_id).await?;
        transaction.commit().await.attempt("end a run")?;
        Ok(Some((run, message)))
    }

    /// At launch: what was running when the app ended is interrupted, with its text as saved.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn interrupt_unfinished(&self, now_ms: i64) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "update runs set state = 'interrupted', ended_at_ms = ?1 where ended_at_ms is null
             returning id, conversation_id, message_id, model_id, state, started_at_ms,
                       ended_at_ms, statistics, error, structured_output",
        )
        .bind(now_ms)
        .fetch_all(&self.writer)
        .await
        .attempt("interrupt unfinished runs")?;
        rows.into_iter().map(RunRow::run).collect()
    }
}

#[derive(FromRow)]
pub(crate) struct RunRow {
    id: String,
    conversation_id: String,
    message_id: String,
    model_id: Option<String>,
    state: String,
    started_at_ms: i64,
    ended_at_ms: Option<i64>,
    statistics: Option<String>,
    error: Option<String>,
    structured_output: Option<String>,
}

impl RunRow {
    pub(crate) fn run(self) -> Result<Run, StoreError> {
        Ok(Run {
            id: parse("run id", &self.id)?,
            conversation_id: parse("conversation id", &self.conversation_id)?,
            message_id: parse("message id", &self.message_id)?,
            model_id: parse_option("model id", self.model_id.as_deref())?,
            state: from_word("state of a run", self.state)?,
            started_at_ms: self.started_at_ms,
            ended_at_ms: self.ended_at_ms,
            statistics: self
                .statistics
                .map(|json| from_json("statistics", &json))
                .transpose()?,
            error: self
                .error
                .map(|json| from_json("error", &json))
                .transpose()?,
            structured_output: self.structured_output,
        })
    }
}

pub(crate) async fn fetch(connection: &mut SqliteConnection, id: RunId) -> Result<Run, StoreError> {
    let row: RunRow = sqlx::query_as(concat!(
        "select r.id, r.conversation_id, r.message_id, iif(",
        is_hidden!("r.message_id"),
        ", null, r.model_id) as model_id, r.state, r.started_at_ms, r.ended_at_ms, r.statistics, r.error,
         r.structured_output
         from runs r where r.id = ?1"
    ))
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a run")?
    .ok_or_else(|| StoreError::not_found("run", id))?;
    row.run()
}

/// Adds a run. Answers of a comparison are in lanes of their own; every other run is in lane 0.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    run: &NewRun,
    lane: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into runs (id, conversation_id, message_id, model_id, state, lane, started_at_ms)
         values (?1, ?2, ?3, ?4, 'queued', ?5, ?6)",
    )
    .bind(run.id.to_string())
    .bind(conversation_id.to_string())
    .bind(run.message_id.to_string())
    .bind(run.model_id.map(|id| id.to_string()))
    .bind(lane)
    .bind(now_ms)
    .execute(connection)
    .await
    .attempt("add a run")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation};
    use sirocco_protocol::{ErrorCode, StopReason};

    async fn running() -> (Store, NewRun) {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        (store, run)
    }

    fn end(run_id: RunId, state: RunState) -> RunEnd {
        RunEnd {
            run_id,
            state,
            statistics: Some(Statistics {
                completion_tokens: 7,
                stop_reason: Some(StopReason::EndOfTurn),
                ..Statistics::default()
            }),
            error: None,
            content: "because".into(),
            reasoning: Some("hm".into()),
            unread: true,
            structured_output: None,
        }
    }

    #[tokio::test]
    async fn a_run_moves_only_from_the_states_named() {
        use RunState::{Generating, Prefilling, Queued, Stopped};
        let (store, run) = running().await;
        assert!(
            !store
                .transition(run.id, Generating, &[Prefilling], 11)
                .await
                .unwrap()
        );
        assert!(
            store
                .transition(run.id, Prefilling, &[Queued], 12)
                .await
                .unwrap()
        );
        assert_eq!(store.run(run.id).await.unwrap().ended_at_ms, None);
        let from = [Queued, Prefilling, Generating];
        assert!(store.transition(run.id, Stopped, &from, 13).await.unwrap());
        let stopped = store.run(run.id).await.unwrap();
        assert_eq!((stopped.state, stopped.ended_at_ms), (Stopped, Some(13)));
        assert!(
            !store
                .transition(RunId::fresh(), Stopped, &from, 14)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_terminal_state_never_changes() {
        let (store, run) = running().await;
        store
            .finish_run(&end(run.id, RunState::Completed), 20)
            .await
            .unwrap();
        let ended = store.run(run.id).await.unwrap();

        let mut other = end(run.id, RunState::Failed);
        other.content = "something else".into();
        assert_eq!(store.finish_run(&other, 30).await.unwrap(), None);
        let from = [RunState::Completed, RunState::Generating];
        for to in [RunState::Generating, RunState::Failed] {
            assert!(!store.transition(run.id, to, &from, 31).await.unwrap());
        }
        assert!(store.interrupt_unfinished(32).await.unwrap().is_empty());
        assert_eq!(store.run(run.id).await.unwrap(), ended);
        assert_eq!(
            store.message(run.message_id).await.unwrap().content,
            "because"
        );
    }

    #[tokio::test]
    async fn the_end_of_a_run_saves_text_numbers_and_unread_at_once() {
        let (store, run) = running().await;
        let mut end = end(run.id, RunState::Completed);
        end.structured_output = Some("{}".into());
        let (ended, message) = store.finish_run(&end, 20).await.unwrap().unwrap();
        assert_eq!(ended.state, RunState::Completed);
        assert_eq!(ended.ended_at_ms, Some(20));
        assert_eq!(ended.statistics, end.statistics);
        assert_eq!(ended.structured_output, end.structured_output);
        assert_eq!(
            (message.content.as_str(), message.reasoning.as_deref()),
            ("because", Some("hm"))
        );
        assert_eq!(message.run.as_ref(), Some(&ended));
        assert_eq!(store.message(run.message_id).await.unwrap(), message);
        let summary = store
            .conversation(ended.conversation_id)
            .await
            .unwrap()
            .summary;
        assert!(summary.unread && !summary.running);
    }

    #[tokio::test]
    async fn a_failed_run_keeps_its_error_and_a_seen_conversation_stays_seen() {
        let (store, run) = running().await;
        let mut failed = end(run.id, RunState::Failed);
        failed.error = Some(
            ErrorReport::new(ErrorCode::WorkerCrashed, "the worker ended").with_hint("reload"),
        );
        failed.statistics = None;
        failed.unread = false;
        let (ended, _) = store.finish_run(&failed, 20).await.unwrap().unwrap();
        assert_eq!((ended.error, ended.statistics), (failed.error, None));
        assert!(
            !store
                .conversation(ended.conversation_id)
                .await
                .unwrap()
                .summary
                .unread
        );
    }

    #[tokio::test]
    async fn a_run_cannot_end_in_a_state_that_is_no_end() {
        let (store, run) = running().await;
        assert!(
            store
                .finish_run(&end(run.id, RunState::Generating), 20)
                .await
                .is_err()
        );
        assert_eq!(store.run(run.id).await.unwrap().state, RunState::Queued);
    }

    #[tokio::test]
    async fn an_interrupted_run_keeps_its_text() {
        let (store, run) = running().await;
        store.save_text(run.id, "half a", None).await.unwrap();
        let interrupted = store.interrupt_unfinished(30).await.unwrap();
        assert_eq!(interrupted, [store.run(run.id).await.unwrap()]);
        assert_eq!(interrupted[0].state, RunState::Interrupted);
        assert_eq!(interrupted[0].ended_at_ms, Some(30));
        assert_eq!(
            store.message(run.message_id).await.unwrap().content,
            "half a"
        );
        let unfinished = store
            .unfinished_runs(interrupted[0].conversation_id)
            .await
            .unwrap();
        assert!(unfinished.is_empty());
    }
}
