//! Copies of conversations: with all branches, or with one of them up to a message.
//!
//! What is deleted is not copied, and neither is a run that has not ended: the answer that it
//! writes comes along as far as it was saved.

use std::collections::HashMap;

use sirocco_protocol::{Conversation, ConversationId, MessageId, RunId};
use sqlx::SqliteConnection;

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::{Store, StoreError, attachments, conversations, summaries, turns};

/// A copy to make.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationCopy {
    /// Of which conversation.
    pub from: ConversationId,
    /// Only the branch that ends with this message; none is everything.
    pub until: Option<MessageId>,
    /// Its id.
    pub id: ConversationId,
    /// Its title, which stays.
    pub title: String,
}

const BRANCH: &str = "
    with recursive path (id, parent_id, height) as (
        select id, parent_id, 0 from messages where id = ?1
        union all
        select m.id, m.parent_id, p.height + 1 from path p join messages m on m.id = p.parent_id
    )
    select id, parent_id from path order by height desc";

/// Versions in the order of their ids, so that their copies have the same.
const TREE: &str = "
    with recursive tree (id, parent_id, depth) as (
        select id, parent_id, 0 from messages
        where conversation_id = ?1 and parent_id is null and deleted_at_ms is null
        union all
        select m.id, m.parent_id, t.depth + 1 from tree t
        cross join messages m on m.conversation_id = ?1 and m.parent_id = t.id
        where m.deleted_at_ms is null
    )
    select id, parent_id from tree order by depth, id";

impl Store {
    /// Copies a conversation with its settings, folder, tags and notes, without its draft, its pin and its marks.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, or for a message that is not visible in it.
    pub async fn copy_conversation(
        &self,
        copy: &ConversationCopy,
        now_ms: i64,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        let source = conversations::fetch(&mut transaction, copy.from).await?;
        let (select, of) = match copy.until {
            Some(until) => {
                turns::require_visible(&mut transaction, copy.from, until).await?;
                (BRANCH, until.to_string())
            }
            None => (TREE, copy.from.to_string()),
        };
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(select)
            .bind(of)
            .fetch_all(&mut *transaction)
            .await
            .attempt("read a conversation to copy")?;

        insert_conversation(&mut transaction, copy, now_ms).await?;
        let mut copies: HashMap<String, MessageId> = HashMap::with_capacity(rows.len());
        for (id, parent) in rows {
            let parent = parent.and_then(|parent| copies.get(&parent).copied());
            let fresh = insert_message(&mut transaction, copy.id, &id, parent).await?;
            copies.insert(id, fresh);
        }
        let head = copy.until.or(source.head);
        sqlx::query("update conversations set head_id = ?2 where id = ?1")
            .bind(copy.id.to_string())
            .bind(head.and_then(|head| copies.get(&head.to_string()).map(MessageId::to_string)))
            .execute(&mut *transaction)
            .await
            .attempt("set the head of a copy")?;
        let conversation = conversations::fetch(&mut transaction, copy.id).await?;
        transaction.commit().await.attempt("copy a conversation")?;
        Ok(conversation)
    }
}

async fn insert_conversation(
    connection: &mut SqliteConnection,
    copy: &ConversationCopy,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into conversations
             (id, title, title_folded, title_is_automatic, created_at_ms, updated_at_ms,
              model_id, parameters, system_prompt, system_prompt_is_own, preset_id, folder_id, notes)
         select ?2, ?3, ?4, 0, ?5, ?5, model_id, parameters, system_prompt, system_prompt_is_own,
                preset_id, folder_id, notes
         from conversations where id = ?1",
    )
    .bind(copy.from.to_string())
    .bind(copy.id.to_string())
    .bind(&copy.title)
    .bind(copy.title.to_lowercase())
    .bind(now_ms)
    .execute(&mut *connection)
    .await
    .attempt("copy a conversation")?;
    sqlx::query(
        "insert into conversation_tags (conversation_id, tag_folded, tag)
         select ?2, tag_folded, tag from conversation_tags where conversation_id = ?1",
    )
    .bind(copy.from.to_string())
    .bind(copy.id.to_string())
    .execute(connection)
    .await
    .attempt("copy the tags of a conversation")?;
    Ok(())
}

