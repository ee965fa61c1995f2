//! Temporary conversations: a database in memory that holds them, and their way to the disk.
//!
//! Such a database has the tables of every other, so all that can be done with a conversation can be done
//! with these. What its rows refer to outside of conversations, models and presets, is elsewhere: a row
//! that only bears the id stands for each of them.

use sirocco_protocol::{
    AttachmentId, Conversation, ConversationId, Message, MessageId, ModelId, PresetId,
};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::to_json;
use crate::{NewMessage, Store, StoreError, attachments, conversations, queue, summaries, turns};

/// Marks every conversation of the database, copies included.
const MARK: &str = "
    create trigger conversations_are_temporary after insert on conversations
    begin
        update conversations set is_temporary = 1 where id = new.id;
    end";

const STANDS_FOR_MODEL: &str = "
    insert or ignore into models
        (id, key, path, name, architecture, quantization, size_bytes, parameter_count, context_length,
         has_chat_template, added_at_ms, fingerprint, files, verdict)
    values (?1, ?1, ?1, '', '', '', 0, 0, 0, 0, 0, '', '[]', '{}')";

const STANDS_FOR_PRESET: &str = "
    insert or ignore into presets (id, name, created_at_ms, updated_at_ms, parameters)
    values (?1, ?1, 0, 0, '{}')";

impl Store {
    /// A database in memory all conversations of which are temporary.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_temporary() -> Result<Self, StoreError> {
        let store = Self::open_in_memory().await?;
        sqlx::query(MARK)
            .execute(&store.writer)
            .await
            .attempt("mark temporary conversations")?;
        Ok(store)
    }

    /// Lets conversations refer to a model and a preset that are in another database.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn stand_in(
        &self,
        model: Option<ModelId>,
        preset: Option<PresetId>,
    ) -> Result<(), StoreError> {
        for (insert, id) in [
            (STANDS_FOR_MODEL, model.map(|id| id.to_string())),
            (STANDS_FOR_PRESET, preset.map(|id| id.to_string())),
        ] {
            let Some(id) = id else { continue };
            sqlx::query(insert)
                .bind(id)
                .execute(&self.writer)
                .await
                .attempt("name what is elsewhere")?;
        }
        Ok(())
    }

    /// Whether a message is in this database, hidden or not.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn has_message(&self, id: MessageId) -> Result<bool, StoreError> {
        sqlx::query_scalar("select exists (select 1 from messages where id = ?1)")
            .bind(id.to_string())
            .fetch_one(&self.reader)
            .await
            .attempt("look for a message")
    }

    /// Takes a conversation over from another database, with every message that is not hidden, under the
    /// ids they have. It stays there too.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is not there.
    pub async fn take_over(
        &self,
        from: &Self,
        id: ConversationId,
    ) -> Result<Conversation, StoreError> {
        let (conversation, messages) = from.conversation_tree(id).await?;
        let (title, files) = from.beside(id).await?;
        let mut transaction = self.write().await?;
        insert_conversation(&mut transaction, &conversation, &title).await?;
        for file in &files {
            insert_file(&mut transaction, file).await?;
        }
        let of_draft: Vec<AttachmentId> = conversation
            .draft_attachments
            .iter()
            .map(|one| one.id)
            .collect();
        attachments::set_draft(&mut transaction, id, &of_draft).await?;
        for message in &messages {
            insert_message(&mut transaction, message).await?;
        }
        sqlx::query("update conversations set head_id = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(conversation.head.map(|head| head.to_string()))
            .execute(&mut *transaction)
            .await
            .attempt("keep a conversation")?;
        let kept = conversations::fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("keep a conversation")?;
        Ok(kept)
    }

    /// What a tree does not tell of a conversation: who named it, and its files with their texts.
    async fn beside(&self, id: ConversationId) -> Result<(TitleRow, Vec<FileRow>), StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a conversation")?;
        let title = sqlx::query_as(
            "select title_is_automatic, title_by_model from conversations where id = ?1",
        )
        .bind(id.to_string())
        .fetch_one(&mut *connection)
        .await
        .attempt("read a title")?;
        let files = sqlx::query_as(
            "select a.id, a.sha256, a.name, a.kind, a.size_bytes, a.characters, t.text,
                    a.image_sha256, i.width, i.height, i.file
             from attachments a join attachment_texts t on t.sha256 = a.sha256
                  left join attachment_images i on i.sha256 = a.image_sha256
             where a.id in (
                 select ma.attachment_id from messages m
                 join message_attachments ma on ma.message_id = m.id
                 where m.conversation_id = ?1
                 union
                 select attachment_id from draft_attachments where conversation_id = ?1
                 union
                 select file.value from conversations c, json_each(c.queue) queued,
                        json_each(queued.value, '$.attachments') file
                 where c.id = ?1
             )",
        )
        .bind(id.to_string())
        .fetch_all(&mut *connection)
        .await
        .attempt("read the files of a conversation")?;
        Ok((title, files))
    }
}

