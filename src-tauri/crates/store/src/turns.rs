//! What is added to a conversation at once: messages, and the run that writes the last of them.

use sirocco_protocol::{AttachmentId, Conversation, ConversationId, MessageId, Role};
use sqlx::SqliteConnection;

use crate::error::Attempt;
use crate::{NewRun, Store, StoreError, attachments, conversations, runs, tree};

/// A message to add.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its id. Versions are ordered by it, so it must be a fresh one.
    pub id: MessageId,
    /// The message it answers.
    pub parent_id: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// Empty for an answer that is about to be written.
    pub content: String,
    /// What the model thought.
    pub reasoning: Option<String>,
    /// The model that wrote or will write it.
    pub model_name: Option<String>,
    /// What is attached to it, in its order.
    pub attachments: Vec<AttachmentId>,
}

/// One step of a conversation:
///
/// - a question and its answer: two messages, a run, a title, the draft cleared;
/// - another answer: one message next to the old one, a run;
/// - other words: one message next to the old one, and perhaps an answer with a run;
/// - writing on: no message, a run on the old one.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Where.
    pub conversation_id: ConversationId,
    /// In order; each may answer the one before it. The last becomes the head.
    pub messages: Vec<NewMessage>,
    /// The generation to start.
    pub run: Option<NewRun>,
    /// Replaces the title unless the person gave one.
    pub automatic_title: Option<String>,
    /// The draft was sent.
    pub clear_draft: bool,
}

impl Store {
    /// Adds messages and starts a run, all or nothing. The last message becomes the head, and the
    /// conversation moves up in the list if there is one.
    ///
    /// # Errors
    /// [`StoreError::RunInProgress`] if a run is given and another has not ended;
    /// [`StoreError::NotFound`] for a conversation, parent, message or model that is not there,
    /// not visible or of another conversation.
    pub async fn add_turn(&self, turn: &Turn, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let conversation = conversations::fetch(&mut transaction, turn.conversation_id).await?;
        if turn.run.is_some() && conversation.summary.running {
            return Err(StoreError::RunInProgress {
                conversation: turn.conversation_id,
            });
        }
        add(&mut transaction, turn, now_ms).await?;
        transaction.commit().await.attempt("add a turn")
    }

    /// Puts a message under its parent and what answered that, shown or hidden, under the message.
    /// The shown branch goes through it if it went through the parent.
    ///
    /// # Errors
    /// [`StoreError::RunInProgress`] if a run has not ended; [`StoreError::NotFound`] for a
    /// conversation or parent that is not there, not visible or of another conversation.
    pub async fn insert_message(
        &self,
        conversation_id: ConversationId,
        message: &NewMessage,
        now_ms: i64,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        let conversation = conversations::fetch(&mut transaction, conversation_id).await?;
        if conversation.summary.running {
            return Err(StoreError::RunInProgress {
                conversation: conversation_id,
            });
        }
        insert(&mut transaction, conversation_id, message, now_ms).await?;
        let parent = message.parent_id.map(|id| id.to_string());
        sqlx::query(
            "update messages set parent_id = ?3
             where conversation_id = ?1 and parent_id is ?2 and id <> ?3",
        )
        .bind(conversation_id.to_string())
        .bind(&parent)
        .bind(message.id.to_string())
        .execute(&mut *transaction)
        .await
        .attempt("put messages under an inserted one")?;
        sqlx::query(
            "update conversations set
                 head_id = case when head_id is ?2 then ?3 else head_id end,
                 updated_at_ms = max(updated_at_ms, ?4)
             where id = ?1",
        )
        .bind(conversation_id.to_string())
        .bind(&parent)
        .bind(message.id.to_string())
        .bind(now_ms)
        .execute(&mut *transaction)
        .await
        .attempt("move the head of a conversation")?;
        let conversation = conversations::fetch(&mut transaction, conversation_id).await?;
        transaction.commit().await.attempt("insert a message")?;
        Ok(conversation)
    }
}

