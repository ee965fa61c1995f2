//! Attachments: the text of files, kept once, and at which messages they stand.
//!
//! A text is known by its hash. Attachments never change, so a copy of a message has the same ones
//! as the message itself.

use std::collections::HashMap;

use sirocco_protocol::{Attachment, AttachmentId, AttachmentKind, ConversationId, MessageId};
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
}

/// A file at a message with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedText {
    /// Of the file.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// What was taken from it.
    pub text: String,
}

const OF_MESSAGES: &str = "
    select ma.message_id as holder, a.id, a.name, a.kind, a.size_bytes, a.characters
    from json_each(?1) wanted
    cross join message_attachments ma on ma.message_id = wanted.value
    cross join attachments a on a.id = ma.attachment_id
    order by ma.message_id, ma.ordinal";

const TEXTS_OF_MESSAGES: &str = "
    select ma.message_id, a.name, a.kind, t.text
    from json_each(?1) wanted
    cross join message_attachments ma on ma.message_id = wanted.value
    cross join attachments a on a.id = ma.attachment_id
    cross join attachment_texts t on t.sha256 = a.sha256
    order by ma.message_id, ma.ordinal";

const TEXTS_OF_CONVERSATION: &str = "
    select distinct a.id, t.text
    from messages m
    cross join message_attachments ma on ma.message_id = m.id
    cross join attachments a on a.id = ma.attachment_id
    cross join attachment_texts t on t.sha256 = a.sha256
    where m.conversation_id = ?1";

const WITH_TEXT: &str = "
    select a.name, a.kind, t.text
    from attachments a cross join attachment_texts t on t.sha256 = a.sha256
    where a.id = ?1";

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

    /// The texts of everything attached to messages of a conversation, hidden ones included.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn attached_texts(
        &self,
        conversation_id: ConversationId,
    ) -> Result<HashMap<AttachmentId, String>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(TEXTS_OF_CONVERSATION)
            .bind(conversation_id.to_string())
            .fetch_all(&self.reader)
            .await
            .attempt("read the attachments of a conversation")?;
        rows.into_iter()
            .map(|(id, text)| Ok((parse("attachment id", &id)?, text)))
            .collect()
    }

    /// Forgets what was never sent and goes with no draft. Nobody may be writing a message.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn forget_unsent_attachments(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for sql in [
            "delete from attachments where not exists
                 (select 1 from message_attachments where attachment_id = attachments.id)
               and not exists
                 (select 1 from draft_attachments where attachment_id = attachments.id)",
            "delete from attachment_texts where not exists
                 (select 1 from attachments where sha256 = attachment_texts.sha256)",
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
    } = &new.attachment;
    sqlx::query(
        "insert into attachments (id, sha256, name, kind, size_bytes, characters)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(id.to_string())
    .bind(&new.sha256)
    .bind(name)
    .bind(kind.as_str())
    .bind(i64::try_from(*size_bytes).unwrap_or(i64::MAX))
    .bind(characters)
    .execute(connection)
    .await
    .attempt("keep an attachment")?;
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
        "select d.conversation_id as holder, a.id, a.name, a.kind, a.size_bytes, a.characters
         from draft_attachments d cross join attachments a on a.id = d.attachment_id
         where d.conversation_id = ?1
         order by d.ordinal",
    )
    .bind(conversation.to_string())
    .fetch_all(connection)
    .await
    .attempt("read the files of a draft")?;
    rows.into_iter().map(AttachmentRow::attachment).collect()
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
    /// The message or conversation it is at.
    holder: String,
    id: String,
    name: String,
    kind: String,
    size_bytes: i64,
    characters: i64,
}

impl AttachmentRow {
    fn attachment(self) -> Result<Attachment, StoreError> {
        Ok(Attachment {
            id: parse("attachment id", &self.id)?,
            name: self.name,
            kind: from_word("kind of an attachment", self.kind)?,
            size_bytes: unsigned("size of an attachment", self.size_bytes)?,
            characters: unsigned("length of an attachment", self.characters)?,
        })
    }
}

#[derive(FromRow)]
struct TextRow {
    name: String,
    kind: String,
    text: String,
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{conversation, message, plan, say, shown};
    use crate::{ConversationCopy, TextQuery};
    use sirocco_protocol::Role;
    use sirocco_protocol::commands::MessageSearch;

    fn new(name: &str, text: &str) -> NewAttachment {
        NewAttachment {
            attachment: Attachment {
                id: AttachmentId::fresh(),
                name: name.into(),
                kind: AttachmentKind::Csv,
                size_bytes: 26,
                characters: 7,
            },
            // What hashes is known by others; here it has only to be another one for another text.
            sha256: format!("hash of {text}"),
            text: text.into(),
        }
    }

