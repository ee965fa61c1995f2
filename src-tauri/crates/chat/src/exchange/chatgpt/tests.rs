use super::super::fixture::{CHATGPT, NOW_MS, drawn, reading, refusal};
use super::*;
use serde_json::json;
use sirocco_protocol::LeftOut;

#[test]
fn an_export_keeps_branches_thoughts_models_and_times() {
    let reading = reading("conversations.json", CHATGPT);
    let [tides] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(
        tides.id.as_deref(),
        Some("6553f100-aaaa-bbbb-cccc-000000000001")
    );
    assert_eq!(tides.title, "Tides and moons");
    assert_eq!(tides.created_at_ms, 1_700_000_000_250);
    assert_eq!(tides.updated_at_ms, 1_700_000_500_500);
    assert!(tides.pinned);
    assert_eq!(
        drawn(tides),
        [
            ">u: Why two tides a day?",
            "   a: Because there are **two** bulges, 12.4 hours apart.",
            "     u: And neap tides?",
            ">  a: The moon pulls the near side more than the far side.",
        ]
    );
    let thought = &tides.messages[1];
    assert_eq!(
        thought.reasoning.as_deref(),
        Some("The far side\n\nTwo bulges.")
    );
    assert_eq!(thought.model_name.as_deref(), Some("gpt-thinker"));
    assert_eq!(
        thought.created_at_ms, 1_700_000_110_000,
        "when it began to think"
    );
    assert_eq!(tides.messages[3].model_name.as_deref(), Some("gpt-default"));
    assert_eq!(tides.messages[0].model_name, None);
    assert_eq!(tides.branch_count(), 2);
}

#[test]
fn what_is_left_out_and_refused_is_said() {
    let reading = reading("conversations.json", CHATGPT);
    let count = |kind, count| LeftOut { kind, count };
    assert_eq!(
        reading.left_out(),
        [
            count(LeftOutKind::EmptyConversations, 1),
            count(LeftOutKind::Attachments, 1),
            count(LeftOutKind::Tools, 2),
            count(LeftOutKind::Hidden, 1),
        ]
    );
    let [cut] = &reading.refused[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(cut.name, "Cut in two");
    assert_eq!(cut.reason, "message `b` answers `a`, which is not there");
}

fn one(message: serde_json::Value) -> serde_json::Value {
    json!({ "title": "", "mapping": { "a": { "parent": null, "message": message } } })
}

#[test]
fn the_first_system_message_is_the_prompt_and_code_is_fenced() {
    let said = |role: &str, content: serde_json::Value| json!({ "author": { "role": role }, "content": content });
    let conversation = json!({ "mapping": {
        "s": { "parent": null, "message": said("system", json!({ "content_type": "text", "parts": ["Be brief."] })) },
        "a": { "parent": "s", "message": said("user", json!({ "content_type": "code", "language": "unknown", "text": "1 + 1" })) },
    }});
    let reading = reading("conversations.json", conversation.to_string());
    let [found] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(found.own.system_prompt_or_empty(), "Be brief.");
    assert_eq!(found.messages[0].content, "```\n1 + 1\n```");
    assert_eq!(
        found.title, "1 + 1",
        "what has no title gets one from its first words"
    );
    assert_eq!(
        (found.created_at_ms, found.messages[0].created_at_ms),
        (NOW_MS, NOW_MS)
    );
}

#[test]
fn the_archive_comes_along_and_a_project_is_counted() {
    let mut conversation = one(json!({ "author": { "role": "user" },
        "content": { "content_type": "text", "parts": ["q"] } }));
    conversation["is_archived"] = json!(true);
    conversation["conversation_template_id"] = json!("g-p-67");
    let reading = reading("conversations.json", conversation.to_string());
    assert!(reading.conversations[0].archived);
    let projects = LeftOut {
        kind: LeftOutKind::Folders,
        count: 1,
    };
    assert_eq!(reading.left_out(), [projects]);
}

#[test]
fn references_to_search_results_are_taken_out() {
    let mark = "\u{e200}cite\u{e202}turn0search1\u{e201}";
    assert_eq!(
        without_marks(&format!("Rain{mark}, then sun{mark}.")),
        "Rain, then sun."
    );
    assert_eq!(without_marks("Rain\u{e200}cite"), "Rain");
    assert_eq!(without_marks("Rain"), "Rain");
}

#[test]
fn wrong_types_are_named() {
    assert_eq!(
        refusal(&json!({ "mapping": [] })),
        "`mapping` is not an object"
    );
    let odd_parent = json!({ "mapping": { "a": { "parent": {}, "message": null } } });
    assert_eq!(refusal(&odd_parent), "`parent` is not an id");
    let odd_author = one(json!({ "author": "user", "content": null }));
    assert_eq!(refusal(&odd_author), "`author` is not an object");
    let odd_parts = one(
        json!({ "author": { "role": "user" }, "content": { "content_type": "text", "parts": 7 } }),
    );
    assert_eq!(refusal(&odd_parts), "`parts` is not a list");
}

#[test]
fn a_circle_is_no_conversation() {
    let circle = json!({ "mapping": {
        "a": { "parent": "b", "message": null },
        "b": { "parent": "a", "message": null },
    }});
    assert_eq!(refusal(&circle), "messages answer each other in a circle");
}
