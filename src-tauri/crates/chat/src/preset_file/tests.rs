use super::*;
use proptest::prelude::*;
use sirocco_protocol::ContextOverflow;

/// As LM Studio 0.3 writes it.
const FILE: &str = r#"{
    "identifier": "@local:short", "name": "Short", "changed": true,
    "operation": {"fields": [
        {"key": "llm.prediction.systemPrompt", "value": "Be brief."},
        {"key": "llm.prediction.temperature", "value": 0.2},
        {"key": "llm.prediction.topKSampling", "value": 20.0},
        {"key": "llm.prediction.topPSampling", "value": {"checked": false, "value": 0.9}},
        {"key": "llm.prediction.repeatPenalty", "value": {"checked": true, "value": 1.1}},
        {"key": "llm.prediction.llama.minPSampling", "value": {"checked": true, "value": 0.1}},
        {"key": "llm.prediction.maxPredictedTokens", "value": {"checked": false, "value": 1000}},
        {"key": "llm.prediction.stopStrings", "value": ["END"]},
        {"key": "llm.prediction.contextOverflowPolicy", "value": "truncateMiddle"},
        {"key": "llm.prediction.structured", "value": {"type": "none"}},
        {"key": "llm.prediction.llama.mirostatSampling", "value": {"version": 2}},
        {"key": "llm.prediction.llama.cpuThreads", "value": 4}
    ]},
    "load": {"fields": [{"key": "llm.load.contextLength", "value": 8192}]}
}"#;

#[test]
fn a_file_of_lm_studio_is_understood_and_the_rest_is_named() {
    let file = read_preset(FILE).unwrap();
    assert_eq!(file.name.as_deref(), Some("Short"));
    let expected = LayerValues {
        system_prompt: Some("Be brief.".into()),
        parameters: Parameters {
            temperature: Some(0.2),
            top_k: Some(20),
            top_p: Some(1.0),
            min_p: Some(0.1),
            repeat_penalty: Some(1.1),
            stop: Some(vec!["END".into()]),
            context_overflow: Some(ContextOverflow::KeepFirst),
            ..Parameters::default()
        },
    };
    assert_eq!(file.values, expected);
    let keys: Vec<&str> = file
        .left_out
        .iter()
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "llm.prediction.llama.mirostatSampling",
        "llm.prediction.llama.cpuThreads",
        "llm.load.contextLength",
    ];
    assert_eq!(keys, expected);
}

fn one(key: &str, value: Value) -> PresetFile {
    let file = json!({"operation": {"fields": [{"key": key, "value": value}]}});
    read_preset(&file.to_string()).unwrap()
}

#[test]
fn a_value_out_of_range_or_of_another_kind_is_left_out_with_the_reason() {
    for (key, value, why) in [
        ("llm.prediction.temperature", json!(7), "between 0 and 5"),
        ("llm.prediction.temperature", json!("hot"), "invalid type"),
        (
            "llm.prediction.stopStrings",
            json!([""]),
            "none of them empty",
        ),
        (
            "llm.prediction.contextOverflowPolicy",
            json!("panic"),
            "none of the policies",
        ),
        ("llm.prediction.systemPrompt", json!(1), "no text"),
        ("other.thing", json!(1), "no place"),
        ("", json!(1), "no place"),
    ] {
        let file = one(key, value);
        assert_eq!(file.values, LayerValues::default(), "{key}");
        assert!(file.left_out[0].contains(why), "{:?}", file.left_out);
    }
}

#[test]
fn less_than_nothing_means_all_or_a_fresh_one() {
    let all = one("llm.prediction.topKSampling", json!(-1));
    assert_eq!(
        (all.values.parameters.top_k, all.left_out.len()),
        (Some(0), 0)
    );
    let seed = json!({"checked": true, "value": -1});
    assert_eq!(one("llm.prediction.seed", seed), PresetFile::default());
}

