//! The parameters that a further name of a model keeps, in Ollama's words.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sirocco_core::completions::NamedModel;
use sirocco_protocol::Parameters;

use crate::body::Strings;
use crate::fault::Fault;

/// Width of the column with the names, in Ollama's own lists.
const NAME_WIDTH: usize = 30;

/// Those of them that are given. There are no others: what could not be heeded is not kept, but refused.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typical_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_last_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    /// Below zero is a seed of its own for each answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<Strings>,
    /// Below zero is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
}

impl Kept {
    /// Of a name that has them.
    pub fn of(named: &NamedModel) -> Self {
        let parameters = named.values.parameters.clone();
        Self {
            temperature: parameters.temperature,
            top_k: parameters.top_k,
            top_p: parameters.top_p,
            min_p: parameters.min_p,
            typical_p: parameters.typical_p,
            repeat_last_n: parameters.repeat_last_n,
            repeat_penalty: parameters.repeat_penalty,
            presence_penalty: parameters.presence_penalty,
            frequency_penalty: parameters.frequency_penalty,
            seed: parameters.seed.map(u64::cast_signed),
            stop: parameters.stop.map(Strings),
            num_predict: parameters.max_tokens.map(i64::from),
            num_ctx: named.context_length,
        }
    }

    /// Puts those that are given over those that a name has.
    pub fn keep_in(self, named: &mut NamedModel) -> Result<(), Fault> {
        let kept: &mut Parameters = &mut named.values.parameters;
        macro_rules! keep {
            ($($field:ident),+) => {$(if self.$field.is_some() { kept.$field = self.$field; })+};
        }
        keep!(
            temperature,
            top_k,
            top_p,
            min_p,
            typical_p,
            repeat_last_n,
            repeat_penalty,
            presence_penalty,
            frequency_penalty
        );
        if let Some(seed) = self.seed {
            kept.seed = u64::try_from(seed).ok();
        }
        if let Some(stop) = self.stop {
            kept.stop = Some(stop.0);
        }
        if let Some(limit) = self.num_predict {
            kept.max_tokens = match limit {
                ..0 => None,
                limit => Some(u32::try_from(limit).unwrap_or(u32::MAX)),
            };
        }
        named.context_length = self.num_ctx.or(named.context_length);
        let checked = named.values.parameters.validate();
        checked.map_err(|message| Fault::field("parameters", message))
    }

    /// Name and value of each, by name.
    pub fn pairs(&self) -> Vec<(String, Value)> {
        // Over text: as a value a short number would become the long one nearest to it.
        let text = serde_json::to_string(self).expect("parameters have string keys");
        let fields: Map<String, Value> =
            serde_json::from_str(&text).expect("what was written can be read");
        let each = |(name, value): (String, Value)| match value {
            Value::Array(list) => list.into_iter().map(|one| (name.clone(), one)).collect(),
            value => vec![(name, value)],
        };
        let mut pairs: Vec<_> = fields.into_iter().flat_map(each).collect();
        // Several strings to stop at stay in their order.
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        pairs
    }

    /// As Ollama shows them, a line each.
    pub fn lines(&self) -> String {
        let line = |(name, value): (String, Value)| format!("{name:NAME_WIDTH$} {value}");
        let lines: Vec<_> = self.pairs().into_iter().map(line).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_protocol::{LayerValues, ModelId};

    use super::*;

    fn kept(value: Value) -> Kept {
        serde_json::from_value(value).unwrap()
    }

    fn named() -> NamedModel {
        NamedModel {
            name: "pirate".into(),
            model_id: ModelId::fresh(),
            model_key: "tiny".into(),
            values: LayerValues::default(),
            context_length: None,
            created_at_ms: 0,
        }
    }

    #[test]
    fn what_is_kept_is_shown_as_it_was_given() {
        let given = kept(json!({
            "temperature": 0.3, "top_k": 7, "top_p": 0.9, "min_p": 0.1, "typical_p": 0.5, "repeat_last_n": 9,
            "repeat_penalty": 1.1, "presence_penalty": 0.5, "frequency_penalty": -0.5, "seed": 5, "stop": ["a", "b\n"],
            "num_predict": 3, "num_ctx": 2048,
        }));
        let mut pirate = named();
        given.clone().keep_in(&mut pirate).unwrap();
        assert_eq!(Kept::of(&pirate), given);
        let lines = given.lines();
        for line in [
            "temperature                    0.3",
            "num_ctx                        2048",
            "stop                           \"a\"",
            "stop                           \"b\\n\"",
        ] {
            assert!(
                lines.lines().any(|shown| shown == line),
                "{line} in {lines}"
            );
        }
        assert_eq!(lines.lines().count(), 14);
    }

    #[test]
    fn what_is_given_goes_over_what_there_is() {
        let mut pirate = named();
        let first = kept(json!({"top_k": 7, "seed": 5, "num_predict": 3, "num_ctx": 2048}));
        first.keep_in(&mut pirate).unwrap();
        let then = kept(json!({"top_p": 0.5, "seed": -1, "num_predict": -1}));
        then.keep_in(&mut pirate).unwrap();
        let expected = kept(json!({"top_k": 7, "top_p": 0.5, "num_ctx": 2048}));
        assert_eq!(Kept::of(&pirate), expected);
    }

    #[test]
    fn what_could_not_be_heeded_is_refused() {
        for unknown in [
            json!({"num_gpu": 1}),
            json!({"mirostat": 2}),
            json!({"repeat_last_n": -1}),
        ] {
            assert!(
                serde_json::from_value::<Kept>(unknown.clone()).is_err(),
                "{unknown}"
            );
        }
        let fault = kept(json!({"top_p": 2})).keep_in(&mut named()).unwrap_err();
        assert!(fault.message.contains("top_p"), "{fault:?}");
    }
}
