//! Prints how long the queries of a start take on a large database, each as the median and the
//! worst of 50: `cargo run --release -p sirocco-store --example measure`.

use std::time::Instant;

use sirocco_protocol::commands::{ConversationList, MessagePageRequest};
use sirocco_protocol::{
    ConversationCursor, ConversationId, ConversationSettings, MessageId, PagePlace, Role, RunId,
    RunState,
};
use sirocco_store::{NewConversation, NewMessage, NewRun, RunEnd, Store, StoreError, Turn};

const CONVERSATIONS: i64 = 10_000;
const TURNS: usize = 2_000;
const WORDS: [&str; 8] = [
    "Straße", "compiler", "recipe", "holiday", "proof", "sorting", "letter", "Über",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sirocco.db");
    let store = Store::open(&path).await?;
    for number in 0..CONVERSATIONS {
        let word = |step: i64| WORDS[(number / step % 8) as usize];
        let title = format!("{} {} {} {number}", word(1), word(8), word(64));
        create(&store, title, number).await?;
    }
    let long = create(&store, "long".into(), CONVERSATIONS).await?;
    let run = grow(&store, long).await?;
    let head = store.conversation(long).await?.head.expect("it has turns");

    println!("{CONVERSATIONS} conversations, one of {TURNS} turns");
    let list = |query: &str, after| ConversationList {
        query: query.into(),
        after,
        ..ConversationList::first(100)
    };
    let page = |place, limit| MessagePageRequest {
        conversation_id: long,
        place,
        limit,
    };
    measure("list, first 100", async || {
        store.list_conversations(&list("", None)).await
    })
    .await?;
    let middle = Some(ConversationCursor {
        pinned: false,
        updated_at_ms: CONVERSATIONS / 2,
        id: long,
    });
    measure("list, 100 from the middle", async || {
        store.list_conversations(&list("", middle)).await
    })
    .await?;
    measure("list, common words", async || {
        store.list_conversations(&list("über PROOF", None)).await
    })
    .await?;
    measure("list, no match (reads all)", async || {
        store.list_conversations(&list("xyz abc", None)).await
    })
    .await?;
    measure("page, last 60", async || {
        store.message_page(&page(None, 60)).await
    })
    .await?;
    let oldest = store.branch(head).await?[61].id;
    measure("page, oldest 60", async || {
        store
            .message_page(&page(Some(PagePlace::Before(oldest)), 60))
            .await
    })
    .await?;
    measure("branch for the prompt", async || store.branch(head).await).await?;
    let saves = std::cell::Cell::new(0);
    measure("save 20 kB of text, synced", async || {
        saves.set(saves.get() + 1);
        let text = format!("twenty characters {}\n", saves.get() % 10).repeat(1_000);
        let saved = store.save_text(run, &text, None).await?;
        assert!(saved, "the last run has not ended");
        Ok(())
    })
    .await?;

    let started = Instant::now();
    store.close().await;
    Store::open(&path).await?;
    println!("{:<28} {:>9.2?}", "close and open", started.elapsed());
    Ok(())
}

async fn create(store: &Store, title: String, now_ms: i64) -> Result<ConversationId, StoreError> {
    let id = ConversationId::fresh();
    let new = NewConversation {
        id,
        title,
        model_id: None,
        settings: ConversationSettings::default(),
    };
    store.create_conversation(new, now_ms).await?;
    Ok(id)
}

/// 2,000 turns of a question and an answer with its run; every tenth answer has three versions.
async fn grow(store: &Store, conversation_id: ConversationId) -> Result<RunId, StoreError> {
    let message = |parent_id, role, content: &str| NewMessage {
        id: MessageId::fresh(),
        parent_id,
        role,
        content: content.into(),
        reasoning: None,
        model_name: None,
        attachments: Vec::new(),
    };
    let answer_text = "Some words of an answer. ".repeat(40);
    let mut parent = None;
    let mut last = None;
    for number in 0..TURNS {
        let question = message(parent, Role::User, "And what then?");
        let answers = if number % 10 == 0 { 3 } else { 1 };
        let mut messages = vec![question.clone()];
        messages.extend(
            (0..answers).map(|_| message(Some(question.id), Role::Assistant, &answer_text)),
        );
        let answer = messages[messages.len() - 1].id;
        let run = NewRun {
            id: RunId::fresh(),
            message_id: answer,
            model_id: None,
        };
        let run_id = run.id;
        let turn = Turn {
            conversation_id,
            messages,
            run: Some(run),
            automatic_title: None,
            clear_draft: false,
        };
        store.add_turn(&turn, CONVERSATIONS).await?;
        if number + 1 < TURNS {
            let end = RunEnd {
                run_id,
                state: RunState::Completed,
                statistics: Some(Default::default()),
                error: None,
                content: answer_text.clone(),
                reasoning: None,
                unread: false,
                structured_output: None,
            };
            store.finish_run(&end, CONVERSATIONS).await?;
        }
        parent = Some(answer);
        last = Some(run_id);
    }
    Ok(last.expect("there is at least one turn"))
}

async fn measure<T>(
    name: &str,
    query: impl AsyncFn() -> Result<T, StoreError>,
) -> Result<(), StoreError> {
    let mut times = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        query().await?;
        times.push(started.elapsed());
    }
    times.sort();
    println!("{name:<28} {:>9.2?} {:>9.2?}", times[25], times[49]);
    Ok(())
}
