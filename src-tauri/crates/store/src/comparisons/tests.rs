use sirocco_protocol::commands::MessageSearch;
use sirocco_protocol::{ModelId, Role, RunState};

use super::*;
use crate::fixture::{ask, conversation, message, model, words};
use crate::{ConversationCopy, RunEnd, TextQuery};

/// A comparison of two models that are in the library.
async fn compared(store: &Store, conversation_id: ConversationId) -> NewComparison {
    let question = message(None, Role::User, "why?");
    let mut answers = Vec::new();
    for name in ["left", "right"] {
        let new = model(&format!("/{name}.gguf"), name);
        let model_id = store.save_model(&new, 1).await.unwrap().model.id;
        answers.push(NewComparedAnswer {
            message: message(Some(question.id), Role::Assistant, ""),
            run_id: RunId::fresh(),
            contestant: NamedContestant {
                model_id,
                preset_id: None,
                model_name: name.into(),
                preset_name: (name == "left").then(|| "Short".into()),
            },
        });
    }
    NewComparison {
        id: ComparisonId::fresh(),
        conversation_id,
        question,
        answers,
        is_blind: true,
        seed: u32::MAX,
        automatic_title: Some("Why".into()),
    }
}

async fn started() -> (Store, NewComparison) {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let new = compared(&store, id).await;
    store.add_comparison(&new, 10).await.unwrap();
    (store, new)
}

async fn end(store: &Store, run_id: RunId, content: &str) {
    let end = RunEnd {
        run_id,
        state: RunState::Completed,
        statistics: None,
        error: None,
        content: content.into(),
        reasoning: None,
        unread: false,
        structured_output: None,
    };
    store.finish_run(&end, 20).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_comparison_comes_back_as_it_was_asked_with_the_left_answer_on_the_branch() {
    let (store, new) = started().await;
    let read = store.comparison(new.id).await.unwrap();
    assert_eq!(read.question_id, new.question.id);
    assert_eq!(
        (read.created_at_ms, read.is_blind, read.seed, read.verdict),
        (10, true, u32::MAX, None)
    );
    let contestants: Vec<_> = read
        .answers
        .iter()
        .map(|answer| &answer.contestant)
        .collect();
    let asked: Vec<_> = new
        .answers
        .iter()
        .map(|answer| &answer.contestant)
        .collect();
    assert_eq!(contestants, asked);
    let after = store.conversation(new.conversation_id).await.unwrap();
    assert_eq!(after.head, Some(new.answers[0].message.id));
    assert_eq!(after.summary.title, "Why");
    let latest = store.latest_comparison(new.conversation_id).await.unwrap();
    assert_eq!(latest.as_ref(), Some(&read));
    assert_eq!(store.comparisons().await.unwrap(), [read]);
}

#[tokio::test]
async fn its_answers_are_written_side_by_side_and_nothing_else_is() {
    let (store, new) = started().await;
    let runs = store.unfinished_runs(new.conversation_id).await.unwrap();
    assert_eq!(runs.len(), 2);
    let again = compared(&store, new.conversation_id).await;
    let refused = store.add_comparison(&again, 11).await.unwrap_err();
    assert!(matches!(refused, StoreError::RunInProgress { .. }));

    end(&store, new.answers[1].run_id, "right").await;
    let running = store.conversation(new.conversation_id).await.unwrap();
    assert!(running.summary.running, "the other one goes on");
    end(&store, new.answers[0].run_id, "left").await;
    assert_eq!(words(&store, new.conversation_id).await, ["why?", "left"]);
    let shown = store.message(new.answers[0].message.id).await.unwrap();
    assert_eq!(shown.versions.len(), 2);
    store.add_comparison(&again, 30).await.unwrap();
}

#[tokio::test]
async fn a_comparison_beside_a_run_or_of_a_model_that_is_not_there_leaves_nothing() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let mut new = compared(&store, id).await;
    ask(&store, id).await;
    let refused = store.add_comparison(&new, 10).await.unwrap_err();
    assert!(matches!(refused, StoreError::RunInProgress { .. }));
    store.interrupt_unfinished(11).await.unwrap();
    new.answers[1].contestant.model_id = ModelId::fresh();
    let refused = store.add_comparison(&new, 12).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::NotFound { what: "model", .. }
    ));
    assert!(store.comparisons().await.unwrap().is_empty());
    assert_eq!(store.latest_comparison(id).await.unwrap(), None);
    assert!(matches!(
        store.comparison(new.id).await.unwrap_err(),
        StoreError::NotFound {
            what: "comparison",
            ..
        }
    ));
}

