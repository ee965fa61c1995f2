use super::*;
use crate::fixture::{ask, conversation, model, plan};
use sirocco_protocol::{Parameters, Preset};

fn all(query: &str) -> ConversationList {
    ConversationList {
        query: query.into(),
        ..ConversationList::first(100)
    }
}

async fn titles(store: &Store, request: ConversationList) -> Vec<String> {
    let rows = store.list_conversations(&request).await.unwrap();
    rows.into_iter().map(|row| row.title).collect()
}

#[tokio::test]
async fn the_list_has_pinned_ones_first_then_the_newest() {
    let store = Store::open_in_memory().await.unwrap();
    for (title, time) in [("old", 1), ("older", 0), ("new", 3), ("middle", 2)] {
        let made = conversation(&store, title, time).await;
        let mut changes = ConversationUpdate::of(made.summary.id);
        changes.pinned = Some(title == "old");
        store.update_conversation(&changes).await.unwrap();
    }
    assert_eq!(
        titles(&store, all("")).await,
        ["old", "new", "middle", "older"]
    );
}

#[tokio::test]
async fn pages_of_the_list_neither_repeat_nor_skip() {
    let store = Store::open_in_memory().await.unwrap();
    // Three for each millisecond, and more pinned ones than fit on a page.
    for number in 0..60 {
        let made = conversation(&store, &format!("n{number}"), number / 3).await;
        let mut changes = ConversationUpdate::of(made.summary.id);
        changes.pinned = Some(number % 4 == 0);
        store.update_conversation(&changes).await.unwrap();
    }
    let whole = store.list_conversations(&all("")).await.unwrap();
    assert_eq!(whole.len(), 60);
    for limit in [1, 2, 7] {
        let mut seen = Vec::new();
        let mut request = all("");
        request.limit = limit;
        loop {
            let page = store.list_conversations(&request).await.unwrap();
            let Some(last) = page.last() else { break };
            request.after = Some(last.into());
            seen.extend(page);
        }
        assert_eq!(seen, whole, "in pages of {limit}");
    }
}

#[tokio::test]
async fn every_word_of_the_query_must_occur_in_any_case_and_alphabet() {
    let store = Store::open_in_memory().await.unwrap();
    conversation(&store, "Über die ÄPFEL 100%", 1).await;
    conversation(&store, "Apples", 2).await;
    assert_eq!(titles(&store, all("äpfel ÜBER")).await.len(), 1);
    assert_eq!(titles(&store, all("äpfel pears")).await.len(), 0);
    assert_eq!(titles(&store, all("0%")).await.len(), 1);
    assert_eq!(titles(&store, all("%")).await.len(), 1);
    assert_eq!(titles(&store, all("  ")).await.len(), 2);
}

