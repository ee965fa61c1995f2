//! Embeddings, as far as all dialects have them in common: texts in, vectors out, the tokens noted.

use serde::Deserialize;
use serde_json::Value;
use sirocco_core::completions::{EmbedInput, EmbedRequest, Embedded, Piece};
use sirocco_protocol::Model;

use crate::fault::Fault;
use crate::models::find;
use crate::note::Note;
use crate::routes::Served;

/// Most texts of one request: what OpenAI allows.
const MOST_TEXTS: usize = 2048;

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    More(Vec<String>),
    OneOfTokens(Vec<u32>),
    MoreOfTokens(Vec<Vec<u32>>),
}

/// The field `input`: one text or several, as strings or as tokens.
pub fn texts(input: &Value) -> Result<Vec<EmbedInput>, Fault> {
    let texts = Texts::deserialize(input).map_err(|_| {
        let message =
            "`input` must be a string, a list of strings, a list of tokens, or a list of such lists";
        Fault::field("input", message)
    })?;
    let text = |text| EmbedInput::Text { text };
    let tokens = |tokens| EmbedInput::Tokens { tokens };
    let texts: Vec<EmbedInput> = match texts {
        Texts::One(one) => vec![text(one)],
        Texts::More(more) => more.into_iter().map(text).collect(),
        Texts::OneOfTokens(one) => vec![tokens(one)],
        Texts::MoreOfTokens(more) => more.into_iter().map(tokens).collect(),
    };
    if texts.len() > MOST_TEXTS {
        let message = format!(
            "`input` has {} texts, and {MOST_TEXTS} are the most",
            texts.len()
        );
        return Err(Fault::field("input", message));
    }
    Ok(texts)
}

/// The vectors, and the model that made them.
pub async fn embed(
    served: &Served,
    name: Option<&str>,
    request: EmbedRequest,
) -> Result<(Model, Embedded), Fault> {
    let completions = served.completions.as_ref();
    let model = find(completions, name).await?;
    let embedded = completions.embed(model.id, request).await?;
    if let Some(note) = Note::current() {
        let prompt_tokens = embedded.tokens();
        note.piece(&Piece::Started { prompt_tokens });
    }
    Ok((model, embedded))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> EmbedInput {
        EmbedInput::Text { text: text.into() }
    }

    #[test]
    fn texts_come_in_four_forms() {
        let tokens = |tokens: &[u32]| EmbedInput::Tokens {
            tokens: tokens.to_vec(),
        };
        for (input, expected) in [
            (json!("a"), vec![text("a")]),
            (json!(["a", "b"]), vec![text("a"), text("b")]),
            (json!([1, 2]), vec![tokens(&[1, 2])]),
            (json!([[1], [2, 3]]), vec![tokens(&[1]), tokens(&[2, 3])]),
            (json!([]), vec![]),
        ] {
            assert_eq!(texts(&input), Ok(expected), "{input}");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for input in [
            json!(null),
            json!(5),
            json!(["a", 1]),
            json!([-1]),
            json!({}),
        ] {
            let fault = texts(&input).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some("input"), "{input}");
        }
        let many = json!(vec!["a"; MOST_TEXTS + 1]);
        assert!(texts(&many).unwrap_err().message.contains("2048"));
    }
}
