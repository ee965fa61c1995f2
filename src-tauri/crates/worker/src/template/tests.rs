use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

fn render(source: &str, messages: &[Message]) -> Result<String, TemplateError> {
    ChatTemplate::new(source)?.render(&RenderRequest::new(messages))
}

fn text(source: &str) -> String {
    render(source, &[Message::new("user", "Hi")]).unwrap()
}

#[test]
fn a_model_without_a_template_gets_chatml() {
    let messages = [
        Message::new("system", "Be brief."),
        Message::new("user", "Hi"),
    ];
    let expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
    for source in [None, Some(" \n")] {
        assert_eq!(
            ChatTemplate::of_file(source)
                .unwrap()
                .render(&RenderRequest::new(&messages))
                .unwrap(),
            expected
        );
    }
    let none = RenderRequest {
        add_generation_prompt: false,
        ..RenderRequest::new(&messages[..1])
    };
    assert_eq!(
        ChatTemplate::chatml().render(&none).unwrap(),
        "<|im_start|>system\nBe brief.<|im_end|>\n"
    );
}

#[test]
fn values_are_written_as_python_writes_them() {
    assert_eq!(
        text("{{ none }} {{ true }} {{ 1 > 2 }} {{ 3 }} {{ 1.0 }} {{ undefined_name }}."),
        "None True False 3 1.0 ."
    );
    assert_eq!(
        text("{{ '<b>&' }}{{ 'a,b'.split(',')[-1] }}{{ ' x '.strip() }}{{ {'a': 1}.get('b', 2) }}"),
        "<b>&bx2"
    );
}

#[test]
fn json_keeps_the_order_of_keys_and_escapes_nothing() {
    let tools = [json!({"z": "<é>&'", "a": [1, 2.5, null, true], "m": {}, "e": []})];
    let write = |source: &str| {
        let request = RenderRequest {
            tools: &tools,
            ..RenderRequest::new(&[])
        };
        ChatTemplate::new(source).unwrap().render(&request).unwrap()
    };
    assert_eq!(
        write("{{ tools[0] | tojson }}"),
        r#"{"z": "<é>&'", "a": [1, 2.5, null, true], "m": {}, "e": []}"#
    );
    let indented = "{\n  \"z\": \"<é>&'\",\n  \"a\": [\n    1,\n    2.5,\n    null,\n    true\n  ],\n  \"m\": {},\n  \"e\": []\n}";
    assert_eq!(write("{{ tools[0] | tojson(indent=2) }}"), indented);
    assert_eq!(
        write("{{ {'a': [1, 2]} | tojson(separators=(',', ':')) }}"),
        r#"{"a":[1,2]}"#
    );
    assert_eq!(
        write("{{ 'é\u{1f600}\"' | tojson(ensure_ascii=true) }}"),
        r#""\u00e9\ud83d\ude00\"""#
    );
    assert_eq!(write("{{ tools is none }}"), "False");
    assert_eq!(
        text("{{ tools is none }} {{ documents is none }}"),
        "True True"
    );
}

#[test]
fn generation_tags_only_trim_white_space() {
    assert_eq!(
        text("a {%- generation -%} b {% endgeneration %}\nc"),
        "ab c"
    );
    assert_eq!(text("{{ add_generation_prompt }}"), "True");
}

#[test]
fn blocks_are_trimmed_as_transformers_does() {
    assert_eq!(
        text(
            "{% for m in messages %}\n  {% if true %}\n{{ m.role }}\n  {% endif %}\n{% endfor %}\n"
        ),
        "user\n"
    );
    assert_eq!(
        text(
            "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}"
        ),
        "013"
    );
}

#[test]
fn variables_of_the_caller_reach_the_template() {
    let template =
        ChatTemplate::new("{{ enable_thinking }} {{ bos_token }} {{ strftime_now('%d %b %Y') }}")
            .unwrap();
    let mut request = RenderRequest {
        bos_token: "<s>",
        ..RenderRequest::new(&[])
    };
    request
        .variables
        .insert("enable_thinking".to_owned(), json!(false));
    assert_eq!(template.render(&request).unwrap(), "False <s> 01 Jan 1970");
}

