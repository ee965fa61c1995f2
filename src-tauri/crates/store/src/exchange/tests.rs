use super::*;
use crate::fixture::{conversation, message, plan, say, words};
use sirocco_protocol::commands::ConversationUpdate;
use sirocco_protocol::{Folder, Parameters, SummaryId};

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
        good: role == Role::Assistant,
        summary: None,
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
        archived: false,
        folder: Vec::new(),
        tags: Vec::new(),
        notes: String::new(),
        values: LayerValues {
            system_prompt: Some("be brief".into()),
            parameters: Parameters {
                seed: Some(3),
                ..Parameters::default()
            },
        },
        preset: None,
        head: first.id,
        messages: vec![question, first, second],
    }
}

#[tokio::test]
async fn an_imported_conversation_is_there_with_its_whole_tree() {
    let store = Store::open_in_memory().await.unwrap();
    let new = imported("chatgpt:1");
    let Import::Added(summary) = store.import_conversation(&new).await.unwrap() else {
        panic!("it was not new")
    };
    assert_eq!(summary.id, new.id);
    assert_eq!((summary.created_at_ms, summary.updated_at_ms), (5, 6));
    assert!(summary.pinned && !summary.unread && !summary.running);
    assert_eq!(words(&store, new.id).await, ["q", "a1"]);

    let (conversation, tree) = store.conversation_tree(new.id).await.unwrap();
    let values = conversation.settings.values;
    assert_eq!(values, new.values);
    assert_eq!(conversation.head, Some(new.head));
    let ids: Vec<_> = tree.iter().map(|message| message.id).collect();
    let expected: Vec<_> = new.messages.iter().map(|message| message.id).collect();
    assert_eq!(ids, expected);
    let last = &tree[2];
    assert_eq!(last.reasoning.as_deref(), Some("hm"));
    assert!(last.good && !tree[0].good);
    assert_eq!((last.created_at_ms, last.parent_id), (7, Some(ids[0])));
    let run = last.run.as_ref().unwrap();
    assert_eq!((run.state, run.ended_at_ms), (RunState::Stopped, Some(9)));
    assert_eq!(run.statistics.as_ref().unwrap().completion_tokens, 3);
    assert_eq!(run.structured_output.as_deref(), Some("{}"));
}

#[tokio::test]
async fn folder_tags_notes_archive_preset_and_summaries_come_along() {
    let store = Store::open_in_memory().await.unwrap();
    let school = Folder {
        id: FolderId::fresh(),
        parent_id: None,
        name: "School".into(),
    };
    store.add_folder(&school, 1).await.unwrap();
    let full = |key: &str| {
        let mut full = imported(key);
        full.archived = true;
        full.folder = vec!["School".into(), "Sums".into()];
        full.tags = vec!["Easy".into(), "easy".into(), "old".into()];
        full.notes = "ask again".into();
        full.preset = Some(ImportedPreset {
            name: "Tutor".into(),
            values: full.values.clone(),
        });
        full.values.system_prompt = None;
        full.messages[1].summary = Some(Summary {
            id: SummaryId::fresh(),
            text: "so far".into(),
            message_count: 2,
            created_at_ms: 4,
            model_name: None,
            edited: true,
        });
        full
    };
    let (one, two) = (full("sirocco:1"), full("sirocco:2"));
    store.import_conversation(&one).await.unwrap();
    store.import_conversation(&two).await.unwrap();

    let folders = store.list_folders().await.unwrap();
    assert_eq!(folders.len(), 2, "made once: {folders:?}");
    let sums = folders.iter().find(|one| one.name == "Sums").unwrap();
    assert_eq!(sums.parent_id, Some(school.id));
    let presets = store.list_presets().await.unwrap();
    assert_eq!(presets.len(), 1, "made once: {presets:?}");
    for new in [one, two] {
        let (conversation, tree) = store.conversation_tree(new.id).await.unwrap();
        assert!(conversation.summary.archived);
        assert_eq!(conversation.summary.folder_id, Some(sums.id));
        assert_eq!(conversation.summary.tags, ["Easy", "old"]);
        assert_eq!(conversation.notes, "ask again");
        assert_eq!(conversation.settings.preset_id, Some(presets[0].id));
        assert_eq!(conversation.settings.values, new.values);
        assert_eq!(tree[1].summary, new.messages[1].summary);
    }
}