#[tokio::test]
async fn a_conversation_with_an_unfinished_run_is_running() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    ask(&store, id).await;
    assert!(store.list_conversations(&all("")).await.unwrap()[0].running);
    store.interrupt_unfinished(20).await.unwrap();
    assert!(!store.conversation(id).await.unwrap().summary.running);
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_leaves_the_rest() {
    let store = Store::open_in_memory().await.unwrap();
    let before = conversation(&store, "a", 1).await;
    let id = before.summary.id;
    assert_eq!(
        store
            .update_conversation(&ConversationUpdate::of(id))
            .await
            .unwrap(),
        before
    );

    let model = store.save_model(&model("/m", "m"), 1).await.unwrap();
    let preset = Preset {
        id: PresetId::fresh(),
        name: "Brief".into(),
        values: LayerValues::default(),
        created_at_ms: 1,
        updated_at_ms: 1,
    };
    store.add_preset(&preset).await.unwrap();
    let settings = ConversationSettings {
        preset_id: Some(preset.id),
        values: LayerValues {
            system_prompt: Some("be brief".into()),
            parameters: Parameters {
                seed: Some(u64::MAX),
                temperature: Some(0.25),
                ..Parameters::default()
            },
        },
    };
    let changes = ConversationUpdate {
        id,
        title: Some("b".into()),
        pinned: Some(true),
        model_id: Some(model.model.id),
        settings: Some(settings.clone()),
        draft: Some("but ".into()),
        draft_attachments: Some(Vec::new()),
        notes: Some("for Ada".into()),
        unread: Some(true),
    };
    let after = store.update_conversation(&changes).await.unwrap();
    assert_eq!(after.summary.title, "b");
    assert!(after.summary.pinned && after.summary.unread);
    assert_eq!(after.model_id, changes.model_id);
    assert_eq!(after.settings, settings);
    assert_eq!(
        (after.draft.as_str(), after.notes.as_str()),
        ("but ", "for Ada")
    );
    assert_eq!(after.summary.updated_at_ms, 1);
    assert_eq!(store.conversation(id).await.unwrap(), after);

    let mut cleared = ConversationUpdate::of(id);
    cleared.draft = Some(String::new());
    cleared.pinned = Some(false);
    let after = store.update_conversation(&cleared).await.unwrap();
    assert_eq!(
        (after.draft.as_str(), after.notes.as_str()),
        ("", "for Ada")
    );
    assert!(!after.summary.pinned && after.summary.unread);
    assert_eq!(after.settings, settings);

    cleared.settings = Some(ConversationSettings::default());
    let after = store.update_conversation(&cleared).await.unwrap();
    assert_eq!(after.settings, ConversationSettings::default());
}

#[tokio::test]
async fn no_system_prompt_is_not_the_same_as_an_empty_one() {
    let store = Store::open_in_memory().await.unwrap();
    let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
    for system_prompt in [Some(String::new()), None, Some("be brief".into())] {
        let mut settings = ConversationSettings::default();
        settings.values.system_prompt = system_prompt;
        changes.settings = Some(settings.clone());
        let after = store.update_conversation(&changes).await.unwrap();
        assert_eq!(after.settings, settings);
    }
}

#[tokio::test]
async fn a_preset_that_is_not_there_is_named() {
    let store = Store::open_in_memory().await.unwrap();
    let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
    changes.settings = Some(ConversationSettings {
        preset_id: Some(PresetId::fresh()),
        values: LayerValues::default(),
    });
    let error = store.update_conversation(&changes).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "preset", .. }));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_named() {
    let store = Store::open_in_memory().await.unwrap();
    let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
    changes.model_id = Some(ModelId::fresh());
    let error = store.update_conversation(&changes).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "model", .. }));
}

#[tokio::test]
async fn a_deleted_conversation_is_gone_until_it_is_restored() {
    let store = Store::open_in_memory().await.unwrap();
    let made = conversation(&store, "a", 1).await;
    let id = made.summary.id;
    store.delete_conversation(id, 5).await.unwrap();

    assert!(titles(&store, all("")).await.is_empty());
    let missing = |error| matches!(error, StoreError::NotFound { .. });
    assert!(missing(store.conversation(id).await.unwrap_err()));
    assert!(missing(
        store
            .update_conversation(&ConversationUpdate::of(id))
            .await
            .unwrap_err()
    ));
    assert!(missing(store.delete_conversation(id, 6).await.unwrap_err()));

    assert_eq!(store.restore_conversation(id).await.unwrap(), made);
    assert_eq!(store.restore_conversation(id).await.unwrap(), made);
    let unknown = store.restore_conversation(ConversationId::fresh()).await;
    assert!(missing(unknown.unwrap_err()));
}

#[tokio::test]
async fn the_list_comes_from_its_index_without_sorting() {
    let store = Store::open_in_memory().await.unwrap();
    for sql in [LIST_FIRST, LIST_NEXT] {
        let plan = plan(&store, sql).await;
        assert!(plan.contains("INDEX conversations_by_time"), "{plan}");
        assert!(plan.contains("INDEX runs_unfinished"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
    let next = plan(&store, LIST_NEXT).await;
    assert!(next.contains("(pinned,updated_at_ms,id)<"), "{next}");
}
