//! Conversations: the list, and one with its settings.

use sirocco_protocol::commands::{ConversationList, ConversationUpdate};
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ConversationSummary, LayerValues, ModelId,
    PresetId, Shelf,
};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, list, parse, parse_option, to_json};
use crate::{Store, StoreError, attachments, queue};

/// What a new conversation starts with.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConversation {
    /// Its id.
    pub id: ConversationId,
    /// Not empty; replaced by the first automatic title.
    pub title: String,
    /// The model it talks to.
    pub model_id: Option<ModelId>,
    /// What it sets itself.
    pub settings: ConversationSettings,
}

/// What a [`SummaryRow`] is read from, of a table called `c`.
macro_rules! summary_columns {
    () => {
        "c.id, c.title, c.created_at_ms, c.updated_at_ms, c.pinned, c.unread, c.folder_id,
         c.archived_at_ms is not null as archived, c.is_temporary as temporary,
         exists (
             select 1 from comparisons k
             where k.conversation_id = c.id and k.is_blind and k.verdict is null
         ) as blind,
         exists (select 1 from runs r where r.conversation_id = c.id and r.ended_at_ms is null) as running,
         (select json_group_array(tag) from (
              select t.tag from conversation_tags t where t.conversation_id = c.id order by t.tag_folded
          )) as tags"
    };
}
pub(crate) use summary_columns;

macro_rules! list_after {
    ($place:literal) => {
        concat!(
            "select ",
            summary_columns!(),
            " from conversations c
             where c.deleted_at_ms is null ",
            $place,
            " and (c.archived_at_ms is not null) = ?3
              and (?4 is null or c.folder_id = ?4)
              and (?5 is null or exists (
                  select 1 from conversation_tags t where t.conversation_id = c.id and t.tag_folded = ?5
              ))
              and not exists (select 1 from json_each(?1) word where instr(c.title_folded, word.value) = 0)
             order by c.pinned desc, c.updated_at_ms desc, c.id desc
             limit ?2"
        )
    };
}

const LIST_FIRST: &str = list_after!("");
const LIST_NEXT: &str = list_after!("and (c.pinned, c.updated_at_ms, c.id) < (?6, ?7, ?8)");

