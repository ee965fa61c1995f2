//! Conversations in and out: a whole tree read, and a whole tree added.

use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorReport, FolderId, LayerValues, Message,
    MessageId, Organising, Preset, PresetId, Role, RunId, RunState, Statistics, Summary,
};
use sqlx::SqliteConnection;

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::messages::{MessageRow, with_runs};
use crate::value::{parse, to_json};
use crate::{
    NewAttachment, Store, StoreError, attachments, conversations, folders, organise, presets,
    summaries,
};

/// By what a conversation of elsewhere is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its form, and its id there or what stands for it.
    pub key: String,
    /// The conversation itself, if it was written here.
    pub id: Option<ConversationId>,
}

/// A conversation that came from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownConversation {
    /// Its id here.
    pub id: ConversationId,
    /// It is deleted and can be restored.
    pub is_trashed: bool,
}

/// What became of a conversation that was imported.
#[derive(Clone, Debug, PartialEq)]
pub enum Import {
    /// It is new.
    Added(ConversationSummary),
    /// It lay in the trash, and was taken out as it was.
    Restored(ConversationSummary),
    /// It is here already, and nothing was changed.
    Known,
}

/// A conversation of elsewhere with its tree.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedConversation {
    /// By what it is known again.
    pub origin: Origin,
    /// Its id here.
    pub id: ConversationId,
    /// Not empty; it is never replaced automatically.
    pub title: String,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Unix time in milliseconds.
    pub updated_at_ms: i64,
    /// Kept on top of the list.
    pub pinned: bool,
    /// Off the list, in the archive.
    pub archived: bool,
    /// Names of the folders it lies in, the outermost first; those that are missing are made.
    pub folder: Vec<String>,
    /// One line each.
    pub tags: Vec<String>,
    /// What the person wrote beside it.
    pub notes: String,
    /// What it sets itself.
    pub values: LayerValues,
    /// The preset it is based on; one is made if none is listed that has the same name and values.
    pub preset: Option<ImportedPreset>,
    /// Each behind the one it answers.
    pub messages: Vec<ImportedMessage>,
    /// The leaf that is shown.
    pub head: MessageId,
}

/// A preset as a conversation has it with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedPreset {
    /// Not empty.
    pub name: String,
    /// What it sets.
    pub values: LayerValues,
}

/// A message of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedMessage {
    /// Its id here. Versions are ordered by it.
    pub id: MessageId,
    /// The message it answers.
    pub parent_id: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// Its words.
    pub content: String,
    /// What the model thought.
    pub reasoning: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// The model that wrote it.
    pub model_name: Option<String>,
    /// The generation that wrote it.
    pub run: Option<ImportedRun>,
    /// No model is sent it.
    pub left_out: bool,
    /// The person marked it as a good answer.
    pub good: bool,
    /// What can stand for the branch up to here.
    pub summary: Option<Summary>,
    /// What is attached to it, in its order.
    pub attachments: Vec<NewAttachment>,
}

/// A generation that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedRun {
    /// Its id here.
    pub id: RunId,
    /// A terminal state.
    pub state: RunState,
    /// Unix time in milliseconds.
    pub started_at_ms: i64,
    /// Unix time in milliseconds.
    pub ended_at_ms: i64,
    /// What it cost.
    pub statistics: Option<Statistics>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// The schema that the answer was held to, if it is known.
    pub structured_output: Option<String>,
}

