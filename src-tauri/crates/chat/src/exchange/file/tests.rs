use super::super::fixture::{CHATGPT, NOW_MS, OPENWEBUI, OWN, reading};
use super::*;
use proptest::prelude::*;

fn unreadable(bytes: &[u8]) -> String {
    read_json("file.json", bytes, NOW_MS)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_list_may_hold_several_forms_and_what_is_no_conversation_is_refused_by_its_place() {
    let item = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let reading = reading("mix.json", format!("\u{feff}[{}, {{}}, 7]", item(OWN)));
    assert_eq!(reading.conversations.len(), 1);
    let refused: Vec<_> = reading
        .refused
        .iter()
        .map(|refused| refused.name.as_str())
        .collect();
    assert_eq!(refused, ["mix.json, 1", "mix.json, 2"]);
    assert_eq!(reading.refused[0].reason, "it has a form that is not known");
}

#[test]
fn other_json_is_told_from_damaged_json() {
    for other in ["{}", "[]", "[1, 2]", "{\"messages\": []}", "{\"chat\": 7}"] {
        assert_eq!(
            unreadable(other.as_bytes()),
            "it holds no conversations of a known form",
            "{other}"
        );
    }
    for damaged in ["", "[{\"mapping\": {", "[] []", "\u{1}"] {
        let problem = unreadable(damaged.as_bytes());
        assert!(problem.starts_with("it is not sound JSON"), "{problem}");
    }
}

#[test]
fn a_file_that_is_cut_off_gives_nothing_of_what_was_read() {
    let half = &CHATGPT[..CHATGPT.len() - 10];
    assert!(unreadable(half).starts_with("it is not sound JSON"));
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = "[".repeat(1_000_000);
    assert!(unreadable(deep.as_bytes()).contains("recursion limit"));
    let within = format!("[{{\"mapping\": {}", "{\"a\":".repeat(1_000_000));
    assert!(unreadable(within.as_bytes()).contains("recursion limit"));
}

/// Any JSON, with the names that the readers look for.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "mapping",
        "message",
        "author",
        "role",
        "content",
        "content_type",
        "parts",
        "parent",
        "children",
        "chat",
        "history",
        "messages",
        "versions",
        "steps",
        "parentId",
        "childrenIds",
        "current_node",
        "currentlySelected",
        "id",
        "a",
        "title",
        "name",
        "create_time",
        "format",
        "version",
        "metadata",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "user",
            "assistant",
            "system",
            "tool",
            "text",
            "a",
            "id",
            "sirocco-conversation",
            ""
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic_and_what_is_read_is_a_tree(value in any_json()) {
        check(&value.to_string())?;
    }

    #[test]
    fn an_export_with_one_byte_changed_is_read_or_refused(
        file in prop::sample::select(vec![CHATGPT, OPENWEBUI, OWN]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = file.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check_bytes(&bytes)?;
    }
}

fn check(json: &str) -> Result<(), TestCaseError> {
    check_bytes(json.as_bytes())
}

fn check_bytes(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(reading) = read_json("a.conversation.json", bytes, NOW_MS) else {
        return Ok(());
    };
    for conversation in &reading.conversations {
        let messages = &conversation.messages;
        prop_assert!(conversation.head < messages.len());
        prop_assert!(!conversation.title.is_empty());
        for (at, message) in messages.iter().enumerate() {
            prop_assert!(message.parent.is_none_or(|parent| parent < at));
            prop_assert!(
                message.parent != Some(conversation.head),
                "the head is a leaf"
            );
        }
    }
    Ok(())
}
