use serde_json::{Value, json};
use sirocco_engine_wire::{FormPart, Prompt};

use super::*;
use crate::template::ChatTemplate;
use crate::tokenizer::{TokenType, Tokenizer, VocabularySource};

const WORDS: [(&str, TokenType); 7] = [
    ("<unk>", TokenType::Unknown),
    ("<s>", TokenType::Control),
    ("</s>", TokenType::Control),
    ("<think>", TokenType::Control),
    ("</think>", TokenType::Control),
    ("<tool_call>", TokenType::Control),
    ("name", TokenType::Normal),
];
const END: u32 = 2;
const OPEN: u32 = 3;
const CLOSED: u32 = 4;
const CALL: u32 = 5;

/// A vocabulary of all bytes and some words.
fn forms() -> Forms {
    let bytes = (0..=255).map(|byte| (format!("<0x{byte:02X}>"), TokenType::Byte));
    let words = WORDS.map(|(word, kind)| (word.to_owned(), kind));
    let (tokens, types): (Vec<_>, Vec<_>) = words
        .into_iter()
        .chain(bytes)
        .map(|(word, kind)| (word.into_bytes(), kind))
        .unzip();
    let source = VocabularySource {
        model: "llama".into(),
        scores: vec![0.0; tokens.len()],
        tokens,
        types,
        bos: Some(1),
        eos: Some(END),
        ..VocabularySource::default()
    };
    let tokenizer = Tokenizer::new(&source).unwrap();
    let language = Language::new(tokenizer, ChatTemplate::new("").unwrap());
    Forms::new(&Arc::new(language)).unwrap()
}

fn request() -> GenerateRequest {
    GenerateRequest {
        id: 1,
        prompt: Prompt::Chat {
            messages: Vec::new(),
            continue_last: false,
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        },
        sampling: Default::default(),
        max_tokens: None,
        stop: Vec::new(),
        constraint: None,
    }
}

fn guide(forms: &Forms, constraint: &Constraint) -> Guide {
    forms.guide(constraint, &request(), "assistant:").unwrap()
}

fn json_of(schema: Value) -> Constraint {
    Constraint::Json {
        schema,
        lenient: false,
    }
}

/// Writes an answer with whatever is allowed, thoughts left out.
fn wander(forms: &Forms, constraint: &Constraint, seed: u64) -> String {
    let mut guide = guide(forms, constraint);
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::new();
    while !guide.is_over() {
        assert!(bytes.len() < 2000, "{}", String::from_utf8_lossy(&bytes));
        let id = guide.forced().unwrap_or_else(|| {
            let allowed: Vec<u32> = guide
                .allowed()
                .unwrap()
                .iter()
                .filter(|id| *id != OPEN)
                .collect();
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            allowed[(random >> 33) as usize % allowed.len()]
        });
        if id == END {
            break;
        }
        bytes.extend(forms.language.tokenizer.token_bytes(id));
        guide.take(id).unwrap();
    }
    String::from_utf8(bytes).unwrap()
}

/// The token of a byte.
fn byte(byte: u8) -> u32 {
    u32::try_from(WORDS.len()).unwrap() + u32::from(byte)
}

fn write(guide: &mut Guide, text: &str) {
    for one in text.bytes() {
        guide.take(byte(one)).unwrap();
    }
}

/// Writes digits as long as one is allowed, a hundred at most; how many.
fn write_digits(guide: &mut Guide) -> u32 {
    let mut digits = 0;
    while digits < 100 && guide.allowed().unwrap().is_allowed(byte(b'7')) {
        guide.take(byte(b'7')).unwrap();
        digits += 1;
    }
    digits
}

