use proptest::prelude::*;

use super::*;
use crate::tools::CallPiece;

/// The text, and the calls with their arguments, of an answer in these pieces.
fn split(pieces: &[&str]) -> (String, Vec<(String, String)>) {
    let mut splitter = ToolCallSplitter::new(["wind", "tide"]);
    let mut spoken = Vec::new();
    for piece in pieces {
        spoken.extend(splitter.push(piece));
    }
    spoken.extend(splitter.finish());
    let (mut text, mut calls, mut open) = (String::new(), Vec::new(), false);
    for one in spoken {
        match one {
            Spoken::Text(more) => {
                assert!(!open, "no text inside a call");
                text.push_str(&more);
            }
            Spoken::Call(CallPiece::Begin { name }) => {
                assert!(!std::mem::replace(&mut open, true), "one call at a time");
                calls.push((name, String::new()));
            }
            Spoken::Call(CallPiece::Arguments(more)) => {
                assert!(open);
                calls.last_mut().unwrap().1.push_str(&more);
            }
            Spoken::Call(CallPiece::End) => assert!(std::mem::replace(&mut open, false)),
        }
    }
    assert!(!open, "every call ends");
    (text, calls)
}

fn letters(text: &str) -> (String, Vec<(String, String)>) {
    let letters: Vec<String> = text.chars().map(String::from).collect();
    split(&letters.iter().map(String::as_str).collect::<Vec<_>>())
}

fn expect(text: &str, words: &str, calls: &[(&str, &str)]) {
    let calls: Vec<(String, String)> = calls
        .iter()
        .map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned()))
        .collect();
    let expected = (words.to_owned(), calls);
    assert_eq!(split(&[text]), expected, "{text}");
    assert_eq!(letters(text), expected, "{text}, letter by letter");
}