/// Every message that is not hidden, each behind the one it answers, versions in their order.
const TREE: &str = concat!(
    "
    with recursive tree (id, depth) as (
        select id, 0 from messages
        where conversation_id = ?1 and parent_id is null and deleted_at_ms is null
        union all
        select m.id, t.depth + 1
        from tree t cross join messages m on m.conversation_id = ?1 and m.parent_id = t.id
        where m.deleted_at_ms is null
    )
    select m.id, m.conversation_id, m.parent_id, m.role, m.content, m.reasoning, m.created_at_ms,
           iif(",
    is_hidden!("m.id"),
    ", null, m.model_name) as model_name, m.left_out, m.good
    from tree t cross join messages m on m.id = t.id
    order by t.depth, m.id"
);

const WITHIN: &str = "
    with recursive within (id) as (
        select id from folders where id = ?1 and deleted_at_ms is null
        union
        select f.id from within w join folders f on f.parent_id = w.id
        where f.deleted_at_ms is null
    )
    select c.id from within w cross join conversations c on c.folder_id = w.id
    where c.deleted_at_ms is null
    order by c.updated_at_ms desc, c.id desc";

/// Of several, one that is not deleted, or else the one deleted last.
const KNOWN: &str = "
    select id, deleted_at_ms is not null from conversations
    where origin = ?1 or id = ?2
    order by deleted_at_ms is not null, deleted_at_ms desc, id desc
    limit 1";

impl Store {
    /// A conversation with every message that is not hidden, each behind the one it answers. Their
    /// versions are left empty: the tree shows them, and told of each one they are the square of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a deleted one.
    pub async fn conversation_tree(
        &self,
        id: ConversationId,
    ) -> Result<(Conversation, Vec<Message>), StoreError> {
        let mut transaction = self.read().await?;
        let conversation = conversations::fetch(&mut transaction, id).await?;
        let rows: Vec<MessageRow> = sqlx::query_as(TREE)
            .bind(id.to_string())
            .fetch_all(&mut *transaction)
            .await
            .attempt("read the tree of a conversation")?;
        let messages = with_runs(&mut transaction, rows).await?;
        Ok((conversation, messages))
    }

    /// All conversations that are not deleted: those of the list, then the archived ones, each with the latest message
    /// first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn all_conversations(&self) -> Result<Vec<ConversationId>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "select id from conversations where deleted_at_ms is null
             order by archived_at_ms is not null, updated_at_ms desc, id desc",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list all conversations")?;
        ids.iter().map(|id| parse("conversation id", id)).collect()
    }

    /// The conversations of a folder and of the folders in it, archived ones included: that with the
    /// latest message first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn conversations_within(
        &self,
        folder: FolderId,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(WITHIN)
            .bind(folder.to_string())
            .fetch_all(&self.reader)
            .await
            .attempt("list what lies in a folder")?;
        ids.iter().map(|id| parse("conversation id", id)).collect()
    }

    /// The conversation that came from there, or is the one written there.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn known_conversation(
        &self,
        origin: &Origin,
    ) -> Result<Option<KnownConversation>, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("look for an origin")?;
        known(&mut connection, origin).await
    }

    /// Adds a conversation with its tree, all or nothing. If it is here already nothing is changed; if
    /// it lies in the trash it is taken out, as it is there: added beside it, it would be here twice once
    /// the other is restored.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn import_conversation(
        &self,
        imported: &ImportedConversation,
    ) -> Result<Import, StoreError> {
        let mut transaction = self.write().await?;
        match known(&mut transaction, &imported.origin).await? {
            None => {}
            Some(KnownConversation {
                is_trashed: false, ..
            }) => return Ok(Import::Known),
            Some(KnownConversation { id, .. }) => {
                conversations::restore(&mut transaction, id).await?;
                let conversation = conversations::fetch(&mut transaction, id).await?;
                transaction
                    .commit()
                    .await
                    .attempt("restore a conversation")?;
                return Ok(Import::Restored(conversation.summary));
            }
        }
        let folder_id = folder_at(&mut transaction, imported).await?;
        let preset_id = match &imported.preset {
            Some(preset) => Some(preset_of(&mut transaction, preset, imported).await?),
            None => None,
        };
        sqlx::query(
            "insert into conversations
                 (id, title, title_folded, title_is_automatic, pinned, created_at_ms, updated_at_ms,
                  parameters, system_prompt, system_prompt_is_own, origin, archived_at_ms, folder_id,
                  preset_id, notes)
             values (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, coalesce(?8, ''), ?8 is not null, ?9,
                     iif(?10, ?6, null), ?11, ?12, ?13)",
        )
        .bind(imported.id.to_string())
        .bind(&imported.title)
        .bind(imported.title.to_lowercase())
        .bind(imported.pinned)
        .bind(imported.created_at_ms)
        .bind(imported.updated_at_ms)
        .bind(to_json(&imported.values.parameters))
        .bind(&imported.values.system_prompt)
        .bind(&imported.origin.key)
        .bind(imported.archived)
        .bind(folder_id.map(|id| id.to_string()))
        .bind(preset_id.map(|id| id.to_string()))
        .bind(&imported.notes)
        .execute(&mut *transaction)
        .await
        .attempt("import a conversation")?;
        for tag in &imported.tags {
            let change = Organising::Tag { tag: tag.clone() };
            organise::apply(&mut transaction, &[imported.id.to_string()], &change, 0).await?;
        }
        for message in &imported.messages {
            insert(&mut transaction, imported.id, message).await?;
        }
        sqlx::query("update conversations set head_id = ?2 where id = ?1")
            .bind(imported.id.to_string())
            .bind(imported.head.to_string())
            .execute(&mut *transaction)
            .await
            .attempt("import a conversation")?;
        let conversation = conversations::fetch(&mut transaction, imported.id).await?;
        transaction
            .commit()
            .await
            .attempt("import a conversation")?;
        Ok(Import::Added(conversation.summary))
    }
}

