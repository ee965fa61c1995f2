//! YAML by strangers as JSON: no aliases (they multiply), no tags, bounded in depth and number.
//!
//! The events come from saphyr-parser (two crates). The libraries above it build a document for every alias, so that
//! a page of text becomes gigabytes.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

const MAX_BYTES: usize = 256 << 10;
const MAX_DEPTH: usize = 24;
const MAX_VALUES: usize = 20_000;

/// The first document; none if it is broken or too large.
pub fn read(text: &str) -> Option<Value> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut open: Vec<Open> = Vec::new();
    let mut count = 0;
    for event in Parser::new_from_str(text) {
        count += 1;
        if count > MAX_VALUES || open.len() > MAX_DEPTH {
            return None;
        }
        let done = match event.ok()?.0 {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            // What it stands for is not copied.
            Event::Alias(_) => Value::Null,
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.close(),
            Event::DocumentEnd | Event::StreamEnd => return None,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.add(done),
            None => return Some(done),
        }
    }
    None
}

enum Open {
    List(Vec<Value>),
    /// With the key that waits for its value.
    Map(Map<String, Value>, Option<String>),
}

impl Open {
    fn add(&mut self, value: Value) {
        match self {
            Self::List(items) => items.push(value),
            Self::Map(map, key) => match key.take() {
                Some(key) => {
                    map.entry(key).or_insert(value);
                }
                None => {
                    *key = Some(match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    });
                }
            },
        }
    }

    fn close(self) -> Value {
        match self {
            Self::List(items) => Value::Array(items),
            Self::Map(map, _) => Value::Object(map),
        }
    }
}

/// A plain word may be a number or a truth; a quoted one is text. `no` is text: it is a language more often than not.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let begins_as_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = || -> Option<Number> {
        if let Ok(whole) = text.parse::<i64>() {
            return Some(whole.into());
        }
        Number::from_f64(text.parse::<f64>().ok()?)
    };
    match begins_as_number.then(number).flatten() {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_card_is_read() {
        let text = "license: apache-2.0\nbase_model:\n- x/y\nlanguage: [en, no, \"de\"]\nwhen: 2024-01-01\n\
                    tags:\n  - gguf\nquantized_by: me\nempty:\nversion: 1.5\nbig: 12345678901234567890\n";
        assert_eq!(
            read(text),
            Some(json!({
                "license": "apache-2.0", "base_model": ["x/y"], "language": ["en", "no", "de"], "when": "2024-01-01",
                "tags": ["gguf"], "quantized_by": "me", "empty": null, "version": 1.5, "big": 12345678901234567890.0,
            }))
        );
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
        for (name, before) in ('b'..='z').zip('a'..='y') {
            laughs += &format!(
                "{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}]\n"
            );
        }
        let value = read(&laughs).expect("a map");
        assert_eq!(value["z"], json!([null, null, null, null, null]));
        for bomb in [
            "[".repeat(100_000),
            "- ".repeat(10_000),
            "{a: ".repeat(1_000),
            "x: y\n".repeat(100_000),
            "- x\n".repeat(30_000),
            "? ".repeat(5_000),
        ] {
            assert_eq!(read(&bomb), None, "{}", &bomb[..4]);
        }
    }

    #[test]
    fn broken_text_is_nothing() {
        for broken in ["{", "a: b: c", "\"open", "a:\n\t- b", "%", "*x *y"] {
            // Some of these are read as far as they go; none panics.
            let _ = read(broken);
        }
        assert_eq!(read(""), None);
        assert_eq!(
            read("a: 1\na: 2"),
            Some(json!({"a": 1})),
            "the first counts"
        );
    }
}