/// Copies a message with the latest of its runs that ended. Answers the id of the copy.
async fn insert_message(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    id: &str,
    parent: Option<MessageId>,
) -> Result<MessageId, StoreError> {
    let fresh = MessageId::fresh();
    sqlx::query(concat!(
        "insert into messages
             (id, conversation_id, parent_id, role, created_at_ms, model_name, reasoning, content,
              left_out, good)
         select ?2, ?3, ?4, role, created_at_ms, iif(",
        is_hidden!("?1"),
        ", null, model_name), reasoning, content, left_out, good
         from messages where id = ?1"
    ))
    .bind(id)
    .bind(fresh.to_string())
    .bind(conversation_id.to_string())
    .bind(parent.map(|parent| parent.to_string()))
    .execute(&mut *connection)
    .await
    .attempt("copy a message")?;
    sqlx::query(concat!(
        "insert into runs
             (id, conversation_id, message_id, model_id, state, started_at_ms, ended_at_ms,
              statistics, error, structured_output)
         select ?2, ?3, ?4, iif(",
        is_hidden!("?1"),
        ", null, model_id), state, started_at_ms, ended_at_ms, statistics, error,
         structured_output
         from runs where message_id = ?1 and ended_at_ms is not null order by id desc limit 1"
    ))
    .bind(id)
    .bind(RunId::fresh().to_string())
    .bind(conversation_id.to_string())
    .bind(fresh.to_string())
    .execute(&mut *connection)
    .await
    .attempt("copy a run")?;
    attachments::copy(connection, id, fresh).await?;
    summaries::copy(connection, id, fresh).await?;
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, plan, say, shown, words};
    use crate::{NewMessage, RunEnd};
    use sirocco_protocol::commands::ConversationUpdate;
    use sirocco_protocol::{
        ConversationSettings, LayerValues, Organising, Parameters, Role, RunState,
    };

    fn copy(from: ConversationId, until: Option<MessageId>) -> ConversationCopy {
        ConversationCopy {
            from,
            until,
            id: ConversationId::fresh(),
            title: "a (copy)".into(),
        }
    }

    /// A question with two answers, of which the first has a follow-up and the second is shown.
    async fn family() -> (Store, ConversationId, [NewMessage; 4]) {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        let first = message(Some(question.id), Role::Assistant, "a1");
        let follow_up = message(Some(first.id), Role::User, "f");
        let second = message(Some(question.id), Role::Assistant, "a2");
        let all = [question, first, follow_up, second];
        for one in &all {
            say(&store, id, std::slice::from_ref(one)).await;
        }
        (store, id, all)
    }

    #[tokio::test]
    async fn a_copy_has_all_branches_and_the_settings_and_leaves_the_original() {
        let (store, id, [_, first, ..]) = family().await;
        store.leave_out(first.id, true).await.unwrap();
        store.mark_good(first.id, true).await.unwrap();
        let changes = ConversationUpdate {
            pinned: Some(true),
            unread: Some(true),
            draft: Some("half".into()),
            notes: Some("for Ada".into()),
            settings: Some(ConversationSettings {
                preset_id: None,
                values: LayerValues {
                    system_prompt: Some("be brief".into()),
                    parameters: Parameters {
                        seed: Some(7),
                        ..Parameters::default()
                    },
                },
            }),
            ..ConversationUpdate::of(id)
        };
        let tag = Organising::Tag { tag: "Sky".into() };
        store.organise(&[id], &tag, 40).await.unwrap();
        let source = store.update_conversation(&changes).await.unwrap();
        let before = shown(&store, id).await;

        let made = store.copy_conversation(&copy(id, None), 50).await.unwrap();
        let copied = made.summary.id;
        assert_eq!(made.summary.title, "a (copy)");
        assert_eq!(
            (made.summary.created_at_ms, made.summary.updated_at_ms),
            (50, 50)
        );
        assert!(!made.summary.pinned && !made.summary.unread);
        assert_eq!(made.draft, "");
        assert_eq!(
            (made.notes.as_str(), made.summary.tags),
            ("for Ada", vec!["Sky".to_owned()])
        );
        assert_eq!(made.settings, source.settings);

        let messages = shown(&store, copied).await;
        assert_eq!(words(&store, copied).await, ["q", "a2"]);
        assert_eq!(messages[1].created_at_ms, 10);
        let [other, same] = messages[1].versions[..] else {
            panic!("{messages:?}")
        };
        assert_eq!(same, messages[1].id, "versions keep their order");
        let marked = store.message(other).await.unwrap();
        assert!(marked.left_out && marked.good);
        store.select_message(other).await.unwrap();
        assert_eq!(words(&store, copied).await, ["q", "a1", "f"]);
        assert_eq!(shown(&store, id).await, before);
    }

    #[tokio::test]
    async fn a_branch_is_copied_up_to_the_message_and_shown() {
        let (store, id, [_, first, ..]) = family().await;
        let branch = copy(id, Some(first.id));
        let made = store.copy_conversation(&branch, 50).await.unwrap();
        assert_eq!(words(&store, made.summary.id).await, ["q", "a1"]);
        let messages = shown(&store, made.summary.id).await;
        assert_eq!(made.head, Some(messages[1].id));
        assert_eq!(messages[1].versions, [messages[1].id]);
    }

    #[tokio::test]
    async fn answers_keep_how_they_came_about_and_one_being_written_its_words() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        store.save_text(run.id, "half", None).await.unwrap();
        let made = store.copy_conversation(&copy(id, None), 50).await.unwrap();
        assert!(!made.summary.running);
        let answer = shown(&store, made.summary.id).await.remove(1);
        assert_eq!((answer.content.as_str(), answer.run), ("half", None));

        let end = RunEnd {
            run_id: run.id,
            state: RunState::Completed,
            statistics: Some(Default::default()),
            error: None,
            content: "whole".into(),
            reasoning: None,
            unread: false,
            structured_output: Some("{}".into()),
        };
        let (ended, _) = store.finish_run(&end, 20).await.unwrap().unwrap();
        let made = store.copy_conversation(&copy(id, None), 60).await.unwrap();
        let copied = shown(&store, made.summary.id).await.remove(1);
        let copied_run = copied.run.unwrap();
        assert_eq!(
            (copied.content.as_str(), copied_run.state),
            ("whole", ended.state)
        );
        assert_eq!(copied_run.statistics, ended.statistics);
        assert_eq!(copied_run.structured_output.as_deref(), Some("{}"));
        assert_ne!(copied_run.id, ended.id);
    }

    #[tokio::test]
    async fn what_was_deleted_stays_behind() {
        let (store, id, [_, first, _, second]) = family().await;
        store.delete_message(first.id, 20).await.unwrap();
        let made = store.copy_conversation(&copy(id, None), 50).await.unwrap();
        let messages = shown(&store, made.summary.id).await;
        assert_eq!(messages[1].versions.len(), 1);
        let missing = |result| matches!(result, Err(StoreError::NotFound { .. }));
        let until = copy(id, Some(first.id));
        assert!(missing(store.copy_conversation(&until, 50).await));
        let elsewhere = copy(made.summary.id, Some(second.id));
        assert!(missing(store.copy_conversation(&elsewhere, 50).await));
        store.delete_conversation(id, 21).await.unwrap();
        assert!(missing(store.copy_conversation(&copy(id, None), 50).await));
    }

    #[tokio::test]
    async fn an_empty_conversation_has_an_empty_copy() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let made = store.copy_conversation(&copy(id, None), 50).await.unwrap();
        assert_eq!(made.head, None);
    }

    #[tokio::test]
    async fn the_messages_to_copy_come_from_indexes() {
        let store = Store::open_in_memory().await.unwrap();
        for sql in [BRANCH, TREE] {
            let plan = plan(&store, sql).await;
            assert!(!plan.contains("SCAN m"), "{plan}");
        }
    }
}