async fn known(
    connection: &mut SqliteConnection,
    origin: &Origin,
) -> Result<Option<KnownConversation>, StoreError> {
    let row: Option<(String, bool)> = sqlx::query_as(KNOWN)
        .bind(&origin.key)
        .bind(origin.id.map(|id| id.to_string()))
        .fetch_optional(connection)
        .await
        .attempt("look for an origin")?;
    row.map(|(id, is_trashed)| {
        Ok(KnownConversation {
            id: parse("conversation id", &id)?,
            is_trashed,
        })
    })
    .transpose()
}

/// The folder at the path of an imported conversation, made as far as it is missing.
async fn folder_at(
    connection: &mut SqliteConnection,
    imported: &ImportedConversation,
) -> Result<Option<FolderId>, StoreError> {
    let mut at = None;
    for name in &imported.folder {
        at = Some(folders::named(connection, at, name, imported.created_at_ms).await?);
    }
    Ok(at)
}

/// The listed preset that says the same under the same name; a new one if there is none.
async fn preset_of(
    connection: &mut SqliteConnection,
    preset: &ImportedPreset,
    imported: &ImportedConversation,
) -> Result<PresetId, StoreError> {
    let like = presets::named(connection, &preset.name).await?;
    if let Some(same) = like.into_iter().find(|one| one.values == preset.values) {
        return Ok(same.id);
    }
    let new = Preset {
        id: PresetId::fresh(),
        name: preset.name.clone(),
        values: preset.values.clone(),
        created_at_ms: imported.created_at_ms,
        updated_at_ms: imported.updated_at_ms,
    };
    presets::insert(connection, &new).await?;
    Ok(new.id)
}

async fn insert(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    message: &ImportedMessage,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into messages
             (id, conversation_id, parent_id, role, created_at_ms, model_name, reasoning, content,
              left_out, good)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(message.id.to_string())
    .bind(conversation_id.to_string())
    .bind(message.parent_id.map(|id| id.to_string()))
    .bind(message.role.as_str())
    .bind(message.created_at_ms)
    .bind(&message.model_name)
    .bind(&message.reasoning)
    .bind(&message.content)
    .bind(message.left_out)
    .bind(message.good)
    .execute(&mut *connection)
    .await
    .attempt("import a message")?;
    let mut attached = Vec::with_capacity(message.attachments.len());
    for attachment in &message.attachments {
        attachments::keep(connection, attachment).await?;
        attached.push(attachment.attachment.id);
    }
    attachments::attach(connection, message.id, &attached).await?;
    if let Some(summary) = &message.summary {
        summaries::insert(connection, message.id, summary).await?;
    }
    let Some(run) = &message.run else {
        return Ok(());
    };
    sqlx::query(
        "insert into runs
             (id, conversation_id, message_id, state, started_at_ms, ended_at_ms, statistics, error,
              structured_output)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(run.id.to_string())
    .bind(conversation_id.to_string())
    .bind(message.id.to_string())
    .bind(run.state.as_str())
    .bind(run.started_at_ms)
    .bind(run.ended_at_ms)
    .bind(run.statistics.as_ref().map(to_json))
    .bind(run.error.as_ref().map(to_json))
    .bind(&run.structured_output)
    .execute(connection)
    .await
    .attempt("import a run")?;
    Ok(())
}

#[cfg(test)]
mod tests;