impl Store {
    /// A page of the list, in the order of [`ConversationCursor`](sirocco_protocol::ConversationCursor).
    /// Every word of the query must occur in the title, in any case and any order.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_conversations(
        &self,
        request: &ConversationList,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let words = list(request.query.to_lowercase().split_whitespace());
        let query = match request.after {
            None => sqlx::query_as(LIST_FIRST),
            Some(_) => sqlx::query_as(LIST_NEXT),
        };
        let query = query
            .bind(words)
            .bind(request.limit)
            .bind(request.shelf == Some(Shelf::Archive))
            .bind(request.folder_id.map(|id| id.to_string()))
            .bind(request.tag.as_ref().map(|tag| tag.to_lowercase()));
        let query = match request.after {
            None => query,
            Some(after) => query
                .bind(after.pinned)
                .bind(after.updated_at_ms)
                .bind(after.id.to_string()),
        };
        let rows: Vec<SummaryRow> = query
            .fetch_all(&self.reader)
            .await
            .attempt("list conversations")?;
        rows.into_iter().map(SummaryRow::summary).collect()
    }

    /// Adds a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such model or preset.
    pub async fn create_conversation(
        &self,
        new: NewConversation,
        now_ms: i64,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        require_model(&mut transaction, new.model_id).await?;
        require_preset(&mut transaction, new.settings.preset_id).await?;
        let values = &new.settings.values;
        sqlx::query(
            "insert into conversations
                 (id, title, title_folded, title_is_automatic, created_at_ms, updated_at_ms,
                  model_id, parameters, system_prompt, system_prompt_is_own, preset_id)
             values (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, coalesce(?7, ''), ?7 is not null, ?8)",
        )
        .bind(new.id.to_string())
        .bind(&new.title)
        .bind(new.title.to_lowercase())
        .bind(now_ms)
        .bind(new.model_id.map(|id| id.to_string()))
        .bind(to_json(&values.parameters))
        .bind(&values.system_prompt)
        .bind(new.settings.preset_id.map(|id| id.to_string()))
        .execute(&mut *transaction)
        .await
        .attempt("add a conversation")?;
        let conversation = fetch(&mut transaction, new.id).await?;
        transaction.commit().await.attempt("add a conversation")?;
        Ok(conversation)
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a deleted one.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a conversation")?;
        fetch(&mut connection, id).await
    }

    /// Changes what is given. A given title is the person's and is not replaced automatically any
    /// more. Nothing here moves the conversation in the list, except the pin.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, the model or the preset.
    pub async fn update_conversation(
        &self,
        changes: &ConversationUpdate,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        require_model(&mut transaction, changes.model_id).await?;
        let settings = changes.settings.as_ref();
        let preset_id = settings.and_then(|settings| settings.preset_id);
        require_preset(&mut transaction, preset_id).await?;
        sqlx::query(
            "update conversations set
                 title = coalesce(?2, title),
                 title_folded = coalesce(?3, title_folded),
                 title_is_automatic = case when ?2 is null then title_is_automatic else 0 end,
                 pinned = coalesce(?4, pinned),
                 model_id = coalesce(?5, model_id),
                 draft = coalesce(?6, draft),
                 unread = coalesce(?7, unread),
                 parameters = coalesce(?8, parameters),
                 system_prompt = iif(?8 is null, system_prompt, coalesce(?9, '')),
                 system_prompt_is_own = iif(?8 is null, system_prompt_is_own, ?9 is not null),
                 preset_id = iif(?8 is null, preset_id, ?10),
                 notes = coalesce(?11, notes)
             where id = ?1 and deleted_at_ms is null",
        )
        .bind(changes.id.to_string())
        .bind(&changes.title)
        .bind(changes.title.as_ref().map(|title| title.to_lowercase()))
        .bind(changes.pinned)
        .bind(changes.model_id.map(|id| id.to_string()))
        .bind(&changes.draft)
        .bind(changes.unread)
        .bind(settings.map(|settings| to_json(&settings.values.parameters)))
        .bind(settings.and_then(|settings| settings.values.system_prompt.as_deref()))
        .bind(preset_id.map(|id| id.to_string()))
        .bind(&changes.notes)
        .execute(&mut *transaction)
        .await
        .attempt("change a conversation")?;
        let mut conversation = fetch(&mut transaction, changes.id).await?;
        if let Some(attachments) = &changes.draft_attachments {
            attachments::set_draft(&mut transaction, changes.id, attachments).await?;
            conversation.draft_attachments =
                attachments::of_draft(&mut transaction, changes.id).await?;
        }
        transaction
            .commit()
            .await
            .attempt("change a conversation")?;
        Ok(conversation)
    }

    /// Hides a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is hidden already.
    pub async fn delete_conversation(
        &self,
        id: ConversationId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let deleted = sqlx::query(
            "update conversations set deleted_at_ms = ?2 where id = ?1 and deleted_at_ms is null",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .execute(&self.writer)
        .await
        .attempt("delete a conversation")?;
        match deleted.rows_affected() {
            0 => Err(StoreError::not_found("conversation", id)),
            _ => Ok(()),
        }
    }

    /// Brings a hidden conversation back; one that is not hidden stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        restore(&mut transaction, id).await?;
        let conversation = fetch(&mut transaction, id).await?;
        transaction
            .commit()
            .await
            .attempt("restore a conversation")?;
        Ok(conversation)
    }
}

