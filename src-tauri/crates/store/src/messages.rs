//! Messages: pages of the shown branch, and a branch as a prompt needs it.

use std::collections::HashMap;

use sirocco_protocol::commands::MessagePageRequest;
use sirocco_protocol::{
    ConversationId, Message, MessageId, MessagePage, PagePlace, Role, Run, RunId, Summary,
};
use sqlx::{FromRow, SqliteConnection};

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::runs::RunRow;
use crate::value::{from_word, list, parse, parse_option};
use crate::{AttachedText, Store, StoreError, attachments, conversations, summaries, tree};

/// A message of a branch, without its versions and its run.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchMessage {
    /// Its id.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// Its words.
    pub content: String,
    /// What the model thought.
    pub reasoning: Option<String>,
    /// The model is not sent it.
    pub left_out: bool,
    /// What is attached to it, in its order.
    pub attachments: Vec<AttachedText>,
    /// What can stand for the branch up to here.
    pub summary: Option<Summary>,
}

/// Up from a message, at most so many steps, oldest first.
const PATH: &str = concat!(
    "
    with recursive path (id, parent_id, height) as (
        select id, parent_id, 0 from messages where id = ?1
        union all
        select m.id, m.parent_id, p.height + 1 from path p join messages m on m.id = p.parent_id
        limit ?2
    )
    select m.id, m.conversation_id, m.parent_id, m.role, m.content, m.reasoning, m.created_at_ms,
           iif(",
    is_hidden!("m.id"),
    ", null, m.model_name) as model_name, m.left_out, m.good
    from path p cross join messages m on m.id = p.id
    order by p.height desc"
);

/// On the branch that ends with `?1`, the message `?3` steps below `?2`, or else the end; and how
/// many steps below it is. Nothing if `?2` is not on the branch.
const BELOW: &str = "
    with recursive path (id, parent_id, height) as (
        select id, parent_id, 0 from messages where id = ?1
        union all
        select m.id, m.parent_id, p.height + 1 from path p join messages m on m.id = p.parent_id
        where p.id <> ?2
    )
    select p.id, place.height - p.height
    from path place cross join path p
    where place.id = ?2 and p.height = max(place.height - ?3, 0)";

const VERSIONS: &str = "
    select m.id, version.id
    from json_each(?1) wanted
    cross join messages m on m.id = wanted.value
    cross join messages version
        on version.conversation_id = m.conversation_id and version.parent_id is m.parent_id
    where version.deleted_at_ms is null or version.id = m.id
    order by version.id";

const LATEST_RUNS: &str = concat!(
    "
    select r.id, r.conversation_id, r.message_id, iif(",
    is_hidden!("r.message_id"),
    ", null, r.model_id) as model_id, r.state, r.started_at_ms, r.ended_at_ms, r.statistics, r.error,
    r.structured_output
    from json_each(?1) wanted
    cross join runs r on r.message_id = wanted.value
    where r.id = (select max(latest.id) from runs latest where latest.message_id = r.message_id)"
);

impl Store {
    /// A page of the shown branch, oldest first: its last `limit` messages, or those of the place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, or for a place that is not in it.
    pub async fn message_page(
        &self,
        request: &MessagePageRequest,
    ) -> Result<MessagePage, StoreError> {
        let mut transaction = self.read().await?;
        let conversation = conversations::fetch(&mut transaction, request.conversation_id).await?;
        let head = conversation.head;
        let limit = i64::from(request.limit);
        let (end, count) = match request.place {
            None => (head, limit),
            Some(PagePlace::Before(id)) => {
                let parent = parent_of(&mut transaction, request.conversation_id, id).await?;
                (parent, limit)
            }
            Some(PagePlace::After(id)) => {
                let (end, steps) = below(&mut transaction, head, id, limit).await?;
                (Some(end), steps)
            }
            Some(PagePlace::Around(id)) => {
                let (end, _) = below(&mut transaction, head, id, limit / 2).await?;
                (Some(end), limit)
            }
        };
        // One more than asked for tells whether there are older ones.
        let mut rows = match end {
            Some(end) => path(&mut transaction, end, count + 1).await?,
            None => Vec::new(),
        };
        let has_older = rows.len() as i64 > count;
        if has_older {
            rows.remove(0);
        }
        let messages = complete(&mut transaction, rows).await?;
        Ok(MessagePage {
            messages,
            has_older,
            has_newer: end != head,
        })
    }

    /// One message, hidden or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn message(&self, id: MessageId) -> Result<Message, StoreError> {
        let mut transaction = self.read().await?;
        fetch(&mut transaction, id).await
    }

    /// Everything from the first message to `leaf`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn branch(&self, leaf: MessageId) -> Result<Vec<BranchMessage>, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a branch")?;
        // A negative limit is none.
        let rows = path(&mut connection, leaf, -1).await?;
        if rows.is_empty() {
            return Err(StoreError::not_found("message", leaf));
        }
        let ids = list(rows.iter().map(|row| &row.id));
        let mut attached = attachments::texts_of(&mut connection, &ids).await?;
        let mut summaries = summaries::of_messages(&mut connection, &ids).await?;
        rows.into_iter()
            .map(|row| {
                Ok(BranchMessage {
                    id: parse("message id", &row.id)?,
                    role: from_word("role", row.role)?,
                    content: row.content,
                    reasoning: row.reasoning,
                    left_out: row.left_out,
                    attachments: attached.remove(&row.id).unwrap_or_default(),
                    summary: summaries.remove(&row.id),
                })
            })
            .collect()
    }

    /// Keeps a message from the model, or lets it see it again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a message that is not there or not visible.
    pub async fn leave_out(&self, id: MessageId, left_out: bool) -> Result<Message, StoreError> {
        let mut transaction = self.write().await?;
        tree::require_visible(&mut transaction, id).await?;
        sqlx::query("update messages set left_out = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(left_out)
            .execute(&mut *transaction)
            .await
            .attempt("leave out a message")?;
        let message = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("leave out a message")?;
        Ok(message)
    }

    /// Marks an answer as good, or takes the mark away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a message that is not there, not visible, or a person's.
    pub async fn mark_good(&self, id: MessageId, good: bool) -> Result<Message, StoreError> {
        let mut transaction = self.write().await?;
        tree::require_visible(&mut transaction, id).await?;
        let marked =
            sqlx::query("update messages set good = ?2 where id = ?1 and role = 'assistant'")
                .bind(id.to_string())
                .bind(good)
                .execute(&mut *transaction)
                .await
                .attempt("mark an answer as good")?;
        if marked.rows_affected() == 0 {
            return Err(StoreError::not_found("answer", id));
        }
        let message = fetch(&mut transaction, id).await?;
        transaction
            .commit()
            .await
            .attempt("mark an answer as good")?;
        Ok(message)
    }

    /// Saves the text of a run that has not ended. Answers false, and changes nothing, if it has:
    /// a late save must not replace the final text.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn save_text(
        &self,
        run_id: RunId,
        content: &str,
        reasoning: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut connection = self
            .writer
            .acquire()
            .await
            .attempt("save the text of a run")?;
        save_text(&mut connection, run_id, content, reasoning).await
    }
}