    async fn count(store: &Store, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&store.reader)
            .await
            .unwrap()
    }

    /// A question with two attachments.
    async fn asked(store: &Store) -> (ConversationId, MessageId, [NewAttachment; 2]) {
        let id = conversation(store, "a", 1).await.summary.id;
        let attached = [new("winds.csv", "sirocco"), new("more.csv", "mistral")];
        for one in &attached {
            store.keep_attachment(one).await.unwrap();
        }
        let mut question = message(None, Role::User, "which?");
        question.attachments = attached.iter().map(|one| one.attachment.id).collect();
        say(store, id, std::slice::from_ref(&question)).await;
        (id, question.id, attached)
    }

    #[tokio::test]
    async fn a_message_has_what_is_attached_to_it_in_its_order() {
        let store = Store::open_in_memory().await.unwrap();
        let (id, question, attached) = asked(&store).await;
        let expected = attached.clone().map(|one| one.attachment);
        assert_eq!(shown(&store, id).await[0].attachments, expected);
        let branch = store.branch(question).await.unwrap();
        let texts: Vec<_> = branch[0]
            .attachments
            .iter()
            .map(|one| one.text.as_str())
            .collect();
        assert_eq!(texts, ["sirocco", "mistral"]);
        assert_eq!(
            store.attached_to(question).await.unwrap(),
            branch[0].attachments
        );
        let [first, second] = attached;
        let text = store.attached_text(first.attachment.id).await.unwrap();
        assert_eq!(
            (text.name.as_str(), text.kind),
            ("winds.csv", AttachmentKind::Csv)
        );
        let expected = [first, second].map(|one| (one.attachment.id, one.text));
        assert_eq!(
            store.attached_texts(id).await.unwrap(),
            HashMap::from(expected)
        );
    }

    #[tokio::test]
    async fn a_text_is_kept_once_and_as_long_as_it_is_attached() {
        let store = Store::open_in_memory().await.unwrap();
        let (_, _, [first, _]) = asked(&store).await;
        let again = new("copy.csv", "sirocco");
        let unsent = new("unsent.csv", "never sent");
        store.keep_attachment(&again).await.unwrap();
        store.keep_attachment(&unsent).await.unwrap();
        assert_eq!(
            count(&store, "select count(*) from attachment_texts").await,
            3
        );

        store.forget_unsent_attachments().await.unwrap();
        assert_eq!(
            count(&store, "select count(*) from attachment_texts").await,
            2
        );
        store.attached_text(first.attachment.id).await.unwrap();
        for gone in [again, unsent] {
            let error = store.attached_text(gone.attachment.id).await.unwrap_err();
            assert!(matches!(
                error,
                StoreError::NotFound {
                    what: "attachment",
                    ..
                }
            ));
        }
    }

    #[tokio::test]
    async fn an_attachment_that_is_not_there_is_named_and_nothing_is_added() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let mut question = message(None, Role::User, "which?");
        question.attachments = vec![AttachmentId::fresh()];
        let turn = crate::Turn {
            conversation_id: id,
            messages: vec![question],
            run: None,
            automatic_title: None,
            clear_draft: false,
        };
        let error = store.add_turn(&turn, 10).await.unwrap_err();
        assert!(matches!(
            error,
            StoreError::NotFound {
                what: "attachment",
                ..
            }
        ));
        assert!(shown(&store, id).await.is_empty());
    }

    #[tokio::test]
    async fn copies_of_a_conversation_have_the_attachments_too() {
        let store = Store::open_in_memory().await.unwrap();
        let (id, question, _) = asked(&store).await;
        for until in [None, Some(question)] {
            let copy = ConversationCopy {
                from: id,
                until,
                id: ConversationId::fresh(),
                title: "b".into(),
            };
            let copy = store.copy_conversation(&copy, 50).await.unwrap();
            let copied = shown(&store, copy.summary.id).await.remove(0);
            assert_eq!(copied.attachments, shown(&store, id).await[0].attachments);
        }
    }

    #[tokio::test]
    async fn a_message_is_found_by_the_words_of_its_attachments_and_by_its_own() {
        let store = Store::open_in_memory().await.unwrap();
        let (id, ..) = asked(&store).await;
        for (word, found) in [
            ("mistral", 1),
            ("sirocco", 1),
            ("which", 1),
            ("winds", 1),
            ("bora", 0),
        ] {
            let query = TextQuery {
                phrases: vec![word.into()],
                last_is_prefix: false,
            };
            let request = MessageSearch::first("", 10);
            let results = store.search(&query, &request).await.unwrap();
            assert_eq!(results.len(), found, "{word}");
            assert!(results.iter().all(|result| result.conversation.id == id));
        }
    }

    #[tokio::test]
    async fn what_is_attached_is_read_by_indexes() {
        let store = Store::open_in_memory().await.unwrap();
        for sql in [
            OF_MESSAGES,
            TEXTS_OF_MESSAGES,
            TEXTS_OF_CONVERSATION,
            WITH_TEXT,
        ] {
            let plan = plan(&store, sql).await;
            for step in plan.lines().filter(|step| step.starts_with("SCAN")) {
                assert!(step.starts_with("SCAN wanted"), "{step} in {sql}");
            }
        }
    }
}
