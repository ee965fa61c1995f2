//! `POST /v1/embeddings`, which LM Studio has too.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sirocco_core::completions::EmbedRequest;

use crate::body::{self, Body, read};
use crate::embeddings::{embed, texts};
use crate::fault::{Dialect, Fault, found};
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Fields {
    model: Option<String>,
    encoding_format: Option<Encoding>,
    dimensions: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    /// The bytes of the numbers, little-endian.
    Base64,
}

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Embedding>,
    model: String,
    usage: Usage,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Numbers,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Numbers {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    total_tokens: u32,
}

pub async fn embeddings(State(served): Shared, uri: Uri, body: Body) -> Response {
    found(answer(&served, body).await, Dialect::of_path(uri.path()))
}

async fn answer(served: &Served, body: Body) -> Result<List, Fault> {
    let body = body::json(body)?;
    let fields: Fields = read(&body)?;
    let inputs = texts(&body["input"])?;
    if inputs.is_empty() {
        return Err(Fault::field("input", "`input` must not be empty"));
    }
    let request = EmbedRequest {
        id: 0,
        inputs,
        truncate: false,
        dimensions: fields.dimensions,
    };
    let (model, embedded) = embed(served, fields.model.as_deref(), request).await?;
    let tokens = embedded.tokens();
    let encoding = fields.encoding_format.unwrap_or_default();
    let data = embedded.vectors.into_iter().enumerate();
    Ok(List {
        object: "list",
        data: data
            .map(|(index, vector)| Embedding {
                object: "embedding",
                index,
                embedding: encoding.of(vector.values),
            })
            .collect(),
        model: model.key,
        usage: Usage {
            prompt_tokens: tokens,
            total_tokens: tokens,
        },
    })
}

impl Encoding {
    fn of(self, values: Vec<f32>) -> Numbers {
        match self {
            Self::Float => Numbers::Float(values),
            Self::Base64 => {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                Numbers::Base64(STANDARD.encode(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_holds_the_bytes_of_the_numbers() {
        let values = vec![1.0, -0.5];
        assert_eq!(
            Encoding::Base64.of(values.clone()),
            Numbers::Base64("AACAPwAAAL8=".into())
        );
        assert_eq!(Encoding::Float.of(values.clone()), Numbers::Float(values));
    }
}