/// Takes a conversation out of the trash; one that is not there stays as it is.
pub(crate) async fn restore(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<(), StoreError> {
    sqlx::query("update conversations set deleted_at_ms = null where id = ?1")
        .bind(id.to_string())
        .execute(connection)
        .await
        .attempt("restore a conversation")?;
    Ok(())
}

#[derive(FromRow)]
pub(crate) struct SummaryRow {
    id: String,
    title: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    pinned: bool,
    unread: bool,
    running: bool,
    folder_id: Option<String>,
    archived: bool,
    temporary: bool,
    blind: bool,
    tags: String,
}

impl SummaryRow {
    pub(crate) fn summary(self) -> Result<ConversationSummary, StoreError> {
        Ok(ConversationSummary {
            id: parse("conversation id", &self.id)?,
            title: self.title,
            created_at_ms: self.created_at_ms,
            updated_at_ms: self.updated_at_ms,
            pinned: self.pinned,
            running: self.running,
            unread: self.unread,
            folder_id: parse_option("folder id", self.folder_id.as_deref())?,
            tags: from_json("tags", &self.tags)?,
            archived: self.archived,
            temporary: self.temporary,
            blind: self.blind,
        })
    }
}

#[derive(FromRow)]
struct ConversationRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    model_id: Option<String>,
    preset_id: Option<String>,
    system_prompt: Option<String>,
    parameters: String,
    draft: String,
    notes: String,
    head_id: Option<String>,
    queue: String,
}

/// The rows of conversations that are not deleted, in the order of the list.
pub(crate) async fn summaries(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<ConversationSummary>, StoreError> {
    let rows: Vec<SummaryRow> = sqlx::query_as(concat!(
        "select ",
        summary_columns!(),
        " from conversations c
         where c.id in (select value from json_each(?1)) and c.deleted_at_ms is null
         order by c.pinned desc, c.updated_at_ms desc, c.id desc"
    ))
    .bind(list(ids))
    .fetch_all(connection)
    .await
    .attempt("read conversations")?;
    rows.into_iter().map(SummaryRow::summary).collect()
}

/// A conversation that is not deleted.
pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Conversation, StoreError> {
    let row: ConversationRow = sqlx::query_as(concat!(
        "select ",
        summary_columns!(),
        ", c.model_id, c.preset_id,
           iif(c.system_prompt_is_own, c.system_prompt, null) as system_prompt,
           c.parameters, c.draft, c.notes, c.head_id, c.queue
         from conversations c
         where c.id = ?1 and c.deleted_at_ms is null"
    ))
    .bind(id.to_string())
    .fetch_optional(&mut *connection)
    .await
    .attempt("read a conversation")?
    .ok_or_else(|| StoreError::not_found("conversation", id))?;
    Ok(Conversation {
        summary: row.summary.summary()?,
        model_id: parse_option("model id", row.model_id.as_deref())?,
        settings: ConversationSettings {
            preset_id: parse_option("preset id", row.preset_id.as_deref())?,
            values: LayerValues {
                system_prompt: row.system_prompt,
                parameters: from_json("parameters", &row.parameters)?,
            },
        },
        draft: row.draft,
        draft_attachments: attachments::of_draft(connection, id).await?,
        queue: queue::of_column(connection, &row.queue).await?,
        notes: row.notes,
        head: parse_option("message id", row.head_id.as_deref())?,
    })
}

/// A missing model is named before a foreign key fails without a name.
pub(crate) async fn require_model(
    connection: &mut SqliteConnection,
    id: Option<ModelId>,
) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    let known: bool = sqlx::query_scalar("select exists (select 1 from models where id = ?1)")
        .bind(id.to_string())
        .fetch_one(connection)
        .await
        .attempt("look for a model")?;
    if known {
        Ok(())
    } else {
        Err(StoreError::not_found("model", id))
    }
}

/// As [`require_model`]; a deleted preset is there.
async fn require_preset(
    connection: &mut SqliteConnection,
    id: Option<PresetId>,
) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    let known: bool = sqlx::query_scalar("select exists (select 1 from presets where id = ?1)")
        .bind(id.to_string())
        .fetch_one(connection)
        .await
        .attempt("look for a preset")?;
    if known {
        Ok(())
    } else {
        Err(StoreError::not_found("preset", id))
    }
}

#[cfg(test)]
mod tests;
