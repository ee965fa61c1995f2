//! Reading requests: tolerant of what is unknown, exact about what is wrong.

use std::error::Error;
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::fault::Fault;
use crate::routes::too_long;

/// A body as axum hands it over.
pub type Body = Result<Bytes, BytesRejection>;

/// A body did not come in the time it had.
#[derive(Debug, thiserror::Error)]
#[error("the body took too long")]
struct TooSlow;

/// The same body, which fails if it has not come within this time.
pub fn in_time(body: axum::body::Body, time: Duration) -> axum::body::Body {
    let deadline = Instant::now() + time;
    let data = stream::unfold(body.into_data_stream(), move |mut data| async move {
        let next = match timeout_at(deadline, data.next()).await {
            Ok(next) => next?.map_err(BoxError::from),
            Err(_) => Err(BoxError::from(TooSlow)),
        };
        Some((next, data))
    });
    axum::body::Body::from_stream(data)
}

/// The same body, of which somebody sees every part that passes.
pub fn watched(body: axum::body::Body, see: impl Fn(&[u8]) + Send + 'static) -> axum::body::Body {
    axum::body::Body::from_stream(body.into_data_stream().inspect_ok(move |part| see(part)))
}

fn is_too_slow(rejection: &BytesRejection) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(rejection);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The body as JSON, whatever it says its type is.
pub fn json(body: Body) -> Result<Value, Fault> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        _ if is_too_slow(&rejection) => {
            Fault::new(StatusCode::REQUEST_TIMEOUT, TooSlow.to_string())
        }
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => Fault::new(
            status,
            format!("the body could not be read: {}", rejection.body_text()),
        ),
    })?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        Fault::new(
            StatusCode::BAD_REQUEST,
            format!("the body is not JSON: {error}"),
        )
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Fault::new(
            StatusCode::BAD_REQUEST,
            "the body is not a JSON object",
        ))
    }
}

/// Some of the fields of a body; the first that has another type is named.
pub fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let field = error.path().to_string();
        Fault::field(field.clone(), format!("`{field}`: {}", error.inner()))
    })
}

/// Refuses fields that ask for something there is not yet. Null, false and empty ask for nothing.
pub fn refuse(body: &Value, fields: &[&str]) -> Result<(), Fault> {
    match fields.iter().find(|field| asks(&body[**field])) {
        Some(field) => Err(Fault::unsupported(field)),
        None => Ok(()),
    }
}

/// Whether a field asks for anything.
pub fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// One string or several.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Strings(pub Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "it must be a string or a list of strings")]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        Ok(match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(text) => Self(vec![text]),
            OneOrMore::More(list) => Self(list),
        })
    }
}

/// Text, or text in parts of a type.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "it must be a string or a list of parts with a `type`"
)]
pub enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Part {
    #[serde(rename = "type")]
    pub kind: String,
    pub text: Option<String>,
    /// What the model thought, in Anthropic's words.
    pub thinking: Option<String>,
    /// Of a call of a tool, in Anthropic's words.
    pub id: Option<String>,
    pub name: Option<String>,
    pub input: Option<Value>,
    /// Of the result of a call.
    pub tool_use_id: Option<String>,
    pub content: Option<Box<Content>>,
}

impl Content {
    /// The text alone. `field` is where it stands in the request; a part that is no text is refused by its place.
    pub fn text(&self, field: &str) -> Result<String, Fault> {
        let parts = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::Parts(parts) => parts,
        };
        let mut texts = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            match (part.kind.as_str(), &part.text) {
                ("text" | "input_text" | "output_text", Some(text)) => texts.push(text.as_str()),
                (kind, _) => {
                    let field = format!("{field}[{at}]");
                    let message =
                        format!("`{field}` is of type `{kind}`: only text is supported yet");
                    return Err(Fault::field(field, message));
                }
            }
        }
        Ok(texts.join("\n"))
    }
}

/// A number of tokens: absent, null and -1 are no limit.
pub fn token_limit(field: &str, tokens: Option<i64>) -> Result<Option<u32>, Fault> {
    match tokens {
        None | Some(-1) => Ok(None),
        Some(tokens) => match u32::try_from(tokens) {
            Ok(tokens) if tokens > 0 => Ok(Some(tokens)),
            _ => Err(Fault::field(
                field,
                format!("`{field}` is {tokens} but must be at least 1"),
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Fields {
        stop: Option<Strings>,
        list: Option<Vec<Content>>,
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let fault = read::<Fields>(&json!({"list": ["a", {"b": 1}]})).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("list[1]"));
        assert!(fault.message.contains("a list of parts"), "{fault:?}");
        let fault = read::<Fields>(&json!({"stop": 5})).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("stop"));
        assert!(fault.message.contains("a list of strings"), "{fault:?}");
    }

    #[test]
    fn one_string_is_a_list_of_one_and_unknown_fields_are_passed_over() {
        let fields: Fields = read(&json!({"stop": "a", "user": "me"})).unwrap();
        assert_eq!(fields.stop, Some(Strings(vec!["a".into()])));
        let fields: Fields = read(&json!({"stop": null, "list": null})).unwrap();
        assert!(fields.stop.is_none() && fields.list.is_none());
    }

    #[test]
    fn parts_are_joined_and_what_is_no_text_is_named() {
        let content: Content = serde_json::from_value(json!([
            {"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}
        ]))
        .unwrap();
        assert_eq!(content.text("content").unwrap(), "a\nb");
        let content: Content = serde_json::from_value(json!([
            {"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}
        ]))
        .unwrap();
        let fault = content.text("messages[0].content").unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("messages[0].content[1]"));
        assert!(fault.message.contains("image_url"));
    }

    #[test]
    fn only_what_asks_for_something_is_refused() {
        let fields = ["tools", "format"];
        for body in [
            json!({}),
            json!({"tools": []}),
            json!({"tools": null, "format": ""}),
        ] {
            assert_eq!(refuse(&body, &fields), Ok(()), "{body}");
        }
        for (body, field) in [
            (json!({"tools": [{}]}), "tools"),
            (json!({"format": "json"}), "format"),
            (json!({"format": {"type": "object"}}), "format"),
        ] {
            let fault = refuse(&body, &fields).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{body}");
        }
    }

    #[test]
    fn a_limit_of_minus_one_is_none() {
        assert_eq!(token_limit("max_tokens", Some(-1)), Ok(None));
        assert_eq!(token_limit("max_tokens", Some(7)), Ok(Some(7)));
        for wrong in [0, -2, i64::MAX] {
            let fault = token_limit("max_tokens", Some(wrong)).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some("max_tokens"));
        }
    }
}
