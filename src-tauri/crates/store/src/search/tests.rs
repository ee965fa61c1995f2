use super::*;
use crate::fixture::{ask, conversation, message, say};
use crate::{NewMessage, RunEnd, Turn};
use proptest::prelude::*;
use sirocco_protocol::commands::ConversationUpdate;
use sirocco_protocol::{ConversationId, Folder, FolderId, Organising, RunState};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Words as a person types them; the last one is a beginning.
fn typed(words: &str) -> TextQuery {
    TextQuery {
        phrases: words.split_whitespace().map(str::to_owned).collect(),
        last_is_prefix: true,
        inside_words: false,
    }
}

fn all() -> MessageSearch {
    MessageSearch::first("", 100)
}

/// What is found, each as its title and the newest message.
async fn found_with(store: &Store, words: &str, request: &MessageSearch) -> Vec<String> {
    let found = store.search(&typed(words), request).await.unwrap();
    let line = |one: FoundConversation| {
        let message = one
            .message
            .map_or("-".to_owned(), |message| message.content);
        format!(
            "{}: {message} ({})",
            one.conversation.title, one.message_count
        )
    };
    found.into_iter().map(line).collect()
}

async fn found(store: &Store, words: &str) -> Vec<String> {
    found_with(store, words, &all()).await
}

/// A conversation in which these words were said, one after the other, by each in turn.
async fn talk(store: &Store, title: &str, words: &[&str]) -> (ConversationId, Vec<NewMessage>) {
    let id = conversation(store, title, 1).await.summary.id;
    let mut messages: Vec<NewMessage> = Vec::new();
    for (number, words) in words.iter().enumerate() {
        let role = [Role::User, Role::Assistant][number % 2];
        let parent = messages.last().map(|last| last.id);
        messages.push(message(parent, role, words));
    }
    say(store, id, &messages).await;
    (id, messages)
}