/// [`Store::add_turn`], without asking whether a run is in progress.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    turn: &Turn,
    now_ms: i64,
) -> Result<(), StoreError> {
    for message in &turn.messages {
        insert(connection, turn.conversation_id, message, now_ms).await?;
    }
    sqlx::query(
        "update conversations set
             head_id = coalesce(?2, head_id),
             updated_at_ms = case when ?2 is null then updated_at_ms else max(updated_at_ms, ?3) end,
             title = case when title_is_automatic then coalesce(?4, title) else title end,
             title_folded = case when title_is_automatic then coalesce(?5, title_folded)
                                 else title_folded end,
             title_by_model = case when ?4 is null then title_by_model else 0 end,
             draft = case when ?6 then '' else draft end
         where id = ?1",
    )
    .bind(turn.conversation_id.to_string())
    .bind(turn.messages.last().map(|message| message.id.to_string()))
    .bind(now_ms)
    .bind(&turn.automatic_title)
    .bind(turn.automatic_title.as_ref().map(|title| title.to_lowercase()))
    .bind(turn.clear_draft)
    .execute(&mut *connection)
    .await
    .attempt("move the head of a conversation")?;
    if turn.clear_draft {
        attachments::set_draft(connection, turn.conversation_id, &[]).await?;
    }
    if let Some(run) = &turn.run {
        conversations::require_model(connection, run.model_id).await?;
        require_visible(connection, turn.conversation_id, run.message_id).await?;
        runs::insert(connection, turn.conversation_id, run, 0, now_ms).await?;
    }
    Ok(())
}

