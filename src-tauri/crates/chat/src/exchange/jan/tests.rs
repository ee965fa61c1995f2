use super::super::fixture::{JAN_MESSAGES, JAN_THREAD, NOW_MS, drawn};
use super::*;
use sirocco_protocol::LeftOut;

fn thread(messages: &str) -> Reading {
    read_thread("folder", JAN_THREAD, messages.as_bytes(), NOW_MS).unwrap()
}

#[test]
fn a_thread_keeps_branches_thoughts_models_and_times() {
    let reading = read_thread("folder", JAN_THREAD, JAN_MESSAGES, NOW_MS).unwrap();
    let [boats] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(boats.id.as_deref(), Some("01hq-tides"));
    assert_eq!(boats.title, "Boats");
    assert_eq!(boats.own.system_prompt_or_empty(), "You know the sea.");
    assert_eq!(
        (boats.created_at_ms, boats.updated_at_ms),
        (1_730_000_000_000, 1_730_000_400_000)
    );
    assert_eq!(
        drawn(boats),
        [
            ">u: Ketch or yawl?",
            "   a: A ketch.",
            ">  a: A yawl.",
            ">    u: Why?"
        ]
    );
    assert_eq!(boats.messages[1].reasoning.as_deref(), Some("Mizzen mast."));
    assert_eq!(boats.messages[1].model_name.as_deref(), Some("qwen3-1.7b"));
    assert_eq!(boats.messages[2].model_name.as_deref(), Some("gemma-2b"));
    let left_out = LeftOut {
        kind: LeftOutKind::Attachments,
        count: 1,
    };
    assert_eq!(reading.left_out(), [left_out]);
}

#[test]
fn without_pointers_each_line_answers_the_one_before() {
    let reading = thread(
        "{\"role\":\"user\",\"content\":\"q\"}\r\n\n{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":{\"value\":\"a\"}}]}\n",
    );
    assert_eq!(drawn(&reading.conversations[0]), [">u: q", ">  a: a"]);
}

#[test]
fn a_thread_with_a_damaged_line_is_refused_as_a_whole() {
    let reading = thread("{\"id\":\"a\",\"role\":\"user\",\"content\":\"q\"}\n{\"id\":\"b\",\"ro");
    assert!(reading.conversations.is_empty());
    assert_eq!(reading.refused[0].name, "Boats");
    assert_eq!(
        reading.refused[0].reason,
        "line 2 of its messages is not sound JSON"
    );
}

#[test]
fn two_messages_with_one_id_are_refused() {
    let line = "{\"id\":\"a\",\"role\":\"user\",\"content\":\"q\"}\n";
    let reading = thread(&line.repeat(2));
    assert_eq!(reading.refused[0].reason, "two messages have the id `a`");
}

#[test]
fn pointers_that_lead_nowhere_or_in_a_circle_are_refused() {
    let line = |id: &str, parent: &str| {
        format!(
            r#"{{"id":"{id}","role":"user","content":"q","metadata":{{"parent_id":"{parent}"}}}}"#
        )
    };
    let reason = |lines: &str| thread(lines).refused[0].reason.clone();
    let circle = format!("{}\n{}", line("a", "b"), line("b", "a"));
    assert_eq!(reason(&circle), "messages answer each other in a circle");
    let stray = line("a", "elsewhere");
    assert_eq!(
        reason(&stray),
        "message `a` answers `elsewhere`, which is not there"
    );
}

#[test]
fn only_a_thread_is_read() {
    assert!(read_thread("folder", b"{}", b"", NOW_MS).is_none());
    let damaged = read_thread("folder", b"{", b"", NOW_MS).unwrap();
    assert_eq!(damaged.refused[0].name, "folder");
}