#[test]
fn whether_a_model_thinks_goes_both_ways() {
    let key = "llm.prediction.reasoning.enableThinking";
    for (theirs, ours) in [(true, Reasoning::On), (false, Reasoning::Off)] {
        let file = one(key, json!(theirs));
        assert_eq!(file.values.parameters.reasoning, Some(ours));
    }
    assert_eq!(one(key, json!("much")).left_out.len(), 1);
    for (ours, theirs) in [
        (Reasoning::Off, "\"value\": false"),
        (Reasoning::Low, "\"value\": true"),
    ] {
        let mut values = LayerValues::default();
        values.parameters.reasoning = Some(ours);
        let text = write_preset("Thinker", &values);
        assert!(text.contains(key) && text.contains(theirs), "{text}");
    }
}

#[test]
fn what_is_no_preset_is_refused() {
    assert!(matches!(read_preset("{"), Err(PresetFileError::Json(_))));
    for other in ["[]", "{}", r#"{"operation": {"fields": 1}}"#, "null"] {
        assert!(
            matches!(read_preset(other), Err(PresetFileError::Shape)),
            "{other}"
        );
    }
}

#[test]
fn fractions_are_written_as_people_write_them() {
    let values = LayerValues {
        system_prompt: None,
        parameters: Parameters {
            temperature: Some(0.7),
            dry_base: Some(1.3),
            ..Parameters::default()
        },
    };
    let text = write_preset("A/b  c", &values);
    assert!(text.contains("0.7\n") && text.contains("1.3\n"), "{text}");
    assert!(text.contains("\"@local:a-b-c\""), "{text}");
}

#[test]
fn file_names_are_taken_by_every_system() {
    for (name, number, expected) in [
        ("Short", 1, "Short.preset.json"),
        ("Short", 3, "Short 3.preset.json"),
        ("a/b\\c: d?", 1, "a b c d.preset.json"),
        (" ..\n", 1, "preset.preset.json"),
        ("日本", 1, "日本.preset.json"),
    ] {
        assert_eq!(preset_file_name(name, number), expected);
    }
    assert!(preset_file_name(&"x".repeat(500), 1).len() < 100);
}

fn fraction(low: f32, high: f32) -> impl Strategy<Value = Option<f32>> {
    prop::option::of(low..=high)
}

prop_compose! {
    fn any_parameters()(
        temperature in fraction(0.0, 5.0),
        top_p in fraction(0.0, 1.0),
        top_k in prop::option::of(any::<u32>()),
        xtc_threshold in fraction(0.0, 0.5),
        dry_multiplier in fraction(0.0, 5.0),
        dry_allowed_length in prop::option::of(any::<u32>()),
        repeat_last_n in prop::option::of(any::<u32>()),
        presence_penalty in fraction(-2.0, 2.0),
        seed in prop::option::of(any::<u64>()),
        max_tokens in prop::option::of(1..u32::MAX),
        stop in prop::option::of(prop::collection::vec("\\PC{1,5}", 0..4)),
        context_overflow in prop::option::of(prop_oneof![
            Just(ContextOverflow::Stop),
            Just(ContextOverflow::DropOldest),
            Just(ContextOverflow::KeepFirst),
            Just(ContextOverflow::Summarise),
        ]),
        reasoning in prop::option::of(prop_oneof![
            Just(Reasoning::Template),
            Just(Reasoning::Off),
            Just(Reasoning::On),
            Just(Reasoning::Low),
            Just(Reasoning::High),
        ]),
        structured_output in prop::option::of(prop_oneof![
            Just(String::new()),
            Just("{\"type\":\"object\"}".to_owned()),
            Just("{\n  \"type\": \"object\"\n}".to_owned()),
        ]),
    ) -> Parameters {
        Parameters {
            temperature, top_p, top_k, xtc_threshold, dry_multiplier, dry_allowed_length,
            repeat_last_n, presence_penalty, seed, max_tokens, stop, context_overflow,
            reasoning, structured_output,
            ..Parameters::default()
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_whole(
        parameters in any_parameters(),
        system_prompt in prop::option::of("(\\PC|\n){0,40}"),
        name in "[a-zA-Z\u{e4} ]{0,10}[a-z]",
    ) {
        let values = LayerValues { system_prompt, parameters };
        let file = read_preset(&write_preset(&name, &values)).unwrap();
        prop_assert_eq!(file.name.as_deref(), Some(name.trim()));
        prop_assert_eq!(file.values, values);
        prop_assert!(file.left_out.is_empty());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}|[{}\\[\\]:,\"a-z0-9.]{0,80}") {
        let _ = read_preset(&text);
    }
}
