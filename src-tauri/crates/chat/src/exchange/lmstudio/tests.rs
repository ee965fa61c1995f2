use super::super::fixture::{LMSTUDIO, LMSTUDIO_NAME, drawn, reading, refusal};
use super::*;
use serde_json::json;
use sirocco_protocol::LeftOut;

#[test]
fn versions_become_branches_of_the_one_that_was_chosen_before() {
    let reading = reading(&format!("Kitchen/{LMSTUDIO_NAME}"), LMSTUDIO);
    let [knives] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(knives.id.as_deref(), Some("1720000000000"));
    assert_eq!(knives.title, "Knives");
    assert_eq!(knives.folder, ["Kitchen"]);
    assert_eq!(knives.own.system_prompt_or_empty(), "Answer like a chef.");
    assert_eq!(
        (knives.created_at_ms, knives.updated_at_ms),
        (1_720_000_000_000, 1_720_000_310_000)
    );
    assert_eq!(
        drawn(knives),
        [
            ">u: Which knife first?",
            "   a: A paring knife.",
            ">  a: A chef's knife.",
            ">    u: How long a blade?",
        ]
    );
    assert_eq!(knives.messages[1].model_name.as_deref(), Some("tiny-1b"));
    assert_eq!(
        knives.messages[2].model_name.as_deref(),
        Some("qwen3-4b@q4")
    );
    assert_eq!(
        knives.messages[2].reasoning.as_deref(),
        Some("Sharp and long?")
    );
    let count = |kind, count| LeftOut { kind, count };
    assert_eq!(
        reading.left_out(),
        [
            count(LeftOutKind::Attachments, 1),
            count(LeftOutKind::Tools, 1)
        ]
    );
}

#[test]
fn a_file_of_another_name_has_no_id() {
    let reading = reading("copy.json", LMSTUDIO);
    assert_eq!(reading.conversations[0].id, None);
}

#[test]
fn folders_are_those_below_the_one_that_holds_all() {
    let folder = |name: &str| reading(name, LMSTUDIO).conversations.remove(0).folder;
    let below = ".lmstudio/conversations/Work/conversations/1.conversation.json";
    assert_eq!(folder(below), ["Work", "conversations"]);
    assert!(folder("conversations/1.conversation.json").is_empty());
    assert!(folder("1.conversation.json").is_empty());
}

#[test]
fn parameters_of_its_own_are_counted() {
    let mut file: Value = serde_json::from_slice(LMSTUDIO).unwrap();
    let before = reading("1.json", file.to_string()).left_out().len();
    file["usePerChatPredictionConfig"] = json!(true);
    file["perChatPredictionConfig"] =
        json!({ "fields": [{ "key": "llm.prediction.temperature", "value": 0.1 }] });
    let left_out = reading("1.json", file.to_string()).left_out();
    assert_eq!(left_out.len(), before + 1);
    assert_eq!(left_out[before].kind, LeftOutKind::Parameters);
}

#[test]
fn a_choice_that_is_not_there_is_the_last_version() {
    let version =
        |words: &str| json!({ "role": "user", "content": [{ "type": "text", "text": words }] });
    let odd = json!({ "messages": [{ "currentlySelected": 9, "versions": [version("a"), version("b")] }, { "versions": [] }] });
    let reading = reading("x.conversation.json", odd.to_string());
    assert_eq!(drawn(&reading.conversations[0]), [" u: a", ">u: b"]);
}

#[test]
fn wrong_types_are_named() {
    let odd = json!({ "messages": [{ "versions": {} }] });
    assert_eq!(refusal(&odd), "`versions` is not a list");
    let odd = json!({ "messages": [{ "versions": [{ "role": "assistant", "steps": 7 }] }] });
    assert_eq!(refusal(&odd), "`steps` is not a list");
}
