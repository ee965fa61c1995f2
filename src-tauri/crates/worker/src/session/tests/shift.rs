//! Contexts that shift.

use super::*;
use crate::session::shift::LONGEST_IN_CONTEXTS;

fn shifting(wanted: &str) -> Case {
    let mut case = wanting(wanted);
    case.session.engine.shifts = true;
    case
}

fn id(word: &str) -> u32 {
    WORDS.iter().position(|other| *other == word).unwrap() as u32
}

#[test]
fn an_answer_goes_on_without_the_older_half_and_says_so() {
    let mut case = shifting("b");
    let (reason, usage, computed) = case.generate("aa", Some(12));
    assert_eq!(
        (reason, usage.completion_tokens),
        (FinishReason::MaxTokens, 12)
    );
    // Eight fit: two of the four behind the first four go, three times.
    assert_eq!(usage.shifted_tokens, 6);
    assert_eq!(computed, 3 + 11);
    assert_eq!(case.session.cached.len(), case.session.engine.cached);
    let kept = ["<s>", "a", "a", "b"].map(id);
    assert_eq!(case.session.cached[..4], kept);
}

#[test]
fn an_answer_that_fits_is_as_it_is_without() {
    for max_tokens in [0, 5] {
        let (reason, usage, computed) = shifting("b").generate("aa", Some(max_tokens));
        assert_eq!(reason, FinishReason::MaxTokens);
        assert_eq!(
            (usage.shifted_tokens, usage.completion_tokens),
            (0, max_tokens)
        );
        let (_, _, without) = wanting("b").generate("aa", Some(max_tokens));
        assert_eq!(computed, without);
    }
}

#[test]
fn an_answer_that_nobody_limits_has_an_end() {
    let (reason, usage, _) = shifting("b").generate("aa", None);
    assert_eq!(reason, FinishReason::ContextFull);
    let longest = LONGEST_IN_CONTEXTS * CONTEXT;
    assert_eq!(usage.completion_tokens as usize, longest);
}

#[test]
fn only_what_no_shift_touched_is_kept_for_the_next_prompt() {
    let mut case = shifting("b");
    case.generate("aa", Some(8));
    // All of it stands in the cache by its tokens, and half of it saw what is gone.
    let (_, usage, computed) = case.generate("aabbbb", Some(1));
    assert_eq!((usage.cached_tokens, computed), (4, 3));
    // From then on it is whole.
    let (_, usage, _) = case.generate("aabbbb", Some(1));
    assert_eq!(usage.cached_tokens, 5);
}

#[test]
fn what_a_draft_guesses_changes_nothing_about_a_shift() {
    let b = id("b");
    for guesses in [vec![b, b, b], vec![id("a"), b], vec![b; 7]] {
        let mut case = shifting("b");
        case.session.engine.guesses = guesses;
        let (reason, usage, _) = case.generate("aa", Some(20));
        assert_eq!(
            (reason, usage.completion_tokens),
            (FinishReason::MaxTokens, 20)
        );
        assert!(usage.shifted_tokens > 0);
        assert_eq!(case.session.cached.len(), case.session.engine.cached);
    }
}

#[test]
fn a_long_text_that_a_form_dictates_shifts_more_than_once() {
    let mut case = shifting("a");
    let request = GenerateRequest {
        constraint: Some(sirocco_engine_wire::Constraint::Regex {
            pattern: "b{30}(a|b)".into(),
        }),
        ..plain("a", None)
    };
    let mut text = String::new();
    let emit = &mut |frame| {
        if let FromWorker::Tokens(chunk) = frame {
            text.push_str(&chunk.text);
        }
    };
    let stop = AtomicBool::new(false);
    let (reason, usage) = case.session.generate(&request, &stop, emit).unwrap();
    assert_eq!(reason, FinishReason::EndOfTurn);
    assert_eq!(text, "b".repeat(30) + "a");
    assert!(usage.shifted_tokens > 20, "{usage:?}");
    assert_eq!(case.session.cached.len(), case.session.engine.cached);
}

#[test]
fn instructions_stay_with_the_token_that_ends_them() {
    let lasting = |role: &str, content: &str| {
        let language = language("{{ messages[0].content | trim }}</s>bb{# tools #}");
        let message = ChatMessage {
            role: role.into(),
            content: content.into(),
            ..ChatMessage::default()
        };
        let prompt = Prompt::Chat {
            messages: vec![message],
            continue_last: false,
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        };
        language.lasting(&prompt, &language.encode(&prompt).unwrap())
    };
    assert_eq!(lasting("system", " aabbaa "), 8, "<s>, six letters, </s>");
    assert_eq!(lasting("user", "aabbaa"), 4);
    assert_eq!(lasting("system", ""), 4);
}

#[test]
fn a_context_with_an_image_does_not_shift() {
    let mut case = shifting("b");
    let request = GenerateRequest {
        max_tokens: None,
        ..seen("aa", &[(0, "x")])
    };
    let stop = AtomicBool::new(false);
    let (reason, usage) = case.session.generate(&request, &stop, &mut |_| {}).unwrap();
    assert_eq!(
        (reason, usage.shifted_tokens),
        (FinishReason::ContextFull, 0)
    );
}