#[derive(FromRow)]
struct TitleRow {
    title_is_automatic: bool,
    title_by_model: bool,
}

/// A file as it is stored, with its text.
#[derive(FromRow)]
struct FileRow {
    id: String,
    sha256: String,
    name: String,
    kind: String,
    size_bytes: i64,
    characters: i64,
    text: String,
    image_sha256: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    file: Option<Vec<u8>>,
}

/// A model or a preset that is gone meanwhile is none.
async fn insert_conversation(
    connection: &mut SqliteConnection,
    conversation: &Conversation,
    title: &TitleRow,
) -> Result<(), StoreError> {
    let Conversation {
        summary,
        model_id,
        settings,
        draft,
        queue,
        notes,
        ..
    } = conversation;
    sqlx::query(
        "insert into conversations
             (id, title, title_folded, title_is_automatic, unread, created_at_ms, updated_at_ms,
              model_id, parameters, system_prompt, system_prompt_is_own, preset_id, draft, notes,
              title_by_model, queue)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, (select id from models where id = ?8), ?9,
                 coalesce(?10, ''), ?10 is not null, (select id from presets where id = ?11), ?12, ?13,
                 ?14, ?15)",
    )
    .bind(summary.id.to_string())
    .bind(&summary.title)
    .bind(summary.title.to_lowercase())
    .bind(title.title_is_automatic)
    .bind(summary.unread)
    .bind(summary.created_at_ms)
    .bind(summary.updated_at_ms)
    .bind(model_id.map(|id| id.to_string()))
    .bind(to_json(&settings.values.parameters))
    .bind(&settings.values.system_prompt)
    .bind(settings.preset_id.map(|id| id.to_string()))
    .bind(draft)
    .bind(notes)
    .bind(title.title_by_model)
    .bind(queue::column(queue))
    .execute(connection)
    .await
    .attempt("keep a conversation")?;
    Ok(())
}

