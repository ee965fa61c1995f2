//! Attachments: the text of files and images, kept once, and at which messages they stand.
//!
//! A text or an image is known by its hash. Attachments never change, so a copy of a message has the same ones
//! as the message itself.

use std::collections::HashMap;

use sirocco_protocol::{
    Attachment, AttachmentId, AttachmentKind, ConversationId, MessageId, Pixels,
};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_word, list, parse, unsigned};
use crate::{Store, StoreError};

/// A file to keep the text of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttachment {
    /// What is shown of it.
    pub attachment: Attachment,
    /// SHA-256 of the text, 64 hexadecimal digits.
    pub sha256: String,
    /// What was taken from the file.
    pub text: String,
    /// Of an image.
    pub image: Option<NewImage>,
}

/// An image to keep; its size is that of the attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// A PNG or JPEG file.
    pub file: Vec<u8>,
}

/// What is kept of a file: its text, and of an image what models see.
pub type KeptContent = (String, Option<Vec<u8>>);

/// A file at a message with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedText {
    /// Of the file.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// What was taken from it.
    pub text: String,
    /// Of an image, a PNG or JPEG file.
    pub image: Option<Vec<u8>>,
}

const OF_MESSAGES: &str = "
    select ma.message_id as holder, a.id, a.name, a.kind, a.size_bytes, a.characters,
           i.width, i.height
    from json_each(?1) wanted
    cross join message_attachments ma on ma.message_id = wanted.value
    cross join attachments a on a.id = ma.attachment_id
    left join attachment_images i on i.sha256 = a.image_sha256
    order by ma.message_id, ma.ordinal";

const TEXTS_OF_MESSAGES: &str = "
    select ma.message_id, a.name, a.kind, t.text, i.file
    from json_each(?1) wanted
    cross join message_attachments ma on ma.message_id = wanted.value
    cross join attachments a on a.id = ma.attachment_id
    cross join attachment_texts t on t.sha256 = a.sha256
    left join attachment_images i on i.sha256 = a.image_sha256
    order by ma.message_id, ma.ordinal";

const TEXTS_OF_CONVERSATION: &str = "
    select distinct a.id, t.text, i.file
    from messages m
    cross join message_attachments ma on ma.message_id = m.id
    cross join attachments a on a.id = ma.attachment_id
    cross join attachment_texts t on t.sha256 = a.sha256
    left join attachment_images i on i.sha256 = a.image_sha256
    where m.conversation_id = ?1";

const WITH_TEXT: &str = "
    select a.name, a.kind, t.text, i.file
    from attachments a cross join attachment_texts t on t.sha256 = a.sha256
    left join attachment_images i on i.sha256 = a.image_sha256
    where a.id = ?1";

const BY_ID: &str = "
    select a.id as holder, a.id, a.name, a.kind, a.size_bytes, a.characters, i.width, i.height
    from json_each(?1) wanted
    cross join attachments a on a.id = wanted.value
    left join attachment_images i on i.sha256 = a.image_sha256";

impl Store {
    /// Keeps the text of a file, to be attached to a message.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn keep_attachment(&self, new: &NewAttachment) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        keep(&mut transaction, new).await?;
        transaction.commit().await.attempt("keep an attachment")
    }

    /// A file with its text, whether it is attached to a message or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn attached_text(&self, id: AttachmentId) -> Result<AttachedText, StoreError> {
        let row: Option<TextRow> = sqlx::query_as(WITH_TEXT)
            .bind(id.to_string())
            .fetch_optional(&self.reader)
            .await
            .attempt("read an attachment")?;
        row.ok_or_else(|| StoreError::not_found("attachment", id))?
            .attached()
    }

    /// What is attached to a message, in its order.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn attached_to(&self, message: MessageId) -> Result<Vec<AttachedText>, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read attachments")?;
        let id = message.to_string();
        let mut attached = texts_of(&mut connection, &list([&id])).await?;
        Ok(attached.remove(&id).unwrap_or_default())
    }

    /// What is kept of everything attached to messages of a conversation, hidden ones included.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn attached_texts(
        &self,
        conversation_id: ConversationId,
    ) -> Result<HashMap<AttachmentId, KeptContent>, StoreError> {
        let rows: Vec<(String, String, Option<Vec<u8>>)> = sqlx::query_as(TEXTS_OF_CONVERSATION)
            .bind(conversation_id.to_string())
            .fetch_all(&self.reader)
            .await
            .attempt("read the attachments of a conversation")?;
        rows.into_iter()
            .map(|(id, text, image)| Ok((parse("attachment id", &id)?, (text, image))))
            .collect()
    }

    /// Forgets what was never sent, goes with no draft and waits in no queue. Nobody may be writing a message.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn forget_unsent_attachments(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for sql in [
            "delete from attachments where not exists
                 (select 1 from message_attachments where attachment_id = attachments.id)
               and not exists
                 (select 1 from draft_attachments where attachment_id = attachments.id)
               and id not in (
                   select file.value from conversations c, json_each(c.queue) queued,
                          json_each(queued.value, '$.attachments') file
                   where c.queue <> '[]')",
            "delete from attachment_texts where not exists
                 (select 1 from attachments where sha256 = attachment_texts.sha256)",
            "delete from attachment_images where not exists
                 (select 1 from attachments where image_sha256 = attachment_images.sha256)",
        ] {
            sqlx::query(sql)
                .execute(&mut *transaction)
                .await
                .attempt("forget attachments")?;
        }
        transaction.commit().await.attempt("forget attachments")
    }
}

