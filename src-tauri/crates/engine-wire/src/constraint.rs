//! What an answer has to look like.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A form that an answer is held to: no token is chosen that leaves it, and none ends the answer before it is complete.
/// The thoughts in front of an answer are free. Where an answer is continued, what it has already is part of the form,
/// but for rows: those describe only what is new.
///
/// ```
/// use sirocco_engine_wire::Constraint;
/// let text = r#"{"type": "json", "schema": {"type": "integer"}}"#;
/// let constraint: Constraint = serde_json::from_str(text).unwrap();
/// assert!(matches!(constraint, Constraint::Json { lenient: false, .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Constraint {
    /// JSON that satisfies a schema.
    Json {
        /// An object, in draft 2020-12 or an older one.
        schema: Value,
        /// Keywords that cannot be held to are passed over; otherwise a schema with one is refused.
        #[serde(default)]
        lenient: bool,
    },
    /// Text of a grammar in llguidance's variant of Lark.
    Lark {
        /// It begins with the rule `start`.
        grammar: String,
    },
    /// Text that is matched as a whole.
    Regex {
        /// In the syntax of Rust's regular expressions, without look-around.
        pattern: String,
    },
    /// One of several rows of parts, such as calls of one of several tools.
    Rows {
        /// At least one.
        rows: Vec<Vec<FormPart>>,
        /// If given, further rows may follow, each behind this text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        between: Option<String>,
    },
}

/// A part of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FormPart {
    /// This text.
    Text {
        /// Marks of calls in it may be written with their own tokens.
        text: String,
    },
    /// JSON that satisfies a schema, as far as it can be held to.
    Json {
        /// As of [`Constraint::Json`].
        schema: Value,
    },
}

impl Constraint {
    /// Any JSON object.
    #[must_use]
    pub fn json_object() -> Self {
        Self::Json {
            schema: json!({"type": "object"}),
            lenient: false,
        }
    }
}
