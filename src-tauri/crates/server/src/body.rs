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
use sirocco_core::completions::ChatImage;
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
    /// An image, in OpenAI's words: its address, or an object with that.
    pub image_url: Option<Value>,
    /// An image, in Anthropic's words.
    pub source: Option<Value>,
}

/// What a person says: words, and images at their places in them.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub images: Vec<ChatImage>,
    texts: usize,
}

impl Said {
    /// A further text, on a line of its own.
    pub fn add_text(&mut self, text: &str) {
        if self.texts > 0 {
            self.text.push('\n');
        }
        self.texts += 1;
        self.text.push_str(text);
    }

    /// An image behind what was said so far.
    pub fn add_image(&mut self, base64: String) {
        let at = self.text.len();
        self.images.push(ChatImage { at, base64 });
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        let mut said = Self::default();
        said.add_text(text);
        said
    }
}

impl Content {
    /// The text with its images. `field` is where it stands in the request; a part that is neither is refused by its
    /// place, and so is an image that is somewhere else.
    pub fn said(&self, field: &str) -> Result<Said, Fault> {
        let parts = match self {
            Self::Text(text) => return Ok(Said::from(text.as_str())),
            Self::Parts(parts) => parts,
        };
        let mut said = Said::default();
        for (at, part) in parts.iter().enumerate() {
            let field = format!("{field}[{at}]");
            match part.image(&field)? {
                Some(base64) => said.add_image(base64),
                None => said.add_text(part.words(&field)?),
            }
        }
        Ok(said)
    }

    /// The text alone. `field` is where it stands in the request; a part that is no text is refused by its place.
    pub fn text(&self, field: &str) -> Result<String, Fault> {
        let parts = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::Parts(parts) => parts,
        };
        let mut texts = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            texts.push(part.words(&format!("{field}[{at}]"))?);
        }
        Ok(texts.join("\n"))
    }
}

impl Part {
    fn words(&self, field: &str) -> Result<&str, Fault> {
        match (self.kind.as_str(), &self.text) {
            ("text" | "input_text" | "output_text", Some(text)) => Ok(text),
            (kind, _) => {
                let message = format!("`{field}` is of type `{kind}`, which is not supported here");
                Err(Fault::field(field, message))
            }
        }
    }

    /// The file, base64, if the part is an image; whether it is one is seen when it is decoded.
    fn image(&self, field: &str) -> Result<Option<String>, Fault> {
        match self.kind.as_str() {
            "image_url" | "input_image" => {
                let url = match &self.image_url {
                    Some(Value::String(url)) => Some(url.as_str()),
                    Some(object) => object["url"].as_str(),
                    None => None,
                };
                match url {
                    Some(url) => of_data_url(url, field).map(Some),
                    None => Err(elsewhere(field)),
                }
            }
            "image" => {
                let source = self.source.as_ref().unwrap_or(&Value::Null);
                match (source["type"].as_str(), source["data"].as_str()) {
                    (Some("base64"), Some(data)) => Ok(Some(data.to_owned())),
                    _ => Err(elsewhere(field)),
                }
            }
            _ => Ok(None),
        }
    }
}

/// What a `data:` URL holds.
pub fn of_data_url(url: &str, field: &str) -> Result<String, Fault> {
    let (head, data) = url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
        .ok_or_else(|| elsewhere(field))?;
    if head.ends_with(";base64") {
        Ok(data.to_owned())
    } else {
        let message = format!("`{field}` must hold its image as base64");
        Err(Fault::field(field, message))
    }
}

/// An image that is not in the request.
fn elsewhere(field: &str) -> Fault {
    let message = format!(
        "`{field}` must hold the image itself, as base64 (a `data:` URL where there is a URL): nothing is fetched for it"
    );
    Fault::field(field, message)
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
    fn images_stand_between_the_words_around_them() {
        let content: Content = serde_json::from_value(json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}},
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,Qg=="}},
            {"type": "input_text", "text": "b"},
            {"type": "input_image", "image_url": "data:image/jpeg;base64,Qw=="},
        ]))
        .unwrap();
        let said = content.said("content").unwrap();
        assert_eq!(said.text, "a\nb");
        let places: Vec<_> = said
            .images
            .iter()
            .map(|one| (one.at, one.base64.as_str()))
            .collect();
        assert_eq!(places, [(0, "QQ=="), (1, "Qg=="), (3, "Qw==")]);
    }

    #[test]
    fn an_image_that_is_somewhere_else_is_not_fetched() {
        for part in [
            json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
            json!({"type": "image_url", "image_url": {"url": "data:image/svg+xml,<svg/>"}}),
            json!({"type": "image_url"}),
            json!({"type": "input_image", "file_id": "file-1"}),
            json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}),
            json!({"type": "input_audio", "text": "a"}),
        ] {
            let content: Content = serde_json::from_value(json!([part])).unwrap();
            let fault = content.said("messages[0].content").unwrap_err();
            assert_eq!(
                fault.field.as_deref(),
                Some("messages[0].content[0]"),
                "{part}"
            );
        }
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
