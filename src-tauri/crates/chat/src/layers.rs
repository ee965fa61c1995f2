//! Where a setting of a conversation comes from: the one rule.
//!
//! The layers lie over each other in the order of [`Layer`]; each value is that of the highest layer
//! that sets it. What is shown in the interface and what an engine is told both come from here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sirocco_protocol::{Layer, LayerValues, Parameters};

/// What holds, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    /// Every value that some layer sets.
    pub values: LayerValues,
    /// The layer of each, by the name of its field.
    pub origins: BTreeMap<String, Layer>,
}

/// Lays the layers over each other, in whatever order they are given.
///
/// ```
/// use sirocco_chat::resolve;
/// use sirocco_protocol::{Layer, LayerValues, Parameters};
///
/// let temperature = |value| LayerValues {
///     parameters: Parameters { temperature: Some(value), ..Parameters::default() },
///     ..LayerValues::default()
/// };
/// let resolved = resolve([
///     (Layer::Preset, temperature(0.2)),
///     (Layer::Engine, temperature(0.7)),
///     (Layer::Conversation, LayerValues::default()),
/// ]);
/// assert_eq!(resolved.values, temperature(0.2));
/// assert_eq!(resolved.origins["temperature"], Layer::Preset);
/// ```
#[must_use]
pub fn resolve(layers: impl IntoIterator<Item = (Layer, LayerValues)>) -> Resolved {
    let mut layers: Vec<_> = layers.into_iter().collect();
    layers.sort_by_key(|(layer, _)| *layer);
    let mut resolved = Resolved::default();
    let mut parameters = Map::new();
    for (layer, values) in layers {
        if values.system_prompt.is_some() {
            resolved.values.system_prompt = values.system_prompt;
            resolved.origins.insert("system_prompt".into(), layer);
        }
        // As JSON, so that a new parameter needs no line here.
        for (name, value) in fields(&values.parameters) {
            if !value.is_null() {
                resolved.origins.insert(name.clone(), layer);
                parameters.insert(name, value);
            }
        }
    }
    resolved.values.parameters = serde_json::from_value(Value::Object(parameters))
        .expect("each value was one of the parameters a moment ago");
    resolved
}

/// What a conversation must set itself so that it comes to `effective` over the layers below: what
/// it sets, and what the layers below say otherwise. That a value is to be nothing, such as no limit
/// where a layer sets one, no conversation can say.
#[must_use]
pub fn settle(
    own: LayerValues,
    below: impl IntoIterator<Item = (Layer, LayerValues)>,
    effective: &LayerValues,
) -> LayerValues {
    let here = resolve(
        below
            .into_iter()
            .chain([(Layer::Conversation, own.clone())]),
    );
    let here_fields = fields(&here.values.parameters);
    let mut settled = fields(&own.parameters);
    for (name, value) in fields(&effective.parameters) {
        if !value.is_null() && here_fields.get(&name) != Some(&value) {
            settled.insert(name, value);
        }
    }
    let says_otherwise = effective.system_prompt_or_empty() != here.values.system_prompt_or_empty();
    LayerValues {
        system_prompt: if says_otherwise {
            effective.system_prompt.clone().or(own.system_prompt)
        } else {
            own.system_prompt
        },
        parameters: serde_json::from_value(Value::Object(settled))
            .expect("each value was one of the parameters a moment ago"),
    }
}

/// The values of one layer without those that another one sets too.
///
/// ```
/// use sirocco_chat::yielding;
/// use sirocco_protocol::{LayerValues, Parameters};
///
/// let values = |temperature, top_k| LayerValues {
///     parameters: Parameters { temperature, top_k, ..Parameters::default() },
///     ..LayerValues::default()
/// };
/// let left = yielding(&values(Some(0.9), Some(5)), &values(Some(0.2), None));
/// assert_eq!(left, values(None, Some(5)));
/// ```
#[must_use]
pub fn yielding(values: &LayerValues, to: &LayerValues) -> LayerValues {
    let set = fields(&to.parameters);
    let mut left = fields(&values.parameters);
    left.retain(|name, _| set.get(name).is_none_or(Value::is_null));
    LayerValues {
        system_prompt: match to.system_prompt {
            Some(_) => None,
            None => values.system_prompt.clone(),
        },
        parameters: serde_json::from_value(Value::Object(left))
            .expect("each value was one of the parameters a moment ago"),
    }
}