#[tokio::test]
async fn a_vote_is_kept_once_and_only_for_its_own_answers() {
    let (store, new) = started().await;
    let stray = Verdict::Best {
        message_id: new.question.id,
    };
    let refused = store.vote(new.id, stray).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::NotFound { what: "answer", .. }
    ));
    let best = Verdict::Best {
        message_id: new.answers[1].message.id,
    };
    assert!(store.vote(new.id, best).await.unwrap());
    assert!(!store.vote(new.id, Verdict::Tie).await.unwrap());
    assert_eq!(store.comparison(new.id).await.unwrap().verdict, Some(best));
}

#[tokio::test]
async fn every_verdict_comes_back() {
    for verdict in [Verdict::Tie, Verdict::AllBad] {
        let (store, new) = started().await;
        assert!(store.vote(new.id, verdict).await.unwrap());
        let read = store.comparison(new.id).await.unwrap();
        assert_eq!(read.verdict, Some(verdict));
    }
}

#[tokio::test]
async fn the_memory_of_a_worker_is_kept_with_its_answer() {
    let (store, new) = started().await;
    store
        .note_memory(new.answers[1].message.id, 1 << 33)
        .await
        .unwrap();
    let read = store.comparison(new.id).await.unwrap();
    let memory: Vec<_> = read
        .answers
        .iter()
        .map(|answer| answer.memory_bytes)
        .collect();
    assert_eq!(memory, [None, Some(1 << 33)]);
}

#[tokio::test]
async fn a_deleted_question_is_not_the_latest_and_still_counts() {
    let (store, new) = started().await;
    store.delete_message(new.question.id, 40).await.unwrap();
    assert_eq!(
        store.latest_comparison(new.conversation_id).await.unwrap(),
        None
    );
    assert_eq!(store.comparisons().await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_answers_a_blind_comparison_is_told_nowhere_until_the_vote() {
    let (store, new) = started().await;
    let id = new.conversation_id;
    for (answer, content) in new.answers.iter().zip(["because", "since"]) {
        end(&store, answer.run_id, content).await;
    }
    let all = async |answer: &NewComparedAnswer| {
        let message = store.message(answer.message.id).await.unwrap();
        let run = store.run(answer.run_id).await.unwrap();
        let (_, tree) = store.conversation_tree(id).await.unwrap();
        let in_tree = tree.into_iter().find(|one| one.id == message.id).unwrap();
        let of_message = message.run.unwrap().model_id;
        assert_eq!(
            (in_tree.model_name.as_ref(), of_message),
            (message.model_name.as_ref(), run.model_id)
        );
        (message.model_name, run.model_id)
    };
    assert!(store.conversation(id).await.unwrap().summary.blind);
    for answer in &new.answers {
        assert_eq!(all(answer).await, (None, None));
    }
    let copy = ConversationCopy {
        from: id,
        until: None,
        id: ConversationId::fresh(),
        title: "copy".into(),
    };
    let copied = store.copy_conversation(&copy, 30).await.unwrap().summary.id;

    store.vote(new.id, Verdict::Tie).await.unwrap();
    assert!(!store.conversation(id).await.unwrap().summary.blind);
    for answer in &new.answers {
        let expected = (
            answer.message.model_name.clone(),
            Some(answer.contestant.model_id),
        );
        assert_eq!(all(answer).await, expected);
    }
    let (_, tree) = store.conversation_tree(copied).await.unwrap();
    assert!(
        tree.iter().all(|one| one.model_name.is_none()),
        "nor by a copy"
    );
}

#[tokio::test]
async fn a_search_by_model_does_not_find_what_is_hidden() {
    let (store, new) = started().await;
    for (answer, content) in new.answers.iter().zip(["because", "because"]) {
        end(&store, answer.run_id, content).await;
    }
    let name = new.answers[0].message.model_name.clone();
    let found = async |model_name: Option<String>| {
        let query = TextQuery {
            phrases: vec!["because".into()],
            ..TextQuery::default()
        };
        let request = MessageSearch {
            model_name,
            ..MessageSearch::first("because", 9)
        };
        store.search(&query, &request).await.unwrap()
    };
    let anyones = found(None).await;
    assert_eq!(anyones[0].message.as_ref().unwrap().model_name, None);
    assert!(found(name.clone()).await.is_empty());
    store.vote(new.id, Verdict::AllBad).await.unwrap();
    assert_eq!(found(name).await.len(), 1);
}
