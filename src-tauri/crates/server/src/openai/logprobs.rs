//! Probabilities of tokens, in the shape of chats and in that of plain completions.

use serde::Serialize;
use serde_json::{Map, Value};
use sirocco_core::completions::{Token, TokenProbability};

/// Stands for a probability of zero, whose logarithm JSON cannot hold.
const IMPOSSIBLE: f32 = -9999.0;

/// Of a piece of a chat.
#[derive(Debug, Serialize)]
pub struct ChatLogprobs {
    content: Vec<ChatToken>,
    refusal: Option<()>,
}

/// A token of a chat.
#[derive(Debug, Serialize)]
pub struct ChatToken {
    #[serde(flatten)]
    chosen: OneToken,
    top_logprobs: Vec<OneToken>,
}

#[derive(Debug, Serialize)]
struct OneToken {
    token: String,
    logprob: f32,
    /// None where the token is not text by itself.
    bytes: Option<Vec<u8>>,
}

impl From<&TokenProbability> for OneToken {
    fn from(token: &TokenProbability) -> Self {
        let is_text = !token.text.contains(char::REPLACEMENT_CHARACTER);
        Self {
            token: token.text.clone(),
            logprob: finite(token.logprob),
            bytes: is_text.then(|| token.text.as_bytes().to_vec()),
        }
    }
}

/// Each token with the likeliest in its place.
pub fn chat_tokens(tokens: &[Token]) -> Vec<ChatToken> {
    let one = |token: &Token| ChatToken {
        chosen: OneToken::from(&token.chosen),
        top_logprobs: token.likeliest.iter().map(OneToken::from).collect(),
    };
    tokens.iter().map(one).collect()
}

/// None if there are none, which is written as null.
pub fn of_chat(tokens: &[Token]) -> Option<ChatLogprobs> {
    let content = chat_tokens(tokens);
    (!content.is_empty()).then_some(ChatLogprobs {
        content,
        refusal: None,
    })
}

/// Of a piece of plain text.
#[derive(Debug, Default, Serialize)]
pub struct TextLogprobs {
    tokens: Vec<String>,
    token_logprobs: Vec<f32>,
    top_logprobs: Vec<Map<String, Value>>,
    text_offset: Vec<usize>,
}

/// None if there are none. `offset` is where the first token begins in the answer, in characters.
pub fn of_text(tokens: &[Token], mut offset: usize) -> Option<TextLogprobs> {
    let mut logprobs = TextLogprobs::default();
    for Token { chosen, likeliest } in tokens {
        logprobs.tokens.push(chosen.text.clone());
        logprobs.token_logprobs.push(finite(chosen.logprob));
        logprobs.top_logprobs.push(
            likeliest
                .iter()
                .map(|token| (token.text.clone(), finite(token.logprob).into()))
                .collect(),
        );
        logprobs.text_offset.push(offset);
        offset += chosen.text.chars().count();
    }
    (!tokens.is_empty()).then_some(logprobs)
}

fn finite(logprob: f32) -> f32 {
    if logprob.is_finite() {
        logprob
    } else {
        IMPOSSIBLE
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(text: &str, logprob: f32) -> TokenProbability {
        TokenProbability {
            id: 1,
            text: text.into(),
            logprob,
        }
    }

    fn tokens() -> Vec<Token> {
        vec![
            Token {
                chosen: token("é", -0.5),
                likeliest: vec![token("é", -0.5), token("\u{fffd}", f32::NEG_INFINITY)],
            },
            Token {
                chosen: token("b", -1.0),
                likeliest: Vec::new(),
            },
        ]
    }

    #[test]
    fn a_chat_tells_bytes_and_the_likeliest() {
        let value = serde_json::to_value(of_chat(&tokens())).unwrap();
        let expected = json!({"content": [
            {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": [
                {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
                {"token": "\u{fffd}", "logprob": -9999.0, "bytes": null},
            ]},
            {"token": "b", "logprob": -1.0, "bytes": [98], "top_logprobs": []},
        ], "refusal": null});
        assert_eq!(value, expected);
        assert!(of_chat(&[]).is_none());
    }

    #[test]
    fn plain_text_tells_where_tokens_begin() {
        let value = serde_json::to_value(of_text(&tokens(), 3)).unwrap();
        let expected = json!({
            "tokens": ["é", "b"], "token_logprobs": [-0.5, -1.0],
            "top_logprobs": [{"é": -0.5, "\u{fffd}": -9999.0}, {}], "text_offset": [3, 4],
        });
        assert_eq!(value, expected);
    }
}