#[test]
fn the_last_message_can_be_left_open() {
    let messages = [
        Message::new("user", "Count."),
        Message::new("assistant", "One, two "),
    ];
    let open = |source: &str, messages: &[Message]| {
        let request = RenderRequest {
            continue_final_message: true,
            ..RenderRequest::new(messages)
        };
        ChatTemplate::new(source).unwrap().render(&request)
    };
    let expected = "<|im_start|>user\nCount.<|im_end|>\n<|im_start|>assistant\nOne, two ";
    assert_eq!(open(CHATML, &messages).unwrap(), expected);
    assert_eq!(
        open(
            "{% for m in messages %}[{{ m.content | trim }}]{% endfor %}",
            &messages
        )
        .unwrap(),
        "[Count.][One, two "
    );
    assert_eq!(
        open("{{ messages[0].content }}", &messages),
        Err(TemplateError::NoContinuation)
    );
}

#[test]
fn thoughts_go_on_behind_the_tag_that_opens_them() {
    let messages = [
        Message::new("user", "Why?"),
        Message {
            reasoning_content: Some("Hm, the".to_owned()),
            ..Message::new("assistant", "")
        },
    ];
    for (opening, expected) in [
        ("", "[Why?]A:<think>\nHm, the"),
        ("<think>", "[Why?]A:<think>\nHm, the"),
        ("<think>\n\n", "[Why?]A:<think>\n\nHm, the"),
        ("<think></think>", "[Why?]A:<think></think><think>\nHm, the"),
    ] {
        let source = format!(
            "{{% for m in messages %}}[{{{{ m.content }}}}]{{% endfor %}}{{% if add_generation_prompt %}}A:{opening}{{% endif %}}"
        );
        let request = RenderRequest {
            continue_final_message: true,
            ..RenderRequest::new(&messages)
        };
        let prompt = ChatTemplate::new(&source).unwrap().render(&request);
        assert_eq!(prompt.unwrap(), expected);
    }
}

#[test]
fn a_refused_system_message_goes_in_front_of_the_first_user_message() {
    let refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
                    {% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}";
    let messages = [
        Message::new("system", "Be brief."),
        Message::new("user", "Hi"),
        Message::new("assistant", "Yo"),
    ];
    assert_eq!(
        render(refusing, &messages).unwrap(),
        "[user:Be brief.\n\nHi][assistant:Yo]"
    );
    let dropping = "{% for m in messages if m.role != 'system' %}[{{ m.content }}]{% endfor %}";
    assert_eq!(
        render(dropping, &messages).unwrap(),
        "[Be brief.\n\nHi][Yo]"
    );
}

#[test]
fn a_refusal_is_told_in_the_templates_words() {
    let error = render(
        "{{ raise_exception('roles must alternate') }}",
        &[Message::new("user", "Hi")],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model's chat template refuses this conversation: roles must alternate"
    );
}

#[test]
fn errors_name_the_line() {
    let syntax = ChatTemplate::new("a\n{% if %}").unwrap_err();
    assert!(
        matches!(&syntax, TemplateError::Syntax { reason } if reason.ends_with("in line 2")),
        "{syntax}"
    );
    let failed = render(
        "\n{{ messages[0].nothing.more }}",
        &[Message::new("user", "Hi")],
    )
    .unwrap_err();
    assert!(
        matches!(&failed, TemplateError::Failed { reason } if reason.ends_with("in line 2")),
        "{failed}"
    );
    let long = ChatTemplate::new(&"a".repeat(limits::MAX_TEMPLATE_BYTES + 1)).unwrap_err();
    assert!(matches!(long, TemplateError::Syntax { .. }));
}