#[test]
fn a_number_of_json_has_an_end() {
    let forms = forms();
    let digits_behind = |constraint: &Constraint, begun: &str| {
        let mut guide = guide(&forms, constraint);
        write(&mut guide, begun);
        write_digits(&mut guide)
    };
    let number = json_of(json!({"type": "number", "exclusiveMaximum": 100}));
    assert_eq!(digits_behind(&number, "1."), 20);
    let text = json_of(json!({"type": "string"}));
    assert_eq!(digits_behind(&text, "\""), 100);
    let pattern = Constraint::Regex {
        pattern: "[0-9]+".into(),
    };
    assert_eq!(digits_behind(&pattern, ""), 100);
}

#[test]
fn the_fraction_of_a_second_has_an_end() {
    let forms = forms();
    for (format, begun) in [
        ("time", "\"12:00:00."),
        ("date-time", "\"2026-01-01T12:00:00."),
    ] {
        let schema = json!({"type": "string", "format": format});
        let mut guide = guide(&forms, &json_of(schema));
        write(&mut guide, begun);
        assert_eq!(write_digits(&mut guide), 9, "{format}");
        write(&mut guide, "+01:00\"");
        assert!(guide.is_over());
    }
}

#[test]
fn whatever_is_chosen_the_answer_is_json_of_its_schema() {
    let forms = forms();
    let schema = json!({
        "type": "object",
        "properties": {
            "wind": {"enum": ["sirocco", "mistral"]},
            "force": {"type": "integer", "minimum": 0, "maximum": 12},
            "places": {"type": "array", "items": {"$ref": "#/$defs/place"}, "maxItems": 2},
        },
        "required": ["wind", "force", "places"],
        "additionalProperties": false,
        "$defs": {"place": {"type": "string", "maxLength": 5}},
    });
    for seed in 0..60 {
        let text = wander(&forms, &json_of(schema.clone()), seed);
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert!(["sirocco", "mistral"].contains(&answer["wind"].as_str().unwrap()));
        assert!(answer["force"].as_u64().unwrap() <= 12);
        let places = answer["places"].as_array().unwrap();
        let longest = places
            .iter()
            .map(|place| place.as_str().unwrap().chars().count())
            .max();
        assert!(places.len() <= 2 && longest.unwrap_or(0) <= 5, "{text}");
        assert_eq!(answer.as_object().unwrap().len(), 3);
    }
}

#[test]
fn an_answer_ends_when_it_is_complete_and_not_before() {
    let forms = forms();
    let mut guide = guide(&forms, &json_of(json!({"type": "integer"})));
    assert!(!guide.allowed().unwrap().is_allowed(END));
    let seven = forms.language.tokenizer.vocabulary_size() as u32 - 256 + u32::from(b'7');
    guide.take(seven).unwrap();
    assert!(guide.allowed().unwrap().is_allowed(END), "it may");
    assert!(!guide.is_over(), "and need not");
}

#[test]
fn what_is_without_a_choice_is_not_asked_for() {
    let forms = forms();
    let mut guide = guide(&forms, &json_of(json!({"const": "sirocco"})));
    guide.place = Place::Form;
    let mut text = Vec::new();
    while let Some(id) = guide.forced() {
        text.extend(forms.language.tokenizer.token_bytes(id));
        guide.take(id).unwrap();
    }
    assert_eq!(String::from_utf8(text).unwrap(), "\"sirocco\"");
    assert!(guide.is_over());
}

#[test]
fn thoughts_are_free_and_do_not_end_the_answer() {
    let forms = forms();
    let mut guide = guide(&forms, &json_of(json!({"const": 1})));
    assert_eq!(guide.forced(), None, "thoughts may come first");
    assert!(guide.allowed().unwrap().is_allowed(OPEN));
    guide.take(OPEN).unwrap();
    let free = guide.allowed().unwrap();
    assert!(free.is_allowed(CALL) && free.is_allowed(CLOSED) && !free.is_allowed(END));
    guide.take(CALL).unwrap();
    guide.take(CLOSED).unwrap();
    assert!(!guide.allowed().unwrap().is_allowed(CALL));
    assert!(guide.forced().is_some());
}