/// [`Store::keep_attachment`].
pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    new: &NewAttachment,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into attachment_texts (sha256, text) values (?1, ?2) on conflict do nothing",
    )
    .bind(&new.sha256)
    .bind(&new.text)
    .execute(&mut *connection)
    .await
    .attempt("keep the text of an attachment")?;
    let Attachment {
        id,
        name,
        kind,
        size_bytes,
        characters,
        pixels,
    } = &new.attachment;
    if let Some((image, pixels)) = new.image.as_ref().zip(*pixels) {
        let Pixels { width, height } = pixels;
        keep_image(connection, &image.sha256, width, height, &image.file).await?;
    }
    sqlx::query(
        "insert into attachments (id, sha256, name, kind, size_bytes, characters, image_sha256)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(id.to_string())
    .bind(&new.sha256)
    .bind(name)
    .bind(kind.as_str())
    .bind(i64::try_from(*size_bytes).unwrap_or(i64::MAX))
    .bind(characters)
    .bind(new.image.as_ref().map(|image| image.sha256.as_str()))
    .execute(connection)
    .await
    .attempt("keep an attachment")?;
    Ok(())
}

/// Keeps an image, unless it is there.
pub(crate) async fn keep_image(
    connection: &mut SqliteConnection,
    sha256: &str,
    width: u32,
    height: u32,
    file: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into attachment_images (sha256, width, height, file) values (?1, ?2, ?3, ?4)
         on conflict do nothing",
    )
    .bind(sha256)
    .bind(width)
    .bind(height)
    .bind(file)
    .execute(connection)
    .await
    .attempt("keep an image")?;
    Ok(())
}

/// Puts attachments at a message that has none.
pub(crate) async fn attach(
    connection: &mut SqliteConnection,
    message: MessageId,
    attachments: &[AttachmentId],
) -> Result<(), StoreError> {
    for (ordinal, id) in attachments.iter().enumerate() {
        let attached = sqlx::query(
            "insert into message_attachments (message_id, ordinal, attachment_id)
             select ?1, ?2, id from attachments where id = ?3",
        )
        .bind(message.to_string())
        .bind(i64::try_from(ordinal).unwrap_or(i64::MAX))
        .bind(id.to_string())
        .execute(&mut *connection)
        .await
        .attempt("attach a file to a message")?;
        if attached.rows_affected() == 0 {
            return Err(StoreError::not_found("attachment", *id));
        }
    }
    Ok(())
}

/// Replaces what goes with the draft of a conversation.
pub(crate) async fn set_draft(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    attachments: &[AttachmentId],
) -> Result<(), StoreError> {
    sqlx::query("delete from draft_attachments where conversation_id = ?1")
        .bind(conversation.to_string())
        .execute(&mut *connection)
        .await
        .attempt("clear the files of a draft")?;
    for (ordinal, id) in attachments.iter().enumerate() {
        let added = sqlx::query(
            "insert into draft_attachments (conversation_id, ordinal, attachment_id)
             select ?1, ?2, id from attachments where id = ?3",
        )
        .bind(conversation.to_string())
        .bind(i64::try_from(ordinal).unwrap_or(i64::MAX))
        .bind(id.to_string())
        .execute(&mut *connection)
        .await
        .attempt("keep a file of a draft")?;
        if added.rows_affected() == 0 {
            return Err(StoreError::not_found("attachment", *id));
        }
    }
    Ok(())
}

