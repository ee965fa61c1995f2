//! The tree of a conversation in outline: all its branches, a few words of each message.

use sirocco_protocol::{ConversationId, MessageOutline, OutlineMessage};

use crate::error::Attempt;
use crate::value::{from_word, parse, parse_option};
use crate::{Store, StoreError, conversations};

/// Characters of a message that are shown.
const SHOWN: usize = 80;

/// More characters than are shown, for blanks between words become one; the rest of a long message stays on the disk.
const OUTLINE: &str = "
    with recursive visible (id, depth) as (
        select id, 0 from messages
        where conversation_id = ?1 and parent_id is null and deleted_at_ms is null
        union all
        select m.id, v.depth + 1 from visible v
        cross join messages m on m.conversation_id = ?1 and m.parent_id = v.id
        where m.deleted_at_ms is null
    )
    select m.id, m.parent_id, m.role, substr(m.content, 1, 400)
    from visible v cross join messages m on m.id = v.id
    order by v.depth, m.id";

impl Store {
    /// Every visible message of a conversation, a parent before its answers and older versions before newer ones.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation.
    pub async fn message_outline(&self, id: ConversationId) -> Result<MessageOutline, StoreError> {
        let mut transaction = self.read().await?;
        let head = conversations::fetch(&mut transaction, id).await?.head;
        let rows: Vec<(String, Option<String>, String, String)> = sqlx::query_as(OUTLINE)
            .bind(id.to_string())
            .fetch_all(&mut *transaction)
            .await
            .attempt("read the tree of a conversation")?;
        let messages = rows
            .into_iter()
            .map(|(id, parent_id, role, content)| {
                Ok(OutlineMessage {
                    id: parse("message id", &id)?,
                    parent_id: parse_option("message id", parent_id.as_deref())?,
                    role: from_word("role", role)?,
                    beginning: beginning(&content),
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(MessageOutline { head, messages })
    }
}

/// The first words on one line, with an ellipsis where more follow.
fn beginning(content: &str) -> String {
    let words = content.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some(_) => words.chars().take(SHOWN - 1).chain(['…']).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{conversation, message, say};
    use sirocco_protocol::{MessageId, Role};

    #[tokio::test]
    async fn an_outline_has_all_branches_but_nothing_that_is_deleted() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "Why?");
        let first = message(Some(question.id), Role::Assistant, "Because.");
        let more = message(Some(first.id), Role::User, "And?");
        let second = message(Some(question.id), Role::Assistant, "Who knows.");
        let gone = message(Some(question.id), Role::Assistant, "Never.");
        let under = message(Some(gone.id), Role::User, "Oh.");
        say(&store, id, &[question.clone(), first.clone(), more.clone()]).await;
        say(&store, id, &[gone.clone(), under]).await;
        say(&store, id, std::slice::from_ref(&second)).await;
        store.delete_message(gone.id, 11).await.unwrap();
        // It has the newest id, and stands above both answers.
        let between = message(Some(question.id), Role::User, "Briefly.");
        store.insert_message(id, &between, 12).await.unwrap();

        let outline = store.message_outline(id).await.unwrap();
        assert_eq!(outline.head, Some(second.id));
        let rows: Vec<(MessageId, Option<MessageId>)> = outline
            .messages
            .iter()
            .map(|one| (one.id, one.parent_id))
            .collect();
        let expected = [
            (question.id, None),
            (between.id, Some(question.id)),
            (first.id, Some(between.id)),
            (second.id, Some(between.id)),
            (more.id, Some(first.id)),
        ];
        assert_eq!(rows, expected);
        assert_eq!(outline.messages[2].role, Role::Assistant);
    }

    #[tokio::test]
    async fn a_message_is_outlined_by_its_first_words_on_one_line() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let long = format!("# Wind\n\n\tand   weather {}", "é".repeat(1_000));
        say(&store, id, &[message(None, Role::User, &long)]).await;
        say(&store, id, &[message(None, Role::User, " \n ")]).await;
        let outline = store.message_outline(id).await.unwrap();
        let beginning = &outline.messages[0].beginning;
        assert!(
            beginning.starts_with("# Wind and weather éé"),
            "{beginning}"
        );
        assert_eq!(beginning.chars().count(), SHOWN);
        assert!(beginning.ends_with("é…"), "{beginning}");
        assert_eq!(outline.messages[1].beginning, "");
    }

    #[tokio::test]
    async fn an_empty_conversation_has_an_empty_outline_and_an_unknown_one_none() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let outline = store.message_outline(id).await.unwrap();
        assert_eq!((outline.head, outline.messages.len()), (None, 0));
        let error = store
            .message_outline(ConversationId::fresh())
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
    }
}
