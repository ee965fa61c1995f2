//! What an engine lists.

use std::collections::HashSet;

use serde_json::Value;

/// More models of one engine are not taken.
const MOST_MODELS: usize = 2_000;

/// A model of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What the engine calls it.
    pub name: String,
    /// The most tokens it takes, where the engine says so.
    pub context_length: Option<u32>,
}

/// Where engines say how many tokens a model takes: vLLM and SGLang, Sirocco and OpenRouter, llama-server.
const CONTEXT_LENGTHS: [&str; 4] = [
    "/max_model_len",
    "/context_length",
    "/meta/n_ctx",
    "/meta/n_ctx_train",
];

/// The models of `GET /models`; none if this is no such list. Those that a Sirocco has from elsewhere itself are passed
/// over: two that know each other would show each other's models without end.
pub(crate) fn read_list(bytes: &[u8]) -> Option<Vec<Listed>> {
    let list: Value = serde_json::from_slice(bytes).ok()?;
    let mut seen = HashSet::new();
    let models = list["data"].as_array()?.iter().filter_map(|model| {
        let name = model["id"].as_str()?.trim();
        let is_far = model["remote"] == true;
        // LM Studio's word for it, and ours.
        let embeds = matches!(model["type"].as_str(), Some("embedding" | "embeddings"));
        let writes = !is_far && !embeds;
        let is_sound = (1..=500).contains(&name.len()) && writes && seen.insert(name);
        is_sound.then(|| Listed {
            name: name.to_owned(),
            context_length: CONTEXT_LENGTHS
                .iter()
                .filter_map(|place| model.pointer(place)?.as_u64())
                .find_map(|tokens| u32::try_from(tokens).ok().filter(|tokens| *tokens > 0)),
        })
    });
    Some(models.take(MOST_MODELS).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_contexts_are_read_wherever_they_stand() {
        let list = json!({"object": "list", "data": [
            {"id": "of-vllm", "max_model_len": 8192},
            {"id": "of-llama-server", "meta": {"n_ctx_train": 32768}},
            {"id": "of-lm-studio"},
            {"id": "of-lm-studio"},
            {"id": "embeds", "type": "embedding"},
            {"id": "far-away", "remote": true},
            {"id": ""},
            {"object": "model"},
        ]});
        let listed = read_list(list.to_string().as_bytes()).unwrap();
        let read: Vec<_> = listed
            .iter()
            .map(|model| (model.name.as_str(), model.context_length))
            .collect();
        let expected = [
            ("of-vllm", Some(8192)),
            ("of-llama-server", Some(32768)),
            ("of-lm-studio", None),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_page_of_something_else_is_no_list() {
        for text in ["<html>", "{}", "[]", "{\"data\": {}}"] {
            assert_eq!(read_list(text.as_bytes()), None, "{text}");
        }
    }
}
