use super::super::fixture::{OPENWEBUI, drawn, reading, refusal};
use super::*;
use serde_json::json;
use sirocco_protocol::LeftOut;

#[test]
fn an_export_keeps_branches_thoughts_models_and_times() {
    let reading = reading("chats.json", OPENWEBUI);
    let [bread] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(bread.id.as_deref(), Some("3f2a-sourdough"));
    assert_eq!(bread.title, "Sourdough");
    assert_eq!(bread.own.system_prompt_or_empty(), "You are a baker.");
    assert_eq!(
        (bread.created_at_ms, bread.updated_at_ms),
        (1_710_000_000_000, 1_710_000_900_000)
    );
    assert!(bread.pinned && !bread.archived);
    assert_eq!(bread.tags, ["bread"]);
    assert_eq!(
        drawn(bread),
        [
            ">u: My starter is flat.",
            "   a: Keep it warm.",
            ">  a: Feed it twice a day.",
            ">    u: For how long?",
            ">      a: A week.\n\n<details>\n<summary>Why</summary>\nYeast is slow.\n</details>",
        ]
    );
    let reasoning: Vec<_> = bread
        .messages
        .iter()
        .map(|m| m.reasoning.as_deref())
        .collect();
    assert_eq!(
        reasoning,
        [
            None,
            Some("Hm."),
            Some("Cold kitchen?\nOld <flour>?"),
            None,
            None
        ]
    );
    assert_eq!(bread.messages[1].model_name.as_deref(), Some("llama3:8b"));
    assert_eq!(bread.messages[2].created_at_ms, 1_710_000_060_000);
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
fn tags_archive_and_ratings_come_along_and_a_folder_without_a_name_is_counted() {
    let item = json!({ "archived": true, "folder_id": "f1", "meta": { "tags": ["bread", "slow"] },
        "chat": { "title": "Rated", "tags": ["bread", { "name": "old" }],
            "params": { "system": "Be brief.", "temperature": 0.2 },
            "history": { "currentId": "b", "messages": {
                "a": { "parentId": null, "childrenIds": ["b"], "role": "user", "content": "q" },
                "b": { "parentId": "a", "childrenIds": [], "role": "assistant", "content": "a",
                       "annotation": { "rating": 1 } },
            } } } });
    let reading = reading("chats.json", json!([item]).to_string());
    let rated = &reading.conversations[0];
    assert!(rated.archived);
    assert_eq!(rated.tags, ["bread", "slow", "old"]);
    assert!(rated.messages[1].good && !rated.messages[0].good);
    let count = |kind| LeftOut { kind, count: 1 };
    assert_eq!(
        reading.left_out(),
        [count(LeftOutKind::Folders), count(LeftOutKind::Parameters)]
    );
}

#[test]
fn older_exports_are_read_too() {
    let history = json!({ "title": "Old", "history": { "currentId": "b", "messages": {
        "a": { "parentId": null, "childrenIds": ["b"], "role": "user", "content": "q" },
        "b": { "parentId": "a", "childrenIds": [], "role": "assistant", "content": "a" },
    }}});
    let list = json!({ "chat": { "title": "Older", "messages": [
        { "role": "user", "content": "q" }, { "role": "assistant", "content": "a" },
    ]}});
    let reading = reading("chats.json", json!([history, list]).to_string());
    for conversation in &reading.conversations {
        assert_eq!(drawn(conversation), [">u: q", ">  a: a"]);
        assert_eq!(conversation.id, None);
    }
    assert_eq!(reading.conversations.len(), 2);
}

#[test]
fn folds_of_thoughts_and_tools_are_taken_out_and_others_stay() {
    let unfolded = unfold(
        "A <details type=\"code_interpreter\">x</details> b <details type=\"reasoning\">open",
    );
    assert_eq!(
        unfolded.content,
        "A <details type=\"code_interpreter\">x</details> b <details type=\"reasoning\">open"
    );
    assert_eq!((unfolded.reasoning, unfolded.tools), (None, 0));
    let unfolded = unfold(
        "<details type=\"reasoning\">a &amp;lt; b</details>\n<details type=\"tool_calls\"></details>c",
    );
    assert_eq!(unfolded.content, "c");
    assert_eq!(unfolded.reasoning.as_deref(), Some("a &lt; b"));
    assert_eq!(unfolded.tools, 1);
}

#[test]
fn a_tree_that_is_none_is_refused() {
    let chat = |messages| json!({ "chat": { "history": { "messages": messages } } });
    let circle = chat(json!({
        "a": { "parentId": "b", "role": "user", "content": "q" },
        "b": { "parentId": "a", "role": "assistant", "content": "a" },
    }));
    assert_eq!(refusal(&circle), "messages answer each other in a circle");
    let stray = chat(json!({ "a": { "parentId": "b", "role": "user", "content": "q" } }));
    assert_eq!(
        refusal(&stray),
        "message `a` answers `b`, which is not there"
    );
}

#[test]
fn wrong_types_are_named() {
    let odd = json!({ "chat": { "history": { "messages": [] } } });
    assert_eq!(refusal(&odd), "`messages` is not an object");
    let odd =
        json!({ "chat": { "history": { "messages": { "a": { "role": "user", "content": 7 } } } } });
    assert_eq!(refusal(&odd), "`content` is not a text or a list");
}
