//! Messages: pages of the shown branch, and a branch as a prompt needs it.

use std::collections::HashMap;

use sirocco_protocol::commands::MessagePageRequest;
use sirocco_protocol::{
    ConversationId, Message, MessageId, MessagePage, PagePlace, Role, Run, RunId,
};
use sqlx::{FromRow, SqliteConnection};

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::runs::RunRow;
use crate::value::{from_word, list, parse, parse_option};
use crate::{AttachedText, Store, StoreError, attachments, conversations, tree};

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
    ", null, m.model_name) as model_name, m.left_out
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
    ", null, r.model_id) as model_id, r.state, r.started_at_ms, r.ended_at_ms, r.statistics, r.error
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
        rows.into_iter()
            .map(|row| {
                Ok(BranchMessage {
                    id: parse("message id", &row.id)?,
                    role: from_word("role", row.role)?,
                    content: row.content,
                    reasoning: row.reasoning,
                    left_out: row.left_out,
                    attachments: attached.remove(&row.id).unwrap_or_default(),
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

/// Adds runs and attachments; the versions are left empty.
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
    let mut attached = attachments::of_messages(connection, &ids).await?;
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
                attachments: attached.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, plan, say, shown};
    use crate::{NewRun, Turn};
    use sirocco_protocol::RunState;

    fn page(conversation_id: ConversationId, before: Option<MessageId>) -> MessagePageRequest {
        MessagePageRequest {
            conversation_id,
            place: before.map(PagePlace::Before),
            limit: 4,
        }
    }

    /// Ten messages, of which each says its number.
    async fn ten() -> (Store, ConversationId, Vec<MessageId>) {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let mut ids: Vec<MessageId> = Vec::new();
        for number in 0..10 {
            let role = [Role::User, Role::Assistant][number % 2];
            let added = message(ids.last().copied(), role, &number.to_string());
            ids.push(added.id);
            say(&store, id, &[added]).await;
        }
        (store, id, ids)
    }

    fn words_of(page: MessagePage) -> String {
        page.messages.into_iter().map(|m| m.content).collect()
    }

    #[tokio::test]
    async fn pages_go_back_from_the_end_to_the_first_message() {
        let (store, id, _) = ten().await;
        let mut before = None;
        let mut pages = Vec::new();
        loop {
            let page = store.message_page(&page(id, before)).await.unwrap();
            assert_eq!(page.has_newer, before.is_some());
            before = page.messages.first().map(|message| message.id);
            let has_older = page.has_older;
            pages.push((words_of(page), has_older));
            if !has_older {
                break;
            }
        }
        let expected = [("6789", true), ("2345", true), ("01", false)];
        assert_eq!(
            pages,
            expected.map(|(words, older)| (words.to_owned(), older))
        );
        let above = store.message_page(&page(id, before)).await.unwrap();
        assert!(above.messages.is_empty() && !above.has_older);
    }

    #[tokio::test]
    async fn a_page_around_or_after_a_message_ends_where_the_branch_does() {
        let (store, id, ids) = ten().await;
        let look = async |place| {
            let request = MessagePageRequest {
                place: Some(place),
                ..page(id, None)
            };
            let page = store.message_page(&request).await.unwrap();
            let ends = (page.has_older, page.has_newer);
            (words_of(page), ends.0, ends.1)
        };
        let around = |number: usize| look(PagePlace::Around(ids[number]));
        assert_eq!(around(5).await, ("4567".into(), true, true));
        assert_eq!(around(0).await, ("012".into(), false, true));
        assert_eq!(around(9).await, ("6789".into(), true, false));
        let after = |number: usize| look(PagePlace::After(ids[number]));
        assert_eq!(after(2).await, ("3456".into(), true, true));
        assert_eq!(after(7).await, ("89".into(), true, false));
        assert_eq!(after(9).await, (String::new(), true, false));
    }

    #[tokio::test]
    async fn a_message_off_the_shown_branch_has_no_page_around_it() {
        let (store, id, ids) = ten().await;
        let other = message(Some(ids[2]), Role::Assistant, "other");
        say(&store, id, std::slice::from_ref(&other)).await;
        for place in [PagePlace::Around(ids[5]), PagePlace::After(ids[5])] {
            let request = MessagePageRequest {
                place: Some(place),
                ..page(id, None)
            };
            let error = store.message_page(&request).await.unwrap_err();
            assert!(matches!(error, StoreError::NotFound { .. }));
        }
    }

    #[tokio::test]
    async fn a_message_can_be_left_out_and_taken_in_again() {
        let (store, _, ids) = ten().await;
        for left_out in [true, false] {
            let changed = store.leave_out(ids[3], left_out).await.unwrap();
            assert_eq!(changed.left_out, left_out);
            let branch = store.branch(ids[9]).await.unwrap();
            let out: Vec<_> = branch.iter().filter(|one| one.left_out).collect();
            assert_eq!(out.len(), usize::from(left_out));
            assert!(out.iter().all(|one| one.id == ids[3]));
        }
        store.delete_message(ids[2], 20).await.unwrap();
        assert!(store.leave_out(ids[3], true).await.is_err());
    }

    #[tokio::test]
    async fn an_empty_conversation_has_an_empty_page() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let page = store.message_page(&page(id, None)).await.unwrap();
        assert!(page.messages.is_empty() && !page.has_older && !page.has_newer);
    }

    #[tokio::test]
    async fn a_page_before_a_message_of_another_conversation_is_refused() {
        let store = Store::open_in_memory().await.unwrap();
        let here = conversation(&store, "a", 1).await.summary.id;
        let there = conversation(&store, "b", 1).await.summary.id;
        let stray = message(None, Role::User, "x");
        say(&store, there, std::slice::from_ref(&stray)).await;
        let error = store
            .message_page(&page(here, Some(stray.id)))
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
    }

    #[tokio::test]
    async fn a_message_has_its_versions_and_its_latest_run() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let first = ask(&store, id).await;
        store.interrupt_unfinished(11).await.unwrap();
        let again = NewRun {
            id: RunId::fresh(),
            ..first.clone()
        };
        let turn = Turn {
            conversation_id: id,
            messages: Vec::new(),
            run: Some(again.clone()),
            automatic_title: None,
            clear_draft: false,
        };
        store.add_turn(&turn, 12).await.unwrap();

        let messages = shown(&store, id).await;
        let [question, answer] = &messages[..] else {
            panic!("{messages:?}")
        };
        assert_eq!(question.run, None);
        assert_eq!(question.model_name, None);
        assert_eq!(question.versions, [question.id]);
        assert_eq!(answer.model_name.as_deref(), Some("Tiny"));
        let run = answer.run.as_ref().unwrap();
        assert_eq!((run.id, run.state), (again.id, RunState::Queued));

        let edited = message(None, Role::User, "why not?");
        say(&store, id, std::slice::from_ref(&edited)).await;
        let versions = [question.id, edited.id];
        assert_eq!(shown(&store, id).await[0].versions, versions);
        assert_eq!(store.message(question.id).await.unwrap().versions, versions);

        store.delete_message(edited.id, 20).await.unwrap();
        assert_eq!(shown(&store, id).await[0].versions, [question.id]);
        assert_eq!(
            store.message(edited.id).await.unwrap().versions,
            versions,
            "a hidden message counts itself"
        );
    }

    #[tokio::test]
    async fn a_branch_ends_at_its_leaf() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        let mut answer = message(Some(question.id), Role::Assistant, "a");
        answer.reasoning = Some("hm".into());
        let next = message(Some(answer.id), Role::User, "and?");
        say(&store, id, &[question.clone(), answer.clone(), next]).await;
        let expected = [
            BranchMessage {
                id: question.id,
                role: Role::User,
                content: "q".into(),
                reasoning: None,
                left_out: false,
                attachments: Vec::new(),
            },
            BranchMessage {
                id: answer.id,
                role: Role::Assistant,
                content: "a".into(),
                reasoning: Some("hm".into()),
                left_out: false,
                attachments: Vec::new(),
            },
        ];
        assert_eq!(store.branch(answer.id).await.unwrap(), expected);
        assert!(store.branch(MessageId::fresh()).await.is_err());
    }

    #[tokio::test]
    async fn a_late_save_does_not_replace_the_final_text() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        assert!(store.save_text(run.id, "so far", Some("hm")).await.unwrap());
        let saved = store.message(run.message_id).await.unwrap();
        assert_eq!(saved.content, "so far");
        assert_eq!(saved.reasoning.as_deref(), Some("hm"));

        store.interrupt_unfinished(20).await.unwrap();
        assert!(!store.save_text(run.id, "late", None).await.unwrap());
        assert_eq!(store.message(run.message_id).await.unwrap(), {
            let mut kept = saved;
            kept.run = Some(store.run(run.id).await.unwrap());
            kept
        });
    }

    #[tokio::test]
    async fn no_statement_of_a_page_reads_a_whole_table() {
        let store = Store::open_in_memory().await.unwrap();
        for sql in [PATH, BELOW, VERSIONS, LATEST_RUNS] {
            for step in plan(&store, sql).await.lines() {
                let whole = step.starts_with("SCAN")
                    && !["SCAN p", "SCAN wanted"]
                        .iter()
                        .any(|fine| step.starts_with(fine));
                assert!(!whole, "{step} in {sql}");
            }
        }
    }
}
