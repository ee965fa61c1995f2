//! Messages: pages of the shown branch, and a branch as a prompt needs it.

use std::collections::HashMap;

use sirocco_protocol::commands::MessagePageRequest;
use sirocco_protocol::{ConversationId, Message, MessageId, MessagePage, Role, Run, RunId};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::runs::RunRow;
use crate::value::{from_word, list, parse, parse_option};
use crate::{Store, StoreError, conversations};

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
}

/// Up from a message, at most so many steps, oldest first.
const PATH: &str = "
    with recursive path (id, parent_id, height) as (
        select id, parent_id, 0 from messages where id = ?1
        union all
        select m.id, m.parent_id, p.height + 1 from path p join messages m on m.id = p.parent_id
        limit ?2
    )
    select m.id, m.conversation_id, m.parent_id, m.role, m.content, m.reasoning, m.created_at_ms,
           m.model_name
    from path p cross join messages m on m.id = p.id
    order by p.height desc";

const VERSIONS: &str = "
    select m.id, version.id
    from json_each(?1) wanted
    cross join messages m on m.id = wanted.value
    cross join messages version
        on version.conversation_id = m.conversation_id and version.parent_id is m.parent_id
    where version.deleted_at_ms is null or version.id = m.id
    order by version.id";

const LATEST_RUNS: &str = "
    select r.id, r.conversation_id, r.message_id, r.model_id, r.state, r.started_at_ms,
           r.ended_at_ms, r.statistics, r.error
    from json_each(?1) wanted
    cross join runs r on r.message_id = wanted.value
    where r.id = (select max(latest.id) from runs latest where latest.message_id = r.message_id)";

impl Store {
    /// A page of the shown branch: the last `limit` messages before `before`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, or for a `before` that is not in it.
    pub async fn message_page(
        &self,
        request: &MessagePageRequest,
    ) -> Result<MessagePage, StoreError> {
        let mut transaction = self.read().await?;
        let conversation = conversations::fetch(&mut transaction, request.conversation_id).await?;
        let end = match request.before {
            None => conversation.head,
            Some(before) => parent_of(&mut transaction, request.conversation_id, before).await?,
        };
        let Some(end) = end else {
            return Ok(MessagePage {
                messages: Vec::new(),
                has_older: false,
            });
        };
        let limit = i64::from(request.limit);
        // One more than asked for tells whether there are older ones.
        let mut rows = path(&mut transaction, end, limit + 1).await?;
        let has_older = rows.len() as i64 > limit;
        if has_older {
            rows.remove(0);
        }
        let messages = complete(&mut transaction, rows).await?;
        Ok(MessagePage {
            messages,
            has_older,
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
        rows.into_iter()
            .map(|row| {
                Ok(BranchMessage {
                    id: parse("message id", &row.id)?,
                    role: from_word("role", row.role)?,
                    content: row.content,
                    reasoning: row.reasoning,
                })
            })
            .collect()
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
        let saved = sqlx::query(
            "update messages set content = ?2, reasoning = ?3
             where id = (select message_id from runs where id = ?1 and ended_at_ms is null)",
        )
        .bind(run_id.to_string())
        .bind(content)
        .bind(reasoning)
        .execute(&self.writer)
        .await
        .attempt("save the text of a run")?;
        Ok(saved.rows_affected() > 0)
    }
}

#[derive(FromRow)]
struct MessageRow {
    id: String,
    conversation_id: String,
    parent_id: Option<String>,
    role: String,
    content: String,
    reasoning: Option<String>,
    created_at_ms: i64,
    model_name: Option<String>,
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
    let mut runs: HashMap<MessageId, Run> = HashMap::new();
    let latest: Vec<RunRow> = sqlx::query_as(LATEST_RUNS)
        .bind(&ids)
        .fetch_all(connection)
        .await
        .attempt("read the runs of messages")?;
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
                versions: versions.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}