#[test]
fn a_hostile_template_ends_soon_with_an_error() {
    let hostile = [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(30) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(30) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(30) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ','.join(ns.x) }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(30) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ '{}'.format(ns.x) }}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{{ range(1000000000) | list | length }}",
        "{{ 'a' * 1000000000 }}",
        "{{ ['a' * 1000000] * 1000000 }}",
        "{{ (['a' * 1000000] * 1000) | tojson }}",
        "{{ ','.join(['a' * 1000000] * 1000) }}",
        "{{ (['a' * 1000000] * 1000) | join(',') }}",
        "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
        "{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}",
        "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
        "{{ '{:>1000000000}'.format('a') }}",
        "{{ ('{}' * 100000).format('a' * 1000000) }}",
        "{{ ('{0}' * 100000).format('a' * 1000000) }}",
        "{{ '%1000000000s' | format('a') }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'a' | indent(1000000000, true) }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ ('a' * 1000000).strip('b' * 1000000 + 'a') }}",
        "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% for a in range(300) %}{{ 'x' * 100000 }}{% endfor %}",
        "{% set x = 'a' * 100000 %}{% for a in range(300) %}{{ x }}{% endfor %}",
        "{% for i in range(90000) %}{% if ('a' * 90000) in ('b' * 90000) %}{% endif %}{% endfor %}",
        "{% set x = 'a' * 900000 %}{% for i in range(90000) %}{% if x.upper() == x.lower() %}{% endif %}{% endfor %}",
        "{% set x = 'a' * 900000 %}{% for i in range(90000) %}{% if x.count('aab') %}{% endif %}{% endfor %}",
        "{% set x = ('a ' * 900000).split(' ') %}{% for i in range(90000) %}{% if 'b' in x %}{% endif %}{% endfor %}",
        "{% set x = ('a ' * 900000) %}{% for i in range(90000) %}{% set y = x.split(' ') %}{% endfor %}",
        "{{ (range(90000) | list | string) * 1000 }}",
        "{{ 9999999999 ** 9999999999 }}",
        "{{ (2 ** 126) * (2 ** 126) * (2 ** 126) }}",
        "{% set x = 'a' * 900000 %}{% for i in range(90000) %}{{ x | length }}{{ x | trim | first }}{% endfor %}",
        "{% set x = 'a' * 900000 %}{% for i in range(90000) %}{{ x[::-1][0] }}{% endfor %}",
    ];
    for source in hostile {
        let started = Instant::now();
        let result = render(source, &[Message::new("user", "Hi")]);
        let elapsed = started.elapsed();
        let harmless = result
            .as_ref()
            .map(|prompt| prompt.len() < 1000)
            .unwrap_or(true);
        println!(
            "{elapsed:?} {source}: {:?}",
            result.as_ref().map(String::len)
        );
        assert!(harmless, "{source} wrote {} bytes", result.unwrap().len());
        // Generous, for a busy machine and no optimisation: what is not caught takes minutes.
        assert!(
            elapsed < Duration::from_secs(20),
            "{source} took {elapsed:?}"
        );
    }
}

#[test]
fn a_template_that_never_ends_is_given_up() {
    // Twice an empty list is an empty list, but it takes 2^33 steps to find out.
    let source = "{% set ns = namespace(x=[]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}x";
    let template = ChatTemplate::new(source).unwrap();
    let started = Instant::now();
    assert_eq!(
        template.render(&RenderRequest::new(&[])),
        Err(TemplateError::Runaway)
    );
    assert_eq!(
        template.render(&RenderRequest::new(&[])),
        Err(TemplateError::Runaway)
    );
    // The second time, nothing is tried.
    assert!(started.elapsed() < limits::BASE_TIME * 2);
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let most = limits::MAX_TEMPLATE_BYTES;
    for source in [
        format!(
            "{{{{ {}1{} }}}}",
            "(".repeat(most / 2 - 10),
            ")".repeat(most / 2 - 10)
        ),
        format!(
            "{{{{ {}1{} }}}}",
            "[".repeat(most / 2 - 10),
            "]".repeat(most / 2 - 10)
        ),
        "{% if true %}".repeat(most / 13),
        format!("{{{{ {} 1 }}}}", "not ".repeat(most / 4 - 10)),
        format!("{{{{ 1 {} }}}}", "+1".repeat(most / 2 - 10)),
        format!("{{{{ x {} }}}}", ".y".repeat(most / 2 - 10)),
        format!("{{{{ x {} }}}}", "|a".repeat(most / 2 - 10)),
        format!("{{{{ x {} }}}}", "()".repeat(most / 2 - 10)),
        format!("{{{{ {} 1 }}}}", "-".repeat(most - 20)),
    ] {
        let result = ChatTemplate::new(&source)
            .and_then(|template| template.render(&RenderRequest::new(&[])));
        assert!(result.is_err() || result.is_ok_and(|prompt| prompt.len() < 100));
    }
}

#[test]
fn a_very_long_conversation_renders() {
    let turn = |at: usize| {
        Message::new(
            if at.is_multiple_of(2) {
                "user"
            } else {
                "assistant"
            },
            &"word ".repeat(200),
        )
    };
    let messages: Vec<Message> = (0..4_001).map(turn).collect();
    let qwen3 = include_str!("../../tests/fixtures/templates/Qwen-Qwen3-0.6B.jinja");
    for source in [CHATML, qwen3] {
        assert!(render(source, &messages).unwrap().len() > 4_000_000);
    }
}