/// Adds one message.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    message: &NewMessage,
    now_ms: i64,
) -> Result<(), StoreError> {
    if let Some(parent) = message.parent_id {
        require_visible(connection, conversation_id, parent).await?;
    }
    sqlx::query(
        "insert into messages
             (id, conversation_id, parent_id, role, created_at_ms, model_name, reasoning, content)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(message.id.to_string())
    .bind(conversation_id.to_string())
    .bind(message.parent_id.map(|id| id.to_string()))
    .bind(message.role.as_str())
    .bind(now_ms)
    .bind(&message.model_name)
    .bind(&message.reasoning)
    .bind(&message.content)
    .execute(&mut *connection)
    .await
    .attempt("add a message")?;
    attachments::attach(connection, message.id, &message.attachments).await
}

/// Refuses a message that is not visible or of another conversation.
pub(crate) async fn require_visible(
    connection: &mut SqliteConnection,
    conversation_id: ConversationId,
    id: MessageId,
) -> Result<(), StoreError> {
    if tree::visible_in(connection, id).await? == Some(conversation_id) {
        Ok(())
    } else {
        Err(StoreError::not_found("message", id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, message, say, words};
    use sirocco_protocol::commands::ConversationUpdate;
    use sirocco_protocol::{ModelId, RunId};

    fn turn(conversation_id: ConversationId, messages: Vec<NewMessage>) -> Turn {
        Turn {
            conversation_id,
            messages,
            run: None,
            automatic_title: None,
            clear_draft: false,
        }
    }

    fn missing(result: Result<(), StoreError>, kind: &str) -> bool {
        matches!(result, Err(StoreError::NotFound { what, .. }) if what == kind)
    }

    #[tokio::test]
    async fn a_turn_moves_the_head_the_time_the_title_and_the_draft() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "New conversation", 1).await.summary.id;
        let mut changes = ConversationUpdate {
            draft: Some("why".into()),
            ..ConversationUpdate::of(id)
        };
        store.update_conversation(&changes).await.unwrap();

        let question = message(None, Role::User, "Why?");
        let mut first = turn(id, vec![question.clone()]);
        first.automatic_title = Some("Why".into());
        first.clear_draft = true;
        store.add_turn(&first, 5).await.unwrap();
        let after = store.conversation(id).await.unwrap();
        assert_eq!(after.summary.title, "Why");
        assert_eq!(after.summary.updated_at_ms, 5);
        assert_eq!(after.draft, "");
        assert_eq!(after.head, Some(question.id));

        changes.title = Some("Mine".into());
        changes.draft = Some("and".into());
        store.update_conversation(&changes).await.unwrap();
        let mut second = turn(id, vec![message(Some(question.id), Role::User, "And?")]);
        second.automatic_title = Some("Not mine".into());
        store.add_turn(&second, 4).await.unwrap();
        let after = store.conversation(id).await.unwrap();
        assert_eq!(after.summary.title, "Mine", "a person's title stays");
        assert_eq!(after.summary.updated_at_ms, 5, "time does not go back");
        assert_eq!(after.draft, "and");
    }

    #[tokio::test]
    async fn a_second_run_is_refused_and_leaves_nothing() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        let before = words(&store, id).await;
        let more = message(Some(run.message_id), Role::User, "more");
        let mut second = turn(id, vec![more.clone()]);
        second.run = Some(NewRun {
            id: RunId::fresh(),
            message_id: more.id,
            model_id: None,
        });
        let error = store.add_turn(&second, 20).await.unwrap_err();
        assert!(matches!(error, StoreError::RunInProgress { conversation } if conversation == id));
        assert_eq!(words(&store, id).await, before);

        store.interrupt_unfinished(30).await.unwrap();
        store.add_turn(&second, 40).await.unwrap();
        let unfinished = store.unfinished_runs(id).await.unwrap();
        let ids: Vec<_> = unfinished.iter().map(|run| run.id).collect();
        assert_eq!(ids, second.run.map(|run| run.id).as_slice());
        assert_eq!(unfinished[0].started_at_ms, 40);
    }

    #[tokio::test]
    async fn an_inserted_message_stands_between_its_parent_and_all_that_answers_that() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let question = message(None, Role::User, "q");
        let first = message(Some(question.id), Role::Assistant, "a1");
        let second = message(Some(question.id), Role::Assistant, "a2");
        let gone = message(Some(question.id), Role::Assistant, "gone");
        say(&store, id, &[question.clone(), first.clone()]).await;
        say(&store, id, std::slice::from_ref(&gone)).await;
        say(&store, id, std::slice::from_ref(&second)).await;
        store.delete_message(gone.id, 11).await.unwrap();

        let between = message(Some(question.id), Role::User, "and briefly");
        let after = store.insert_message(id, &between, 20).await.unwrap();
        assert_eq!(after.head, Some(second.id));
        assert_eq!(after.summary.updated_at_ms, 20);
        assert_eq!(words(&store, id).await, ["q", "and briefly", "a2"]);
        let versions = store.message(first.id).await.unwrap().versions;
        assert_eq!(versions, [first.id, second.id]);
        store.restore_message(gone.id).await.unwrap();
        let versions = store.message(first.id).await.unwrap().versions;
        assert_eq!(versions, [first.id, second.id, gone.id]);

        let last = message(Some(second.id), Role::User, "last");
        let after = store.insert_message(id, &last, 21).await.unwrap();
        assert_eq!(after.head, Some(last.id), "behind the head it is the head");
    }

    #[tokio::test]
    async fn nothing_is_inserted_while_an_answer_is_written_or_where_nothing_is_seen() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let run = ask(&store, id).await;
        let under = message(Some(run.message_id), Role::User, "x");
        let error = store.insert_message(id, &under, 20).await.unwrap_err();
        assert!(matches!(error, StoreError::RunInProgress { .. }));
        store.interrupt_unfinished(21).await.unwrap();
        store.delete_message(run.message_id, 22).await.unwrap();
        let error = store.insert_message(id, &under, 23).await.unwrap_err();
        assert!(matches!(
            error,
            StoreError::NotFound {
                what: "message",
                ..
            }
        ));
        assert_eq!(words(&store, id).await, ["why?"]);
    }

    #[tokio::test]
    async fn what_a_turn_refers_to_must_be_there_visible_and_of_the_conversation() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        let other = conversation(&store, "b", 1).await.summary.id;
        let stray = message(None, Role::User, "stray");
        say(&store, other, std::slice::from_ref(&stray)).await;
        let question = message(None, Role::User, "q");
        let answer = message(Some(question.id), Role::Assistant, "a");
        say(&store, id, &[question.clone(), answer.clone()]).await;

        let nowhere = turn(
            ConversationId::fresh(),
            vec![message(None, Role::User, "x")],
        );
        assert!(missing(store.add_turn(&nowhere, 5).await, "conversation"));
        for parent in [MessageId::fresh(), stray.id] {
            let under = turn(id, vec![message(Some(parent), Role::User, "x")]);
            assert!(missing(store.add_turn(&under, 5).await, "message"));
        }
        let mut run_elsewhere = turn(id, Vec::new());
        run_elsewhere.run = Some(NewRun {
            id: RunId::fresh(),
            message_id: stray.id,
            model_id: None,
        });
        assert!(missing(store.add_turn(&run_elsewhere, 5).await, "message"));
        let mut no_model = turn(id, Vec::new());
        no_model.run = Some(NewRun {
            id: RunId::fresh(),
            message_id: answer.id,
            model_id: Some(ModelId::fresh()),
        });
        assert!(missing(store.add_turn(&no_model, 5).await, "model"));

        store.delete_message(question.id, 9).await.unwrap();
        let under_hidden = turn(id, vec![message(Some(answer.id), Role::User, "x")]);
        assert!(missing(store.add_turn(&under_hidden, 9).await, "message"));
    }
}