#[test]
fn calls_of_qwen_and_hermes_are_found() {
    let call = |name: &str, arguments: &str| {
        format!("<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>")
    };
    let wind = call("wind", r#"{"at": "Tunis </tool_call>"}"#);
    let arguments = r#"{"at": "Tunis </tool_call>"}"#;
    expect(&wind, "", &[("wind", arguments)]);
    let both = format!("I look.\n\n{wind}\n{}\n", call("tide", "{}"));
    expect(&both, "I look.", &[("wind", arguments), ("tide", "{}")]);
    expect(&format!("{wind}\nDone."), "Done.", &[("wind", arguments)]);
    // The client is told of a tool that it does not have; a missing end costs nothing.
    expect("<tool_call>{\"name\": \"storm\"}", "", &[("storm", "{}")]);
    expect(
        "<tool_call>{\"name\": \"wind\", \"arguments\": {}}{\"name\": \"tide\", \"arguments\": {}}</tool_call>",
        "",
        &[("wind", "{}"), ("tide", "{}")],
    );
}

#[test]
fn calls_of_llama_are_found() {
    let wind = r#"{"name": "wind", "parameters": {"at": "Tunis"}}"#;
    let arguments = r#"{"at": "Tunis"}"#;
    expect(wind, "", &[("wind", arguments)]);
    expect(&format!("<|python_tag|>{wind}"), "", &[("wind", arguments)]);
    expect(
        &format!("\n{wind}; {wind}"),
        "",
        &[("wind", arguments), ("wind", arguments)],
    );
    expect(
        r#"{"type": "function", "name": "tide", "parameters": null}"#,
        "",
        &[("tide", "{}")],
    );
}

#[test]
fn calls_of_mistral_are_found() {
    let wind = r#"{"name": "wind", "arguments": {"at": "Tunis"}, "id": "123456789"}"#;
    let arguments = r#"{"at": "Tunis"}"#;
    expect(
        &format!("[TOOL_CALLS] [{wind}]"),
        "",
        &[("wind", arguments)],
    );
    expect(
        &format!("[TOOL_CALLS][{wind}, {wind}] Well."),
        "Well.",
        &[("wind", arguments), ("wind", arguments)],
    );
    expect(
        r#"Sure.[TOOL_CALLS]wind[ARGS]{"at": "Tunis"}[TOOL_CALLS]tide[CALL_ID]1a2[ARGS]{}"#,
        "Sure.",
        &[("wind", arguments), ("tide", "{}")],
    );
    expect(
        r#"[TOOL_CALLS]wind{"at": "Tunis"}"#,
        "",
        &[("wind", arguments)],
    );
}

#[test]
fn arguments_inside_a_string_are_unpacked() {
    let call = r#"<tool_call>{"name": "wind", "arguments": "{\"at\": \"Tunis\"}"}</tool_call>"#;
    expect(call, "", &[("wind", r#"{"at": "Tunis"}"#)]);
}

#[test]
fn what_is_no_call_stays_text() {
    for text in [
        "Use <tool_call> for that.",
        "<tool_call>",
        "<tool_call>\n{\"name\": 5}\n</tool_call>",
        "<tool_call>\n{\"name\": \"wi",
        "a <tool_",
        "{\"name\": \"Anna\", \"parameters\": {}}",
        "{\"wind\": \"sirocco\", \"name\": \"wind\"}",
        " {",
        "[TOOL_CALLS] nothing",
        "[TOOL_CALLS]wind but",
        "<|python_tag|>print(1)",
        "words {\"name\": \"wind\", \"parameters\": {}}",
        "  two lines \n",
        "",
    ] {
        expect(text, text, &[]);
    }
}

#[test]
fn a_call_that_is_cut_off_keeps_what_it_has() {
    expect(
        "<tool_call>{\"name\": \"wind\", \"arguments\": {\"at",
        "",
        &[("wind", "{\"at")],
    );
    expect(
        "<tool_call>{\"name\": \"wind\", \"arguments\": {} nonsense",
        "nonsense",
        &[("wind", "{}")],
    );
    expect("[TOOL_CALLS]wind[ARGS]{\"at", "", &[("wind", "{\"at")]);
}

#[test]
fn arguments_come_while_they_are_written_and_json_for_the_reader_is_not_held_back() {
    let mut splitter = ToolCallSplitter::new(["wind"]);
    assert_eq!(splitter.push("<tool_call>\n{\"name\": \"wi"), []);
    let begin = Spoken::Call(CallPiece::Begin {
        name: "wind".into(),
    });
    let arguments = |text: &str| Spoken::Call(CallPiece::Arguments(text.into()));
    assert_eq!(
        splitter.push("nd\", \"arguments\": {\"a"),
        [begin, arguments("{\"a")]
    );
    assert_eq!(splitter.push("t\": 1}"), [arguments("t\": 1}")]);
    assert_eq!(splitter.push("}"), [Spoken::Call(CallPiece::End)]);

    let mut splitter = ToolCallSplitter::new(["wind"]);
    let text = splitter.push("{\"winds\": 5");
    assert_eq!(text, [Spoken::Text("{\"winds\": 5".into())]);
}

#[test]
fn the_rest_of_a_call_that_was_begun_for_the_model_belongs_to_it() {
    for format in [
        crate::ToolFormat::Hermes,
        crate::ToolFormat::Llama,
        crate::ToolFormat::MistralList,
        crate::ToolFormat::MistralNames,
    ] {
        let opening = format.opening(Some("wind"));
        let arguments = "{\"at\": 1}";
        let rest = if format == crate::ToolFormat::MistralNames {
            ""
        } else {
            "}"
        };
        let expected = (
            String::new(),
            vec![("wind".to_owned(), arguments.to_owned())],
        );
        assert_eq!(split(&[&opening, arguments, rest]), expected, "{format:?}");
    }
}

proptest! {
    #[test]
    fn any_cut_into_pieces_gives_the_same(
        parts in prop::collection::vec(
            prop_oneof![
                "<tool_call>", "</tool_call>", "\\[TOOL_CALLS\\]", "\\[ARGS\\]", "<\\|python_tag\\|>", "[\\[\\]{},;:\"]{1,2}",
                "\"name\": \"wind\"", "\"parameters\": ", "[ \n]{1,3}", "[a-zä🦀0-9<]{1,3}",
                "\\{\"name\": \"tide\", \"arguments\": \\{\"a\": \"\\}\"\\}\\}",
            ], 0..10),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let text = parts.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1))
            .filter(|at| text.is_char_boundary(*at)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&str> = cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
        let whole = split(&[&text]);
        prop_assert_eq!(&split(&pieces), &whole);
        prop_assert_eq!(&letters(&text), &whole);
    }

    #[test]
    fn a_text_without_brackets_is_not_changed(text in "[^<\\[{]*") {
        prop_assert_eq!(split(&[&text]), (text, Vec::new()));
    }
}
