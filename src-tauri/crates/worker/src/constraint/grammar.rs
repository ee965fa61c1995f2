//! Forms in the words of llguidance.

use llguidance::JsonCompileOptions;
use llguidance::api::TopLevelGrammar;
use serde_json::Value;
use sirocco_engine_wire::{Constraint, FormPart};

use super::{ConstraintError, times};

/// What may stand between the parts of JSON. Without an end to it, small models write line breaks for ever.
const WHITE_SPACE: &str = r"\x20|\r?\n[\x20\t]{0,32}";

/// The grammar of a form.
pub(super) fn of(constraint: &Constraint) -> Result<TopLevelGrammar, ConstraintError> {
    Ok(match constraint {
        Constraint::Json { schema, lenient } => {
            TopLevelGrammar::from_json_schema(with_options(schema, *lenient)?)
        }
        Constraint::Lark { grammar } => TopLevelGrammar::from_lark(grammar.clone()),
        Constraint::Regex { pattern } => TopLevelGrammar::from_regex(pattern),
        Constraint::Rows { rows, between } => {
            TopLevelGrammar::from_lark(lark_of(rows, between.as_deref())?)
        }
    })
}

/// Options travel inside the schema, where one of the same name would be taken for them.
fn with_options(schema: &Value, lenient: bool) -> Result<Value, ConstraintError> {
    if !schema.is_object() {
        return Err(ConstraintError::new("a JSON schema is an object"));
    }
    let options = JsonCompileOptions {
        whitespace_pattern: Some(WHITE_SPACE.into()),
        lenient,
        ..JsonCompileOptions::default()
    };
    let mut schema = schema.clone();
    times::bound(&mut schema);
    options.apply_to(&mut schema);
    Ok(schema)
}

fn lark_of(rows: &[Vec<FormPart>], between: Option<&str>) -> Result<String, ConstraintError> {
    if rows.is_empty() {
        return Err(ConstraintError::new("there is no row to choose"));
    }
    let mut lark = String::from("start: row");
    if let Some(between) = between {
        lark.push_str(&format!(" ({} row)*", literal(between)));
    }
    let names: Vec<String> = (0..rows.len()).map(|row| format!("row_{row}")).collect();
    lark.push_str(&format!("\nrow: {}\n", names.join(" | ")));
    let mut schemas = String::new();
    for (row, parts) in rows.iter().enumerate() {
        lark.push_str(&format!("row_{row}:"));
        for (part, one) in parts.iter().enumerate() {
            match one {
                FormPart::Text { text } => lark.push_str(&format!(" {}", literal(text))),
                FormPart::Json { schema } => {
                    let schema = with_options(schema, true)?;
                    lark.push_str(&format!(" json_{row}_{part}"));
                    schemas.push_str(&format!("json_{row}_{part}: %json {schema}\n"));
                }
            }
        }
        lark.push('\n');
    }
    Ok(lark + &schemas)
}

/// A string of Lark's is one of JSON.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_rules_and_their_schemas_too() {
        let text = |text: &str| FormPart::Text { text: text.into() };
        let rows = [
            vec![text("say \"a\"\n"), FormPart::Json { schema: json!({}) }],
            vec![text("b")],
        ];
        let lark = lark_of(&rows, Some(", ")).unwrap();
        let lines: Vec<&str> = lark.lines().collect();
        assert_eq!(
            lines[..4],
            [
                r#"start: row (", " row)*"#,
                "row: row_0 | row_1",
                r#"row_0: "say \"a\"\n" json_0_1"#,
                r#"row_1: "b""#,
            ]
        );
        assert!(lines[4].starts_with("json_0_1: %json {"), "{lark}");
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert!(with_options(&json!([]), false).is_err());
        assert!(lark_of(&[], None).is_err());
    }
}
