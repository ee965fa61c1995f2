//! Many writers and readers on one file: nobody is told that the database is busy, and nothing
//! that was answered as saved is missing.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its bench does not work"
)]

use sirocco_protocol::commands::{ConversationList, MessagePageRequest};
use sirocco_protocol::{ConversationId, ConversationSettings, MessageId, Role, RunId, RunState};
use sirocco_store::{NewConversation, NewMessage, NewRun, RunEnd, Store, Turn};

async fn conversation_with_a_run(store: &Store) -> (ConversationId, RunId) {
    let id = ConversationId::fresh();
    let new = NewConversation {
        id,
        title: "New conversation".into(),
        model_id: None,
        settings: ConversationSettings::default(),
    };
    store.create_conversation(new, 1).await.unwrap();
    let answer = NewMessage {
        id: MessageId::fresh(),
        parent_id: None,
        role: Role::Assistant,
        content: String::new(),
        reasoning: None,
        model_name: None,
        attachments: Vec::new(),
    };
    let run = NewRun {
        id: RunId::fresh(),
        message_id: answer.id,
        model_id: None,
    };
    let run_id = run.id;
    let turn = Turn {
        conversation_id: id,
        messages: vec![answer],
        run: Some(run),
        automatic_title: None,
        clear_draft: false,
    };
    store.add_turn(&turn, 2).await.unwrap();
    (id, run_id)
}

async fn write(store: Store, run_id: RunId) {
    let from = [RunState::Queued];
    let moved = store
        .transition(run_id, RunState::Generating, &from, 3)
        .await;
    assert!(moved.unwrap());
    let mut text = String::new();
    for number in 0..40 {
        text.push_str(&format!("word {number} "));
        assert!(store.save_text(run_id, &text, None).await.unwrap());
    }
    let end = RunEnd {
        run_id,
        state: RunState::Completed,
        statistics: None,
        error: None,
        content: text,
        reasoning: None,
        unread: true,
        structured_output: None,
    };
    assert!(store.finish_run(&end, 4).await.unwrap().is_some());
}

async fn read(store: Store, conversation_id: ConversationId) {
    let mut longest = 0;
    for _ in 0..60 {
        let page = MessagePageRequest {
            conversation_id,
            place: None,
            limit: 60,
        };
        let messages = store.message_page(&page).await.unwrap().messages;
        let length = messages[0].content.len();
        assert!(length >= longest, "text that was seen does not vanish");
        longest = length;
        let all = ConversationList::first(100);
        assert_eq!(store.list_conversations(&all).await.unwrap().len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_runs_are_written_while_their_pages_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("sirocco.db")).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..8 {
        runs.push(conversation_with_a_run(&store).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (conversation_id, run_id) in runs.clone() {
        tasks.spawn(write(store.clone(), run_id));
        tasks.spawn(read(store.clone(), conversation_id));
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    for (_, run_id) in runs {
        let run = store.run(run_id).await.unwrap();
        assert_eq!(run.state, RunState::Completed);
        let message = store.message(run.message_id).await.unwrap();
        assert!(message.content.ends_with("word 39 "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_ends_exactly_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("sirocco.db")).await.unwrap();
    let (_, run_id) = conversation_with_a_run(&store).await;
    let states = [RunState::Completed, RunState::Stopped, RunState::Failed];
    let mut tasks = tokio::task::JoinSet::new();
    for state in states.into_iter().cycle().take(12) {
        let store = store.clone();
        tasks.spawn(async move {
            let end = RunEnd {
                run_id,
                state,
                statistics: None,
                error: None,
                content: state.as_str().into(),
                reasoning: None,
                unread: false,
                structured_output: None,
            };
            store.finish_run(&end, 5).await.unwrap()
        });
    }
    let ends: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let [(run, message)] = &ends[..] else {
        panic!("{ends:?}")
    };
    assert_eq!(message.content, run.state.as_str());
    assert_eq!(store.run(run_id).await.unwrap(), *run);
    assert_eq!(store.message(message.id).await.unwrap(), *message);
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_half_turn_and_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("sirocco.db")).await.unwrap();
    let (id, run_id) = conversation_with_a_run(&store).await;
    let message = store.run(run_id).await.unwrap().message_id;
    for polls in 0..40 {
        let mut deletion = Box::pin(store.delete_message(message, 5));
        for _ in 0..polls {
            if deletion.now_or_yield().await {
                break;
            }
        }
        drop(deletion);
        // The next writer gets the connection, and sees all of the deletion or nothing of it.
        let restored = store.restore_message(message).await.unwrap();
        assert_eq!(restored.head, Some(message));
        assert_eq!(store.conversation(id).await.unwrap().head, Some(message));
    }
}

/// Polls once and lets others go on.
trait NowOrYield {
    async fn now_or_yield(&mut self) -> bool;
}

impl<F: Future + Unpin> NowOrYield for F {
    async fn now_or_yield(&mut self) -> bool {
        let ready = std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *self).poll(context).is_ready())
        })
        .await;
        tokio::task::yield_now().await;
        ready
    }
}