#[tokio::test]
async fn a_folder_holds_what_lies_in_its_folders_archived_or_not() {
    let store = Store::open_in_memory().await.unwrap();
    let mut inner = imported("a");
    inner.folder = vec!["Outer".into(), "Inner".into()];
    inner.archived = true;
    let mut outer = imported("b");
    outer.folder = vec!["Outer".into()];
    outer.updated_at_ms = 60;
    let mut deleted = imported("c");
    deleted.folder = vec!["Outer".into()];
    for one in [&inner, &outer, &deleted, &imported("d")] {
        store.import_conversation(one).await.unwrap();
    }
    store.delete_conversation(deleted.id, 70).await.unwrap();
    let folders = store.list_folders().await.unwrap();
    let folder = |name: &str| folders.iter().find(|one| one.name == name).unwrap().id;
    let within = store.conversations_within(folder("Outer")).await.unwrap();
    assert_eq!(within, [outer.id, inner.id]);
    let within = store.conversations_within(folder("Inner")).await.unwrap();
    assert_eq!(within, [inner.id]);
}

#[tokio::test]
async fn what_came_from_there_is_known_and_comes_back_out_of_the_trash() {
    let store = Store::open_in_memory().await.unwrap();
    let first = imported("chatgpt:1");
    assert_eq!(store.known_conversation(&first.origin).await.unwrap(), None);
    store.import_conversation(&first).await.unwrap();
    let known = |is_trashed| {
        let id = first.id;
        Some(KnownConversation { id, is_trashed })
    };
    let found = store.known_conversation(&first.origin).await.unwrap();
    assert_eq!(found, known(false));
    let again = imported("chatgpt:1");
    let import = store.import_conversation(&again).await.unwrap();
    assert_eq!(import, Import::Known);

    store.delete_conversation(first.id, 20).await.unwrap();
    let found = store.known_conversation(&first.origin).await.unwrap();
    assert_eq!(found, known(true));
    let import = store.import_conversation(&again).await.unwrap();
    assert!(matches!(import, Import::Restored(row) if row.id == first.id));
    assert_eq!(words(&store, first.id).await, ["q", "a1"]);
    assert!(store.conversation(again.id).await.is_err(), "not twice");
}

#[tokio::test]
async fn of_two_with_one_origin_the_one_that_is_not_deleted_counts() {
    let store = Store::open_in_memory().await.unwrap();
    let (first, second) = (imported("chatgpt:1"), imported("chatgpt:2"));
    for one in [&first, &second] {
        store.import_conversation(one).await.unwrap();
    }
    // As databases of before have them, where what lay in the trash was imported again.
    sqlx::query("update conversations set origin = 'chatgpt:1'")
        .execute(&store.writer)
        .await
        .unwrap();
    store.delete_conversation(second.id, 20).await.unwrap();
    let found = store.known_conversation(&first.origin).await.unwrap();
    assert_eq!(
        found.map(|one| (one.id, one.is_trashed)),
        Some((first.id, false))
    );
    store.delete_conversation(first.id, 30).await.unwrap();
    let found = store.known_conversation(&first.origin).await.unwrap();
    assert_eq!(
        found.map(|one| (one.id, one.is_trashed)),
        Some((first.id, true))
    );
}

#[tokio::test]
async fn a_conversation_that_was_written_here_is_known_by_its_id() {
    let store = Store::open_in_memory().await.unwrap();
    let own = conversation(&store, "a", 1).await.summary.id;
    let mut back = imported("sirocco:1");
    back.origin.id = Some(own);
    let import = store.import_conversation(&back).await.unwrap();
    assert_eq!(import, Import::Known);
    store.delete_conversation(own, 2).await.unwrap();
    let import = store.import_conversation(&back).await.unwrap();
    assert!(matches!(import, Import::Restored(row) if row.id == own));
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

#[tokio::test]
async fn all_conversations_are_those_of_the_list_and_then_the_archived_ones() {
    let store = Store::open_in_memory().await.unwrap();
    let mut ids = Vec::new();
    for (title, at_ms) in [("archived", 9), ("old", 1), ("new", 3), ("deleted", 4)] {
        ids.push(conversation(&store, title, at_ms).await.summary.id);
    }
    let [archived, old, new, deleted] = ids[..] else {
        unreachable!()
    };
    let archive = Organising::Archive;
    store.organise(&[archived], &archive, 10).await.unwrap();
    store
        .organise(&[deleted], &Organising::Delete, 10)
        .await
        .unwrap();
    let all = store.all_conversations().await.unwrap();
    assert_eq!(all, [new, old, archived]);
}