/// [`Store::save_text`].
pub(crate) async fn save_text(
    connection: &mut SqliteConnection,
    run_id: RunId,
    content: &str,
    reasoning: Option<&str>,
) -> Result<bool, StoreError> {
    let saved = sqlx::query(
        "update messages set content = ?2, reasoning = ?3
         where id = (select message_id from runs where id = ?1 and ended_at_ms is null)",
    )
    .bind(run_id.to_string())
    .bind(content)
    .bind(reasoning)
    .execute(connection)
    .await
    .attempt("save the text of a run")?;
    Ok(saved.rows_affected() > 0)
}

#[derive(FromRow)]
pub(crate) struct MessageRow {
    id: String,
    conversation_id: String,
    parent_id: Option<String>,
    role: String,
    content: String,
    reasoning: Option<String>,
    created_at_ms: i64,
    model_name: Option<String>,
    left_out: bool,
    good: bool,
}

/// One message, hidden or not.
pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    id: MessageId,
) -> Result<Message, StoreError> {
    let rows = path(connection, id, 1).await?;
    complete(connection, rows)
        .await?
        .pop()
        .ok_or_else(|| StoreError::not_found("message", id))
}

async fn path(
    connection: &mut SqliteConnection,
    leaf: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    sqlx::query_as(PATH)
        .bind(leaf.to_string())
        .bind(limit)
        .fetch_all(connection)
        .await
        .attempt("read a branch")
}