/// Parameters by name, `null` where they are not set.
fn fields(parameters: &Parameters) -> Map<String, Value> {
    match serde_json::to_value(parameters) {
        Ok(Value::Object(fields)) => fields,
        other => unreachable!("parameters are an object with string keys, not {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(parameters: Parameters) -> LayerValues {
        LayerValues {
            parameters,
            ..LayerValues::default()
        }
    }

    fn prompt(text: &str) -> LayerValues {
        LayerValues {
            system_prompt: Some(text.into()),
            ..LayerValues::default()
        }
    }

    #[test]
    fn nothing_set_is_nothing_resolved() {
        let nothing =
            [Layer::Conversation, Layer::Engine].map(|layer| (layer, LayerValues::default()));
        assert_eq!(resolve(nothing), Resolved::default());
    }

    #[test]
    fn each_value_is_that_of_the_highest_layer_that_sets_it() {
        let resolved = resolve([
            (Layer::Conversation, prompt("")),
            (
                Layer::Model,
                parameters(Parameters {
                    seed: Some(u64::MAX),
                    top_k: Some(7),
                    ..Parameters::default()
                }),
            ),
            (
                Layer::Settings,
                LayerValues {
                    system_prompt: Some("Be brief.".into()),
                    parameters: Parameters {
                        top_k: Some(0),
                        stop: Some(Vec::new()),
                        ..Parameters::default()
                    },
                },
            ),
        ]);
        let expected = LayerValues {
            system_prompt: Some(String::new()),
            parameters: Parameters {
                seed: Some(u64::MAX),
                top_k: Some(0),
                stop: Some(Vec::new()),
                ..Parameters::default()
            },
        };
        assert_eq!(resolved.values, expected);
        let origins: Vec<(&str, Layer)> = resolved
            .origins
            .iter()
            .map(|(name, layer)| (name.as_str(), *layer))
            .collect();
        let expected = [
            ("seed", Layer::Model),
            ("stop", Layer::Settings),
            ("system_prompt", Layer::Conversation),
            ("top_k", Layer::Settings),
        ];
        assert_eq!(origins, expected);
    }

    #[test]
    fn a_conversation_sets_what_the_layers_of_another_place_say_otherwise() {
        let own = parameters(Parameters {
            seed: Some(3),
            ..Parameters::default()
        });
        let effective = LayerValues {
            system_prompt: Some("Be brief.".into()),
            parameters: Parameters {
                seed: Some(3),
                top_k: Some(20),
                temperature: Some(0.1),
                ..Parameters::default()
            },
        };
        let preset = LayerValues {
            system_prompt: Some("Be brief.".into()),
            parameters: Parameters {
                top_k: Some(20),
                ..Parameters::default()
            },
        };
        let elsewhere = [
            (
                Layer::Engine,
                parameters(Parameters {
                    temperature: Some(0.7),
                    ..Parameters::default()
                }),
            ),
            (Layer::Preset, preset),
        ];
        let settled = settle(own.clone(), elsewhere.clone(), &effective);
        let expected = parameters(Parameters {
            temperature: Some(0.1),
            ..own.parameters.clone()
        });
        assert_eq!(settled, expected);
        let without = settle(own.clone(), [], &effective);
        assert_eq!(without, effective);
        let at_home = elsewhere.into_iter().chain([(Layer::Settings, expected)]);
        assert_eq!(settle(own.clone(), at_home, &effective), own);
        // An empty prompt hides what a layer here says.
        let silent = LayerValues {
            system_prompt: Some(String::new()),
            ..LayerValues::default()
        };
        let here = [(Layer::Settings, prompt("Be kind."))];
        assert_eq!(settle(LayerValues::default(), here, &silent), silent);
    }

    #[test]
    fn a_value_is_what_it_was_to_the_last_bit() {
        for temperature in [0.1, 0.7, f32::MIN_POSITIVE, 1.0 / 3.0] {
            let set = parameters(Parameters {
                temperature: Some(temperature),
                ..Parameters::default()
            });
            assert_eq!(resolve([(Layer::Preset, set.clone())]).values, set);
        }
    }
}