#[tokio::test]
async fn every_word_must_occur_and_the_last_may_be_a_beginning() {
    let store = Store::open_in_memory().await.unwrap();
    talk(
        &store,
        "a",
        &["Why is the sky blue?", "Because of scattering."],
    )
    .await;
    talk(&store, "b", &["Is the sea blue?"]).await;
    assert_eq!(
        found(&store, "sky blu").await,
        ["a: Why is the sky blue? (1)"]
    );
    assert_eq!(found(&store, "BLUE the").await.len(), 2);
    assert!(found(&store, "sk blue").await.is_empty());
    assert!(found(&store, "sky sea").await.is_empty());
    assert!(found(&store, "").await.is_empty());
    let whole = TextQuery {
        last_is_prefix: false,
        ..typed("blu")
    };
    assert!(store.search(&whole, &all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_phrase_stands_as_it_is_whatever_is_between_its_words() {
    let store = Store::open_in_memory().await.unwrap();
    talk(&store, "a", &["the read-only file"]).await;
    talk(&store, "b", &["only read it"]).await;
    assert_eq!(
        found(&store, "read-onl").await,
        ["a: the read-only file (1)"]
    );
    let phrase = TextQuery {
        phrases: vec!["read only".into(), "the".into()],
        ..TextQuery::default()
    };
    assert_eq!(store.search(&phrase, &all()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn case_and_diacritics_do_not_count() {
    let store = Store::open_in_memory().await.unwrap();
    talk(&store, "Café", &["Ein Äpfelchen für Zoë", "naïve résumé"]).await;
    for words in ["apfelchen FUR zoe", "ÄPFEL", "resume naïv"] {
        assert_eq!(found(&store, words).await.len(), 1, "{words}");
    }
    assert_eq!(found(&store, "cafe").await, ["Café: - (0)"]);
}

#[tokio::test]
async fn titles_come_first_then_the_newest_and_each_conversation_once() {
    let store = Store::open_in_memory().await.unwrap();
    talk(&store, "old", &["rain here", "rain there"]).await;
    talk(&store, "Rain", &["something else"]).await;
    let (id, messages) = talk(&store, "new", &["no"]).await;
    let later = message(Some(messages[0].id), Role::User, "rain again");
    let turn = Turn {
        conversation_id: id,
        messages: vec![later],
        run: None,
        automatic_title: None,
        clear_draft: false,
    };
    store.add_turn(&turn, 90).await.unwrap();
    let expected = ["Rain: - (0)", "new: rain again (1)", "old: rain there (2)"];
    assert_eq!(found(&store, "rain").await, expected);
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip() {
    let store = Store::open_in_memory().await.unwrap();
    for number in 0..23 {
        let title = if number % 5 == 0 { "wind" } else { "other" };
        talk(&store, title, &["the wind", &format!("wind {number}")]).await;
    }
    let whole = store.search(&typed("wind"), &all()).await.unwrap();
    assert_eq!(whole.len(), 23);
    let mut seen = Vec::new();
    let mut request = MessageSearch { limit: 4, ..all() };
    loop {
        let page = store.search(&typed("wind"), &request).await.unwrap();
        let Some(last) = page.last() else { break };
        request.after = Some(last.place);
        seen.extend(page);
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn filters_hold_for_messages_and_leave_out_titles_that_have_no_role() {
    let store = Store::open_in_memory().await.unwrap();
    talk(&store, "wind", &["wind of mine", "wind of the model"]).await;
    let request = |role, model_name: Option<&str>| MessageSearch {
        role,
        model_name: model_name.map(str::to_owned),
        ..all()
    };
    let mine = request(Some(Role::User), None);
    assert_eq!(
        found_with(&store, "wind", &mine).await,
        ["wind: wind of mine (1)"]
    );
    let tiny = request(None, Some("Tiny"));
    assert_eq!(
        found_with(&store, "wind", &tiny).await,
        ["wind: wind of the model (1)"]
    );
    let other = request(None, Some("Other"));
    assert!(found_with(&store, "wind", &other).await.is_empty());
    // Everything was said at 10.
    let dates = |from_ms, until_ms| MessageSearch {
        from_ms,
        until_ms,
        ..all()
    };
    for (from_ms, until_ms, there) in [
        (Some(10), Some(11), true),
        (None, Some(10), false),
        (Some(11), None, false),
    ] {
        let found = found_with(&store, "wind", &dates(from_ms, until_ms)).await;
        assert_eq!(!found.is_empty(), there, "{from_ms:?} {until_ms:?}");
    }
}

#[tokio::test]
async fn what_is_deleted_is_not_found_until_it_is_restored() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, messages) = talk(&store, "weather", &["one rain", "two rain", "three rain"]).await;
    let count = async || {
        let found = store.search(&typed("rain"), &all()).await.unwrap();
        found.first().map_or(0, |one| one.message_count)
    };
    assert_eq!(count().await, 3);
    store.delete_message(messages[1].id, 20).await.unwrap();
    assert_eq!(count().await, 1, "what is under it goes with it");
    store.delete_message(messages[0].id, 21).await.unwrap();
    assert_eq!(count().await, 0);
    store.restore_message(messages[0].id).await.unwrap();
    assert_eq!(count().await, 1, "what was deleted before stays deleted");
    store.restore_message(messages[2].id).await.unwrap();
    assert_eq!(count().await, 3);

    store.delete_conversation(id, 22).await.unwrap();
    assert_eq!(count().await, 0);
    assert!(found(&store, "weather").await.is_empty());
    store.restore_conversation(id).await.unwrap();
    assert_eq!(count().await, 3);
    assert_eq!(found(&store, "weather").await.len(), 1);
}

#[tokio::test]
async fn a_new_title_replaces_the_old_one() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "before", 1).await.summary.id;
    let rename = ConversationUpdate {
        title: Some("after".into()),
        ..ConversationUpdate::of(id)
    };
    store.update_conversation(&rename).await.unwrap();
    assert!(found(&store, "before").await.is_empty());
    assert_eq!(found(&store, "after").await, ["after: - (0)"]);
}

#[tokio::test]
async fn an_answer_is_found_once_it_is_written() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let run = ask(&store, id).await;
    for words in ["first", "first words"] {
        store.save_text(run.id, words, None).await.unwrap();
        assert!(
            found(&store, "first").await.is_empty(),
            "not with each save"
        );
    }
    let end = RunEnd {
        run_id: run.id,
        state: RunState::Completed,
        statistics: None,
        error: None,
        content: "first words, last words".into(),
        reasoning: None,
        unread: false,
        structured_output: None,
    };
    store.finish_run(&end, 20).await.unwrap().unwrap();
    assert_eq!(
        found(&store, "last").await,
        ["a: first words, last words (1)"]
    );

    let other = conversation(&store, "b", 1).await.summary.id;
    let run = ask(&store, other).await;
    store.save_text(run.id, "broken off", None).await.unwrap();
    store.interrupt_unfinished(30).await.unwrap();
    assert_eq!(found(&store, "broken").await, ["b: broken off (1)"]);
}

#[tokio::test]
async fn words_that_are_everywhere_are_looked_for_in_the_newest_messages() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let messages: Vec<_> = (0..2_100)
        .map(|_| message(None, Role::User, "wind"))
        .collect();
    say(&store, id, &messages).await;
    let found = store.search(&typed("wind"), &all()).await.unwrap();
    assert_eq!(found[0].message_count, 2_000);
}

async fn note(store: &Store, id: ConversationId, notes: &str) {
    let changes = ConversationUpdate {
        notes: Some(notes.into()),
        ..ConversationUpdate::of(id)
    };
    store.update_conversation(&changes).await.unwrap();
}

#[tokio::test]
async fn notes_are_found_as_they_are_now_and_have_no_author() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, _) = talk(&store, "a", &["the wind"]).await;
    let (other, _) = talk(&store, "b", &["the rain"]).await;
    note(&store, id, "ask Ada about the rain").await;
    let found = async |words: &str, request: &MessageSearch| {
        let found = store.search(&typed(words), request).await.unwrap();
        let line = |one: FoundConversation| (one.conversation.title, one.message_count, one.notes);
        found.into_iter().map(line).collect::<Vec<_>>()
    };
    let noted = |count| {
        (
            "a".to_owned(),
            count,
            Some("ask Ada about the rain".to_owned()),
        )
    };
    assert_eq!(found("ada", &all()).await, [noted(0)]);
    assert_eq!(found("the", &all()).await.len(), 2);
    assert!(
        found("the", &all()).await.contains(&noted(1)),
        "beside a message"
    );
    let mine = MessageSearch {
        role: Some(Role::User),
        ..all()
    };
    assert_eq!(found("rain", &mine).await, [("b".to_owned(), 1, None)]);

    let copy = crate::ConversationCopy {
        from: id,
        until: None,
        id: ConversationId::fresh(),
        title: "copy".into(),
    };
    store.copy_conversation(&copy, 20).await.unwrap();
    assert_eq!(found("ada", &all()).await.len(), 2, "a copy has them, too");
    note(&store, id, "").await;
    note(&store, other, "ada, again").await;
    let titles: Vec<_> = found("ada", &all())
        .await
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(titles.len(), 2);
    assert!(!titles.contains(&"a".to_owned()), "{titles:?}");
    store.delete_conversation(other, 30).await.unwrap();
    assert_eq!(found("ada", &all()).await.len(), 1);
    store.remove_conversations(&[other]).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from note_index")
        .fetch_one(&store.reader)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn words_inside_a_run_without_spaces_are_found_everywhere() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, _) = talk(
        &store,
        "日本語の文法",
        &["今日は漢字を勉強します", "100% sure_ly"],
    )
    .await;
    note(&store, id, "来週までに練習").await;
    let inside = async |words: &str| {
        let query = TextQuery {
            inside_words: true,
            ..typed(words)
        };
        store.search(&query, &all()).await.unwrap()
    };
    assert!(found(&store, "漢字").await.is_empty());
    let messages = inside("漢字").await;
    assert_eq!(messages[0].message_count, 1);
    assert!(!messages[0].place.titled && messages[0].notes.is_none());
    assert!(inside("文法").await[0].place.titled);
    assert!(inside("練習").await[0].notes.is_some());
    assert_eq!(inside("漢字 勉強").await.len(), 1);
    assert!(inside("漢字 文法").await.is_empty(), "all in one place");
    assert_eq!(inside("0% SURE_").await.len(), 1);
    assert!(
        inside("0_ sure").await.is_empty(),
        "signs stand for themselves"
    );
    store.delete_conversation(id, 20).await.unwrap();
    assert!(inside("漢字").await.is_empty());
}