async fn below(
    connection: &mut SqliteConnection,
    head: Option<MessageId>,
    id: MessageId,
    steps: i64,
) -> Result<(MessageId, i64), StoreError> {
    let (end, steps): (String, i64) = sqlx::query_as(BELOW)
        .bind(head.map(|head| head.to_string()))
        .bind(id.to_string())
        .bind(steps)
        .fetch_optional(connection)
        .await
        .attempt("look for a message on the shown branch")?
        .ok_or_else(|| StoreError::not_found("message", id))?;
    Ok((parse("message id", &end)?, steps))
}

async fn parent_of(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    id: MessageId,
) -> Result<Option<MessageId>, StoreError> {
    let parent: Option<String> =
        sqlx::query_scalar("select parent_id from messages where id = ?1 and conversation_id = ?2")
            .bind(id.to_string())
            .bind(conversation_id.to_string())
            .fetch_optional(connection)
            .await
            .attempt("look for a message")?
            .ok_or_else(|| StoreError::not_found("message", id))?;
    parse_option("message id", parent.as_deref())
}

/// Adds versions and runs: two statements, however many messages.
async fn complete(
    connection: &mut SqliteConnection,
    rows: Vec<MessageRow>,
) -> Result<Vec<Message>, StoreError> {
    let ids = list(rows.iter().map(|row| &row.id));
    let mut versions: HashMap<String, Vec<MessageId>> = HashMap::new();
    let pairs: Vec<(String, String)> = sqlx::query_as(VERSIONS)
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await
        .attempt("read the versions of messages")?;
    for (message, version) in pairs {
        versions
            .entry(message)
            .or_default()
            .push(parse("message id", &version)?);
    }
    let mut messages = with_runs(connection, rows).await?;
    for message in &mut messages {
        let versions = versions.remove(&message.id.to_string());
        message.versions = versions.unwrap_or_default();
    }
    Ok(messages)
}

/// Adds runs, attachments and summaries; the versions are left empty.
pub(crate) async fn with_runs(
    connection: &mut SqliteConnection,
    rows: Vec<MessageRow>,
) -> Result<Vec<Message>, StoreError> {
    let ids = list(rows.iter().map(|row| &row.id));
    let mut runs: HashMap<MessageId, Run> = HashMap::new();
    let latest: Vec<RunRow> = sqlx::query_as(LATEST_RUNS)
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await
        .attempt("read the runs of messages")?;
    let mut attached = attachments::of_messages(&mut *connection, &ids).await?;
    let mut summaries = summaries::of_messages(connection, &ids).await?;
    for row in latest {
        let run = row.run()?;
        runs.insert(run.message_id, run);
    }
    rows.into_iter()
        .map(|row| {
            let id = parse("message id", &row.id)?;
            Ok(Message {
                id,
                conversation_id: parse("conversation id", &row.conversation_id)?,
                parent_id: parse_option("message id", row.parent_id.as_deref())?,
                role: from_word("role", row.role)?,
                content: row.content,
                reasoning: row.reasoning,
                created_at_ms: row.created_at_ms,
                model_name: row.model_name,
                run: runs.remove(&id),
                versions: Vec::new(),
                left_out: row.left_out,
                good: row.good,
                attachments: attached.remove(&row.id).unwrap_or_default(),
                summary: summaries.remove(&row.id),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