/// What goes with the draft of a conversation, in its order.
pub(crate) async fn of_draft(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
) -> Result<Vec<Attachment>, StoreError> {
    let rows: Vec<AttachmentRow> = sqlx::query_as(
        "select d.conversation_id as holder, a.id, a.name, a.kind, a.size_bytes, a.characters,
                i.width, i.height
         from draft_attachments d cross join attachments a on a.id = d.attachment_id
              left join attachment_images i on i.sha256 = a.image_sha256
         where d.conversation_id = ?1
         order by d.ordinal",
    )
    .bind(conversation.to_string())
    .fetch_all(connection)
    .await
    .attempt("read the files of a draft")?;
    rows.into_iter().map(AttachmentRow::attachment).collect()
}

/// Files by their ids; those that are not there are left out.
pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    ids: &[AttachmentId],
) -> Result<HashMap<AttachmentId, Attachment>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<AttachmentRow> = sqlx::query_as(BY_ID)
        .bind(list(ids))
        .fetch_all(connection)
        .await
        .attempt("read attachments")?;
    rows.into_iter()
        .map(|row| row.attachment().map(|found| (found.id, found)))
        .collect()
}

/// Puts what is attached to one message at another one.
pub(crate) async fn copy(
    connection: &mut SqliteConnection,
    from: &str,
    to: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into message_attachments (message_id, ordinal, attachment_id)
         select ?2, ordinal, attachment_id from message_attachments where message_id = ?1",
    )
    .bind(from)
    .bind(to.to_string())
    .execute(connection)
    .await
    .attempt("copy attachments")?;
    Ok(())
}

/// What is attached to messages, by their ids as they are stored; `ids` is a JSON list of them.
pub(crate) async fn of_messages(
    connection: &mut SqliteConnection,
    ids: &str,
) -> Result<HashMap<String, Vec<Attachment>>, StoreError> {
    let rows: Vec<AttachmentRow> = sqlx::query_as(OF_MESSAGES)
        .bind(ids)
        .fetch_all(connection)
        .await
        .attempt("read the attachments of messages")?;
    let mut attached: HashMap<String, Vec<Attachment>> = HashMap::new();
    for row in rows {
        let holder = row.holder.clone();
        attached.entry(holder).or_default().push(row.attachment()?);
    }
    Ok(attached)
}

/// As [`of_messages`], with their texts.
pub(crate) async fn texts_of(
    connection: &mut SqliteConnection,
    ids: &str,
) -> Result<HashMap<String, Vec<AttachedText>>, StoreError> {
    let rows: Vec<MessageTextRow> = sqlx::query_as(TEXTS_OF_MESSAGES)
        .bind(ids)
        .fetch_all(connection)
        .await
        .attempt("read the attachments of a branch")?;
    let mut attached: HashMap<String, Vec<AttachedText>> = HashMap::new();
    for row in rows {
        let text = row.attached.attached()?;
        attached.entry(row.message_id).or_default().push(text);
    }
    Ok(attached)
}

#[derive(FromRow)]
struct AttachmentRow {
    /// The message or conversation it is at, or itself.
    holder: String,
    id: String,
    name: String,
    kind: String,
    size_bytes: i64,
    characters: i64,
    width: Option<u32>,
    height: Option<u32>,
}

impl AttachmentRow {
    fn attachment(self) -> Result<Attachment, StoreError> {
        Ok(Attachment {
            id: parse("attachment id", &self.id)?,
            name: self.name,
            kind: from_word("kind of an attachment", self.kind)?,
            size_bytes: unsigned("size of an attachment", self.size_bytes)?,
            characters: unsigned("length of an attachment", self.characters)?,
            pixels: self
                .width
                .zip(self.height)
                .map(|(width, height)| Pixels { width, height }),
        })
    }
}

#[derive(FromRow)]
struct TextRow {
    name: String,
    kind: String,
    text: String,
    file: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct MessageTextRow {
    message_id: String,
    #[sqlx(flatten)]
    attached: TextRow,
}

impl TextRow {
    fn attached(self) -> Result<AttachedText, StoreError> {
        Ok(AttachedText {
            name: self.name,
            kind: from_word("kind of an attachment", self.kind)?,
            text: self.text,
            image: self.file,
        })
    }
}

#[cfg(test)]
mod tests;