async fn insert_file(connection: &mut SqliteConnection, file: &FileRow) -> Result<(), StoreError> {
    sqlx::query("insert or ignore into attachment_texts (sha256, text) values (?1, ?2)")
        .bind(&file.sha256)
        .bind(&file.text)
        .execute(&mut *connection)
        .await
        .attempt("keep the text of a file")?;
    if let (Some(sha256), Some(width), Some(height), Some(image)) =
        (&file.image_sha256, file.width, file.height, &file.file)
    {
        attachments::keep_image(connection, sha256, width, height, image).await?;
    }
    sqlx::query(
        "insert into attachments (id, sha256, name, kind, size_bytes, characters, image_sha256)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(&file.id)
    .bind(&file.sha256)
    .bind(&file.name)
    .bind(&file.kind)
    .bind(file.size_bytes)
    .bind(file.characters)
    .bind(&file.image_sha256)
    .execute(connection)
    .await
    .attempt("keep a file")?;
    Ok(())
}

/// Adds a message with the latest of its runs.
async fn insert_message(
    connection: &mut SqliteConnection,
    message: &Message,
) -> Result<(), StoreError> {
    let attachments: Vec<AttachmentId> = message.attachments.iter().map(|one| one.id).collect();
    let new = NewMessage {
        id: message.id,
        parent_id: message.parent_id,
        role: message.role,
        content: message.content.clone(),
        reasoning: message.reasoning.clone(),
        model_name: message.model_name.clone(),
        attachments,
    };
    turns::insert(
        connection,
        message.conversation_id,
        &new,
        message.created_at_ms,
    )
    .await?;
    sqlx::query("update messages set left_out = ?2, good = ?3 where id = ?1 and (?2 or ?3)")
        .bind(message.id.to_string())
        .bind(message.left_out)
        .bind(message.good)
        .execute(&mut *connection)
        .await
        .attempt("keep a message")?;
    if let Some(summary) = &message.summary {
        summaries::insert(connection, message.id, summary).await?;
    }
    let Some(run) = &message.run else {
        return Ok(());
    };
    sqlx::query(
        "insert into runs
             (id, conversation_id, message_id, model_id, state, started_at_ms, ended_at_ms,
              statistics, error, structured_output)
         values (?1, ?2, ?3, (select id from models where id = ?4), ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(run.id.to_string())
    .bind(run.conversation_id.to_string())
    .bind(run.message_id.to_string())
    .bind(run.model_id.map(|id| id.to_string()))
    .bind(run.state.as_str())
    .bind(run.started_at_ms)
    .bind(run.ended_at_ms)
    .bind(run.statistics.as_ref().map(to_json))
    .bind(run.error.as_ref().map(to_json))
    .bind(&run.structured_output)
    .execute(connection)
    .await
    .attempt("keep a run")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, say, shown, words};
    use crate::{NewAttachment, RunEnd};
    use sirocco_protocol::commands::ConversationUpdate;
    use sirocco_protocol::{
        Attachment, AttachmentKind, ConversationSettings, LayerValues, Role, RunState,
    };

    #[tokio::test]
    async fn every_conversation_of_it_is_temporary_and_none_of_another() {
        let store = Store::open_temporary().await.unwrap();
        let made = conversation(&store, "a", 1).await;
        let fetched = store.conversation(made.summary.id).await.unwrap();
        assert!(fetched.summary.temporary);
        let store = Store::open_in_memory().await.unwrap();
        let made = conversation(&store, "a", 1).await;
        assert!(!made.summary.temporary);
    }

    #[tokio::test]
    async fn it_refers_to_models_and_presets_that_are_elsewhere() {
        let store = Store::open_temporary().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let changes = ConversationUpdate {
            model_id: Some(ModelId::fresh()),
            settings: Some(ConversationSettings {
                preset_id: Some(PresetId::fresh()),
                values: LayerValues::default(),
            }),
            ..ConversationUpdate::of(id)
        };
        assert!(store.update_conversation(&changes).await.is_err());
        let preset = changes.settings.as_ref().and_then(|one| one.preset_id);
        for _ in 0..2 {
            store.stand_in(changes.model_id, preset).await.unwrap();
        }
        let changed = store.update_conversation(&changes).await.unwrap();
        assert_eq!(changed.model_id, changes.model_id);
        assert_eq!(changed.settings.preset_id, preset);
    }

    #[tokio::test]
    async fn what_is_taken_over_is_as_it_was_but_for_what_was_deleted() {
        let from = Store::open_temporary().await.unwrap();
        let id = conversation(&from, "New conversation", 1).await.summary.id;
        let file = NewAttachment {
            attachment: Attachment {
                id: AttachmentId::fresh(),
                name: "winds.csv".into(),
                kind: AttachmentKind::Csv,
                size_bytes: 4,
                characters: 4,
                pixels: Some(sirocco_protocol::Pixels {
                    width: 4,
                    height: 3,
                }),
            },
            sha256: "0".repeat(64),
            text: "wind".into(),
            image: Some(crate::NewImage {
                sha256: "1".repeat(64),
                file: b"image".to_vec(),
            }),
        };
        from.keep_attachment(&file).await.unwrap();
        let mut question = message(None, Role::User, "q");
        question.attachments = vec![file.attachment.id];
        let mut reworded = message(None, Role::User, "q2");
        reworded.attachments = vec![file.attachment.id];
        let gone = message(None, Role::User, "gone");
        for one in [&question, &gone, &reworded] {
            say(&from, id, std::slice::from_ref(one)).await;
        }
        from.delete_message(gone.id, 11).await.unwrap();
        from.leave_out(question.id, true).await.unwrap();
        from.select_message(question.id).await.unwrap();
        let run = ask(&from, id).await;
        let end = RunEnd {
            run_id: run.id,
            state: RunState::Completed,
            statistics: Some(Default::default()),
            error: None,
            content: "so".into(),
            reasoning: Some("hm".into()),
            unread: false,
            structured_output: Some("{}".into()),
        };
        from.finish_run(&end, 20).await.unwrap();
        from.mark_good(run.message_id, true).await.unwrap();
        let model = ModelId::fresh();
        from.stand_in(Some(model), None).await.unwrap();
        let waiting = crate::NewQueuedMessage {
            id: sirocco_protocol::QueuedMessageId::fresh(),
            content: "and then".into(),
            attachments: vec![file.attachment.id],
        };
        from.queue_message(id, waiting, None).await.unwrap();
        let written = ConversationUpdate {
            draft: Some("and".into()),
            draft_attachments: Some(vec![file.attachment.id]),
            notes: Some("n".into()),
            model_id: Some(model),
            ..ConversationUpdate::of(id)
        };
        let before = from.update_conversation(&written).await.unwrap();
        let shown_before = shown(&from, id).await;

        let to = Store::open_in_memory().await.unwrap();
        let kept = to.take_over(&from, id).await.unwrap();
        let mut expected = before;
        expected.summary.temporary = false;
        expected.model_id = None;
        assert_eq!(kept, expected, "the model is gone");
        assert_eq!(shown(&to, id).await, shown_before);
        let versions = to.message(question.id).await.unwrap();
        assert!(versions.left_out);
        assert_eq!(versions.attachments, [file.attachment]);
        assert!(!to.has_message(gone.id).await.unwrap());
        assert!(from.has_message(gone.id).await.unwrap());
        to.select_message(reworded.id).await.unwrap();
        assert_eq!(words(&to, id).await, ["q2"]);
    }
}