#[test]
fn calls_are_rows_and_their_marks_are_tokens() {
    let forms = forms();
    let text = |text: &str| FormPart::Text { text: text.into() };
    let call = |name: &str| {
        let begin = format!("<tool_call>{{\"name\": \"{name}\", \"arguments\": ");
        let schema = json!({"type": "object", "properties": {"at": {"enum": ["Tunis"]}},
            "required": ["at"], "additionalProperties": false, "no such keyword": 1});
        vec![text(&begin), FormPart::Json { schema }, text("}")]
    };
    let rows = Constraint::Rows {
        rows: vec![call("wind"), call("tide")],
        between: Some("\n".into()),
    };
    for seed in 0..20 {
        let answer = wander(&forms, &rows, seed);
        for line in answer
            .split("}\n<")
            .map(|call| call.trim_start_matches('<'))
        {
            assert!(line.starts_with("tool_call>{\"name\": \""), "{answer}");
            assert!(line.contains("Tunis"), "{answer}");
        }
    }
    let mut guide = guide(&forms, &rows);
    guide.place = Place::Form;
    assert_eq!(guide.forced(), Some(CALL));
}

#[test]
fn expressions_and_grammars_are_kept_to() {
    let forms = forms();
    for seed in 0..10 {
        let pattern = Constraint::Regex {
            pattern: "(north|south)[0-9]{2}".into(),
        };
        let text = wander(&forms, &pattern, seed);
        assert!(
            text.starts_with("north") || text.starts_with("south"),
            "{text}"
        );
        assert_eq!(text.len(), 7);
        let grammar = Constraint::Lark {
            grammar: "start: \"a\" (\"b\" | \"c\")".into(),
        };
        let text = wander(&forms, &grammar, seed);
        assert!(text == "ab" || text == "ac", "{text}");
    }
}

#[test]
fn what_cannot_be_held_to_is_refused_in_words() {
    let forms = forms();
    for (constraint, words) in [
        (json_of(json!({"type": "wind"})), "wind"),
        (json_of(json!({"type": "object", "not": {}})), "not"),
        (json_of(json!({"$ref": "#/$defs/none"})), "none"),
        (json_of(json!("a schema")), "object"),
        (json_of(json!({"enum": []})), "nsatisfiable"),
        (
            Constraint::Lark {
                grammar: "begin: \"a\"".into(),
            },
            "start",
        ),
        (
            Constraint::Regex {
                pattern: "(a".into(),
            },
            "regex",
        ),
    ] {
        let error = match forms.guide(&constraint, &request(), "") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{constraint:?} is taken"),
        };
        assert!(error.contains(words), "{constraint:?}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let lenient = Constraint::Json {
        schema: json!({"type": "integer", "not": {"const": 3}}),
        lenient: true,
    };
    assert!(forms.guide(&lenient, &request(), "").is_ok());
}

#[test]
fn what_is_begun_is_part_of_the_form() {
    let forms = forms();
    let begun = |content: &str| {
        let mut request = request();
        if let Prompt::Chat {
            messages,
            continue_last,
            ..
        } = &mut request.prompt
        {
            *continue_last = true;
            messages.push(sirocco_engine_wire::ChatMessage {
                role: "assistant".into(),
                content: content.into(),
                ..Default::default()
            });
        }
        request
    };
    let constraint = json_of(json!({"enum": ["sirocco", "mistral"]}));
    let mut guide = forms.guide(&constraint, &begun("\"si"), "").unwrap();
    let mut rest = Vec::new();
    while let Some(id) = guide.forced() {
        rest.extend(forms.language.tokenizer.token_bytes(id));
        guide.take(id).unwrap();
    }
    assert_eq!(String::from_utf8(rest).unwrap(), "rocco\"");
    assert!(forms.guide(&constraint, &begun("\"no"), "").is_err());
    let mut over = forms.guide(&constraint, &begun("\"sirocco\""), "").unwrap();
    let allowed: Vec<u32> = over.allowed().unwrap().iter().collect();
    assert_eq!(allowed, [END], "it is complete already");
}
