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
async fn an_answer_can_be_marked_as_good_and_a_question_cannot() {
    let (store, id, ids) = ten().await;
    for good in [true, false] {
        let changed = store.mark_good(ids[3], good).await.unwrap();
        assert_eq!((changed.id, changed.good), (ids[3], good));
        let (_, tree) = store.conversation_tree(id).await.unwrap();
        let marked = tree.iter().filter(|message| message.good);
        assert_eq!(marked.count(), usize::from(good));
    }
    assert!(store.mark_good(ids[2], true).await.is_err());
    store.delete_message(ids[2], 20).await.unwrap();
    assert!(store.mark_good(ids[3], true).await.is_err());
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
            summary: None,
        },
        BranchMessage {
            id: answer.id,
            role: Role::Assistant,
            content: "a".into(),
            reasoning: Some("hm".into()),
            left_out: false,
            attachments: Vec::new(),
            summary: None,
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
