//! What the tests of several tables start from.

use sirocco_protocol::commands::MessagePageRequest;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, Message, MessageId, ModelId, ModelVerdict,
    Role, RunId,
};

use crate::{NewConversation, NewMessage, NewModel, NewRun, Store, Turn};

pub(crate) async fn conversation(store: &Store, title: &str, now_ms: i64) -> Conversation {
    store
        .create_conversation(
            NewConversation {
                id: ConversationId::fresh(),
                title: title.into(),
                model_id: None,
                settings: ConversationSettings::default(),
            },
            now_ms,
        )
        .await
        .unwrap()
}

pub(crate) fn message(parent: Option<MessageId>, role: Role, content: &str) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        parent_id: parent,
        role,
        content: content.into(),
        reasoning: None,
        model_name: (role == Role::Assistant).then(|| "Tiny".into()),
        attachments: Vec::new(),
    }
}

/// Adds messages without a run.
pub(crate) async fn say(store: &Store, conversation_id: ConversationId, messages: &[NewMessage]) {
    store
        .add_turn(
            &Turn {
                conversation_id,
                messages: messages.to_vec(),
                run: None,
                automatic_title: None,
                clear_draft: false,
            },
            10,
        )
        .await
        .unwrap();
}

/// A question and an answer with a run that is queued.
pub(crate) async fn ask(store: &Store, conversation_id: ConversationId) -> NewRun {
    let question = message(None, Role::User, "why?");
    let answer = message(Some(question.id), Role::Assistant, "");
    let run = NewRun {
        id: RunId::fresh(),
        message_id: answer.id,
        model_id: None,
    };
    store
        .add_turn(
            &Turn {
                conversation_id,
                messages: vec![question, answer],
                run: Some(run.clone()),
                automatic_title: None,
                clear_draft: false,
            },
            10,
        )
        .await
        .unwrap();
    run
}

/// The whole shown branch.
pub(crate) async fn shown(store: &Store, conversation_id: ConversationId) -> Vec<Message> {
    store
        .message_page(&MessagePageRequest {
            conversation_id,
            place: None,
            limit: u32::MAX,
        })
        .await
        .unwrap()
        .messages
}

/// The words of the shown branch.
pub(crate) async fn words(store: &Store, conversation_id: ConversationId) -> Vec<String> {
    let messages = shown(store, conversation_id).await;
    messages
        .into_iter()
        .map(|message| message.content)
        .collect()
}

pub(crate) fn model(path: &str, key: &str) -> NewModel {
    NewModel {
        id: ModelId::fresh(),
        name: key.to_uppercase(),
        key: key.into(),
        files: vec![path.into()],
        root_id: None,
        fingerprint: "1:2:3:4".into(),
        architecture: "qwen2".into(),
        quantization: "Q4_K_M".into(),
        size_bytes: 1 << 40,
        parameter_count: 500_000_000,
        context_length: 32_768,
        has_chat_template: true,
        projector: None,
        verdict: ModelVerdict::Runs {
            cautions: vec!["slow".into()],
        },
        runtimes: Vec::new(),
        origin: sirocco_protocol::ModelOrigin::Folder,
        source: None,
        hashes: Vec::new(),
    }
}

/// How SQLite would run a statement, one step a line.
pub(crate) async fn plan(store: &Store, sql: &'static str) -> String {
    let rows: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("explain query plan {sql}")))
            .fetch_all(&store.reader)
            .await
            .unwrap();
    let steps: Vec<String> = rows.into_iter().map(|row| row.3).collect();
    steps.join("\n")
}