#[tokio::test]
async fn the_models_that_wrote_are_listed_once_each() {
    let store = Store::open_in_memory().await.unwrap();
    assert!(store.models_of_messages().await.unwrap().is_empty());
    talk(&store, "a", &["why?", "so", "and?", "so"]).await;
    let id = conversation(&store, "b", 1).await.summary.id;
    let other = NewMessage {
        model_name: Some("gpt-4o".into()),
        ..message(None, Role::Assistant, "imported")
    };
    say(&store, id, &[other]).await;
    assert_eq!(
        store.models_of_messages().await.unwrap(),
        ["Tiny", "gpt-4o"]
    );
    let plan = crate::fixture::plan(&store, MODELS).await;
    assert!(!plan.contains("SCAN message_numbers"), "{plan}");
}

#[tokio::test]
async fn the_migration_indexes_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sirocco.db");
    let older = sqlx::migrate::Migrator::with_migrations(
        crate::open::MIGRATIONS
            .iter()
            .filter(|migration| migration.version < 4)
            .cloned()
            .collect(),
    );
    let store = crate::open::open_with(&path, &older, crate::open::Aside::Copied)
        .await
        .unwrap();
    store.close().await;
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let (id, [question, answer, under]) = (
        ConversationId::fresh(),
        [(); 3].map(|()| MessageId::fresh()),
    );
    let rows = format!(
        "insert into conversations (id, title, title_folded, title_is_automatic, created_at_ms,
                                    updated_at_ms, parameters, system_prompt)
         values ('{id}', 'Old weather', 'old weather', 0, 1, 1, '{{}}', '');
         insert into messages (id, conversation_id, parent_id, role, created_at_ms, deleted_at_ms, content)
         values ('{question}', '{id}', null, 'user', 1, null, 'old rain'),
                ('{answer}', '{id}', '{question}', 'assistant', 1, 5, 'deleted rain'),
                ('{under}', '{id}', '{answer}', 'user', 1, null, 'rain under it')"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    assert_eq!(found(&store, "rain").await, ["Old weather: old rain (1)"]);
    assert_eq!(found(&store, "weather").await, ["Old weather: - (0)"]);
    store.restore_message(answer).await.unwrap();
    assert_eq!(
        found(&store, "rain").await,
        ["Old weather: rain under it (3)"]
    );
}

