//! The form that an answer is to have: JSON, JSON of a schema, or text of a grammar.

use serde_json::Value;
use sirocco_core::completions::Constraint;

use crate::fault::Fault;

/// What OpenAI's and Anthropic's fields ask for, the schema under `json_schema` or beside the type. `lark` with a
/// `grammar` and `regex` with a `pattern` are our own. A schema is held to in all it says if it is strict, and as far
/// as it can be if it is not.
pub fn of_format(format: &Value, field: &str) -> Result<Option<Constraint>, Fault> {
    if format.is_null() {
        return Ok(None);
    }
    let text = |name: &str| match format[name].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => {
            let field = format!("{field}.{name}");
            Err(Fault::field(&field, format!("`{field}` must be a text")))
        }
    };
    Ok(Some(match format["type"].as_str() {
        Some("text") => return Ok(None),
        Some("json_object") => Constraint::json_object(),
        Some("json_schema") => {
            let (nested, place) = match format.get("json_schema") {
                Some(nested) => (nested, format!("{field}.json_schema.schema")),
                None => (format, format!("{field}.schema")),
            };
            let strict = nested["strict"].as_bool().unwrap_or(false);
            of_schema(&nested["schema"], !strict, &place)?
        }
        Some("lark") => Constraint::Lark {
            grammar: text("grammar")?,
        },
        Some("regex") => Constraint::Regex {
            pattern: text("pattern")?,
        },
        _ => {
            let message =
                format!("`{field}` must be of type text, json_object, json_schema, lark or regex");
            return Err(Fault::field(field, message));
        }
    }))
}

/// What Ollama's `format` asks for: the word `json`, or a schema.
pub fn of_ollama(format: &Value) -> Result<Option<Constraint>, Fault> {
    match format {
        Value::Null => Ok(None),
        Value::String(word) if word.is_empty() => Ok(None),
        Value::String(word) if word == "json" => Ok(Some(Constraint::json_object())),
        Value::Object(_) => of_schema(format, true, "format").map(Some),
        _ => Err(Fault::field(
            "format",
            "`format` must be `json` or a JSON schema",
        )),
    }
}

fn of_schema(schema: &Value, lenient: bool, field: &str) -> Result<Constraint, Fault> {
    if !schema.is_object() {
        let message = format!("`{field}` must be a JSON schema");
        return Err(Fault::field(field, message));
    }
    Ok(Constraint::Json {
        schema: schema.clone(),
        lenient,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(lenient: bool) -> Constraint {
        Constraint::Json {
            schema: json!({"type": "integer"}),
            lenient,
        }
    }

    #[test]
    fn each_way_to_ask_is_understood() {
        let integer = json!({"type": "integer"});
        for (format, expected) in [
            (json!(null), None),
            (json!({"type": "text"}), None),
            (
                json!({"type": "json_object"}),
                Some(Constraint::json_object()),
            ),
            (
                json!({"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": integer}}),
                Some(schema(false)),
            ),
            (
                json!({"type": "json_schema", "name": "n", "schema": integer}),
                Some(schema(true)),
            ),
            (
                json!({"type": "lark", "grammar": "start: \"a\""}),
                Some(Constraint::Lark {
                    grammar: "start: \"a\"".into(),
                }),
            ),
            (
                json!({"type": "regex", "pattern": "a+"}),
                Some(Constraint::Regex {
                    pattern: "a+".into(),
                }),
            ),
        ] {
            assert_eq!(of_format(&format, "f").unwrap(), expected, "{format}");
        }
        for (format, expected) in [
            (json!(""), None),
            (json!("json"), Some(Constraint::json_object())),
            (integer, Some(schema(true))),
        ] {
            assert_eq!(of_ollama(&format).unwrap(), expected, "{format}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (field, format) in [
            ("f", json!({"type": "yaml"})),
            ("f", json!("json")),
            (
                "f.json_schema.schema",
                json!({"type": "json_schema", "json_schema": {}}),
            ),
            ("f.schema", json!({"type": "json_schema"})),
            ("f.grammar", json!({"type": "lark"})),
            ("f.pattern", json!({"type": "regex", "pattern": 1})),
        ] {
            let fault = of_format(&format, "f").unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{format}");
        }
        assert!(of_ollama(&json!("yaml")).is_err());
    }
}
