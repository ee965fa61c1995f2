//! Conversations in and out: a whole tree read, and a whole tree added.

use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorReport, Message, MessageId, Parameters,
    Role, RunId, RunState, Statistics,
};
use sqlx::SqliteConnection;

use crate::comparisons::is_hidden;
use crate::error::Attempt;
use crate::messages::{MessageRow, with_runs};
use crate::value::{parse_option, to_json};
use crate::{NewAttachment, Store, StoreError, attachments, conversations};

/// By what a conversation of elsewhere is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its form, and its id there or what stands for it.
    pub key: String,
    /// The conversation itself, if it was written here.
    pub id: Option<ConversationId>,
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
    /// Sent before everything else; empty for what the defaults say.
    pub system_prompt: String,
    /// Sampling parameters.
    pub parameters: Parameters,
    /// Each behind the one it answers.
    pub messages: Vec<ImportedMessage>,
    /// The leaf that is shown.
    pub head: MessageId,
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
    ", null, m.model_name) as model_name, m.left_out
    from tree t cross join messages m on m.id = t.id
    order by t.depth, m.id"
);

const KNOWN: &str = "
    select id from conversations
    where (origin = ?1 or id = ?2) and deleted_at_ms is null
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

    /// The conversation that came from there, or is the one written there, if it is here and not
    /// deleted.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn known_conversation(
        &self,
        origin: &Origin,
    ) -> Result<Option<ConversationId>, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("look for an origin")?;
        known(&mut connection, origin).await
    }

    /// Adds a conversation with its tree, all or nothing. None, and nothing is changed, if it is
    /// here already.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn import_conversation(
        &self,
        imported: &ImportedConversation,
    ) -> Result<Option<ConversationSummary>, StoreError> {
        let mut transaction = self.write().await?;
        if known(&mut transaction, &imported.origin).await?.is_some() {
            return Ok(None);
        }
        sqlx::query(
            "insert into conversations
                 (id, title, title_folded, title_is_automatic, pinned, created_at_ms, updated_at_ms,
                  parameters, system_prompt, system_prompt_is_own, origin)
             values (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?8 <> '', ?9)",
        )
        .bind(imported.id.to_string())
        .bind(&imported.title)
        .bind(imported.title.to_lowercase())
        .bind(imported.pinned)
        .bind(imported.created_at_ms)
        .bind(imported.updated_at_ms)
        .bind(to_json(&imported.parameters))
        .bind(&imported.system_prompt)
        .bind(&imported.origin.key)
        .execute(&mut *transaction)
        .await
        .attempt("import a conversation")?;
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
        Ok(Some(conversation.summary))
    }
}

async fn known(
    connection: &mut SqliteConnection,
    origin: &Origin,
) -> Result<Option<ConversationId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar(KNOWN)
        .bind(&origin.key)
        .bind(origin.id.map(|id| id.to_string()))
        .fetch_optional(connection)
        .await
        .attempt("look for an origin")?;
    parse_option("conversation id", id.as_deref())
}