#[tokio::test]
async fn no_step_of_a_search_reads_a_whole_table() {
    let store = Store::open_in_memory().await.unwrap();
    let plan = crate::fixture::plan(&store, SEARCH).await;
    let steps = plan.split("SCAN ");
    let scanned: Vec<&str> = steps
        .filter_map(|step| step.split_whitespace().next())
        .collect();
    for table in ["n", "c", "m", "messages", "conversations"] {
        assert!(!scanned.contains(&table), "{plan}");
    }
    assert!(scanned.contains(&"note_index"), "{plan}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_a_wrong_query(
        phrases in prop::collection::vec(prop_oneof!["\\PC{0,12}", "[\"*()^:{}+\\-\\x00 a]{0,8}", "(AND|OR|NOT|NEAR)"], 0..6),
        last_is_prefix in any::<bool>(),
        inside_words in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let query = TextQuery { phrases, last_is_prefix, inside_words };
        runtime.block_on(async {
            let store = Store::open_in_memory().await.unwrap();
            store.search(&query, &all()).await.map(|_| ())
        }).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    }
}

#[tokio::test]
async fn a_folder_is_searched_with_those_inside_it_and_a_tag_in_any_case() {
    let store = Store::open_in_memory().await.unwrap();
    let outer = folder(None);
    let inner = folder(Some(outer.id));
    store.add_folder(&outer, 1).await.unwrap();
    store.add_folder(&inner, 1).await.unwrap();
    for (title, folder_id) in [("a", Some(outer.id)), ("b", Some(inner.id)), ("c", None)] {
        let (id, _) = talk(&store, title, &["wind"]).await;
        let into = Organising::Move { folder_id };
        store.organise(&[id], &into, 2).await.unwrap();
        let tag = Organising::Tag {
            tag: format!("T-{title}"),
        };
        store.organise(&[id], &tag, 3).await.unwrap();
    }
    let count = async |words: &str, folder: Option<&Folder>, tag: Option<&str>| {
        let request = MessageSearch {
            folder_id: folder.map(|folder| folder.id),
            tag: tag.map(str::to_owned),
            ..all()
        };
        found_with(&store, words, &request).await.len()
    };
    assert_eq!(count("wind", None, None).await, 3);
    assert_eq!(count("wind", Some(&outer), None).await, 2);
    assert_eq!(count("wind", Some(&inner), None).await, 1);
    assert_eq!(count("wind", None, Some("t-C")).await, 1);
    assert_eq!(count("wind", Some(&outer), Some("t-c")).await, 0);
    assert_eq!(count("b", Some(&outer), None).await, 1, "titles too");
    assert_eq!(count("b", Some(&outer), Some("t-a")).await, 0);
}

fn folder(parent_id: Option<FolderId>) -> Folder {
    Folder {
        id: FolderId::fresh(),
        parent_id,
        name: "f".into(),
    }
}