async fn insert(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    message: &ImportedMessage,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into messages
             (id, conversation_id, parent_id, role, created_at_ms, model_name, reasoning, content,
              left_out)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
    .execute(&mut *connection)
    .await
    .attempt("import a message")?;
    let mut attached = Vec::with_capacity(message.attachments.len());
    for attachment in &message.attachments {
        attachments::keep(connection, attachment).await?;
        attached.push(attachment.attachment.id);
    }
    attachments::attach(connection, message.id, &attached).await?;
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
mod tests {
    use super::*;
    use crate::fixture::{conversation, message, plan, say, words};
    use sirocco_protocol::commands::ConversationUpdate;

    fn message_of(parent_id: Option<MessageId>, role: Role, content: &str) -> ImportedMessage {
        ImportedMessage {
            id: MessageId::fresh(),
            parent_id,
            role,
            content: content.into(),
            reasoning: None,
            created_at_ms: 7,
            model_name: None,
            run: None,
            left_out: false,
            attachments: Vec::new(),
        }
    }

    /// A question with two answers, of which the first is shown and the second has a run.
    fn imported(key: &str) -> ImportedConversation {
        let question = message_of(None, Role::User, "q");
        let first = message_of(Some(question.id), Role::Assistant, "a1");
        let mut second = message_of(Some(question.id), Role::Assistant, "a2");
        second.reasoning = Some("hm".into());
        second.model_name = Some("Tiny".into());
        second.run = Some(ImportedRun {
            id: RunId::fresh(),
            state: RunState::Stopped,
            started_at_ms: 8,
            ended_at_ms: 9,
            statistics: Some(Statistics {
                completion_tokens: 3,
                ..Statistics::default()
            }),
            error: None,
            structured_output: Some("{}".into()),
        });
        ImportedConversation {
            origin: Origin {
                key: key.into(),
                id: None,
            },
            id: ConversationId::fresh(),
            title: "Ärger".into(),
            created_at_ms: 5,
            updated_at_ms: 6,
            pinned: true,
            system_prompt: "be brief".into(),
            parameters: Parameters {
                seed: Some(3),
                ..Parameters::default()
            },
            head: first.id,
            messages: vec![question, first, second],
        }
    }

    #[tokio::test]
    async fn an_imported_conversation_is_there_with_its_whole_tree() {
        let store = Store::open_in_memory().await.unwrap();
        let new = imported("chatgpt:1");
        let summary = store.import_conversation(&new).await.unwrap().unwrap();
        assert_eq!(summary.id, new.id);
        assert_eq!((summary.created_at_ms, summary.updated_at_ms), (5, 6));
        assert!(summary.pinned && !summary.unread && !summary.running);
        assert_eq!(words(&store, new.id).await, ["q", "a1"]);

        let (conversation, tree) = store.conversation_tree(new.id).await.unwrap();
        let values = conversation.settings.values;
        assert_eq!(values.system_prompt.as_deref(), Some("be brief"));
        assert_eq!(values.parameters, new.parameters);
        assert_eq!(conversation.head, Some(new.head));
        let ids: Vec<_> = tree.iter().map(|message| message.id).collect();
        let expected: Vec<_> = new.messages.iter().map(|message| message.id).collect();
        assert_eq!(ids, expected);
        let last = &tree[2];
        assert_eq!(last.reasoning.as_deref(), Some("hm"));
        assert_eq!((last.created_at_ms, last.parent_id), (7, Some(ids[0])));
        let run = last.run.as_ref().unwrap();
        assert_eq!((run.state, run.ended_at_ms), (RunState::Stopped, Some(9)));
        assert_eq!(run.statistics.as_ref().unwrap().completion_tokens, 3);
        assert_eq!(run.structured_output.as_deref(), Some("{}"));
    }

    #[tokio::test]
    async fn what_came_from_there_is_known_until_it_is_deleted() {
        let store = Store::open_in_memory().await.unwrap();
        let first = imported("chatgpt:1");
        assert_eq!(store.known_conversation(&first.origin).await.unwrap(), None);
        store.import_conversation(&first).await.unwrap();
        let known = store.known_conversation(&first.origin).await.unwrap();
        assert_eq!(known, Some(first.id));
        let again = imported("chatgpt:1");
        assert!(store.import_conversation(&again).await.unwrap().is_none());
        assert!(store.conversation(again.id).await.is_err());

        store.delete_conversation(first.id, 20).await.unwrap();
        assert!(store.import_conversation(&again).await.unwrap().is_some());
        // The first one can still come back.
        store.restore_conversation(first.id).await.unwrap();
    }

    #[tokio::test]
    async fn a_conversation_that_was_written_here_is_known_by_its_id() {
        let store = Store::open_in_memory().await.unwrap();
        let own = conversation(&store, "a", 1).await.summary.id;
        let mut back = imported("sirocco:1");
        back.origin.id = Some(own);
        assert!(store.import_conversation(&back).await.unwrap().is_none());
        store.delete_conversation(own, 2).await.unwrap();
        assert!(store.import_conversation(&back).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn an_import_that_fails_leaves_nothing() {
        let store = Store::open_in_memory().await.unwrap();
        let mut broken = imported("chatgpt:1");
        broken.messages[2].parent_id = Some(MessageId::fresh());
        assert!(store.import_conversation(&broken).await.is_err());
        assert!(store.conversation(broken.id).await.is_err());
        assert_eq!(
            store.known_conversation(&broken.origin).await.unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn a_tree_holds_what_is_not_hidden_of_one_conversation() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let other = conversation(&store, "b", 1).await.summary.id;
        say(&store, other, &[message(None, Role::User, "elsewhere")]).await;
        let question = message(None, Role::User, "q");
        let hidden = message(Some(question.id), Role::Assistant, "hidden");
        let below = message(Some(hidden.id), Role::User, "below");
        let answer = message(Some(question.id), Role::Assistant, "a");
        say(&store, id, &[question.clone(), hidden.clone(), below]).await;
        say(&store, id, std::slice::from_ref(&answer)).await;
        store.delete_message(hidden.id, 20).await.unwrap();
        let (_, tree) = store.conversation_tree(id).await.unwrap();
        let words: Vec<_> = tree
            .iter()
            .map(|message| message.content.as_str())
            .collect();
        assert_eq!(words, ["q", "a"]);
        let empty = store.conversation_tree(ConversationId::fresh()).await;
        assert!(matches!(empty, Err(StoreError::NotFound { .. })));
    }

    #[tokio::test]
    async fn the_title_of_an_import_is_found_and_stays() {
        let store = Store::open_in_memory().await.unwrap();
        let new = imported("chatgpt:1");
        store.import_conversation(&new).await.unwrap();
        let found = store
            .list_conversations(&sirocco_protocol::commands::ConversationList {
                query: "ärger".into(),
                ..sirocco_protocol::commands::ConversationList::first(10)
            })
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        let turn = crate::Turn {
            conversation_id: new.id,
            messages: vec![message(Some(new.head), Role::User, "next")],
            run: None,
            automatic_title: Some("Next".into()),
            clear_draft: false,
        };
        store.add_turn(&turn, 30).await.unwrap();
        let after = store
            .update_conversation(&ConversationUpdate::of(new.id))
            .await
            .unwrap();
        assert_eq!(after.summary.title, "Ärger");
    }

    #[tokio::test]
    async fn no_statement_reads_a_whole_table() {
        let store = Store::open_in_memory().await.unwrap();
        for sql in [TREE, KNOWN] {
            for step in plan(&store, sql).await.lines() {
                let whole = step.starts_with("SCAN") && !step.starts_with("SCAN t");
                assert!(!whole, "{step} in {sql}");
            }
        }
        assert!(
            plan(&store, KNOWN)
                .await
                .contains("conversations_by_origin")
        );
    }
}
