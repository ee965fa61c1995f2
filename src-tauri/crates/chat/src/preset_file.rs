//! Preset files as LM Studio writes them (`*.preset.json`).
//!
//! The format has no published description. A preset is a list of keys and values under
//! `operation.fields`; the keys and the forms of their values are those of `schema.ts` in LM Studio's
//! own JavaScript library. An optional number is `{"checked": …, "value": …}`, where unchecked means
//! off. Settings of one runtime have its name in their key (`llama.`), and older files have it in more
//! keys than newer ones, so it is not looked at when reading.
//!
//! What we have and LM Studio has not is written beside, under `sirocco`, and read from there.
//!
//! ```
//! use sirocco_chat::{read_preset, write_preset};
//! use sirocco_protocol::LayerValues;
//!
//! let values = LayerValues { system_prompt: Some("Be brief.".into()), ..LayerValues::default() };
//! let file = read_preset(&write_preset("Brief", &values))?;
//! assert_eq!((file.name.as_deref(), file.values), (Some("Brief"), values));
//! # Ok::<(), sirocco_chat::PresetFileError>(())
//! ```

use serde_json::{Map, Value, json};
use sirocco_protocol::{LayerValues, Parameters, Reasoning};

const PREFIX: &str = "llm.prediction.";
const SYSTEM_PROMPT: &str = "systemPrompt";
const STOP: &str = "stopStrings";
const OVERFLOW: &str = "contextOverflowPolicy";
const STRUCTURED: &str = "structured";
const THINKS: &str = "reasoning.enableThinking";
/// Characters of a file's name before its ending.
const LONGEST_FILE_NAME: usize = 80;

/// How a number is written.
enum Form {
    Plain,
    /// With a check mark; what unchecked means here, if it means anything.
    Checked(Option<f64>),
}

/// Key after the prefix, field of [`Parameters`], form.
const NUMBERS: &[(&str, &str, Form)] = &[
    ("temperature", "temperature", Form::Plain),
    ("topKSampling", "top_k", Form::Plain),
    ("topPSampling", "top_p", Form::Checked(Some(1.0))),
    ("minPSampling", "min_p", Form::Checked(Some(0.0))),
    ("repeatPenalty", "repeat_penalty", Form::Checked(Some(1.0))),
    ("maxPredictedTokens", "max_tokens", Form::Checked(None)),
    ("seed", "seed", Form::Checked(None)),
    (
        "llama.frequencyPenalty",
        "frequency_penalty",
        Form::Checked(Some(0.0)),
    ),
    (
        "llama.presencePenalty",
        "presence_penalty",
        Form::Checked(Some(0.0)),
    ),
    (
        "llama.xtcProbability",
        "xtc_probability",
        Form::Checked(Some(0.0)),
    ),
    ("llama.xtcThreshold", "xtc_threshold", Form::Checked(None)),
    (
        "llama.locallyTypicalSampling",
        "typical_p",
        Form::Checked(Some(1.0)),
    ),
];

/// Word of LM Studio, word of [`sirocco_protocol::ContextOverflow`].
const OVERFLOWS: &[(&str, &str)] = &[
    ("stopAtLimit", "stop"),
    ("rollingWindow", "drop_oldest"),
    ("truncateMiddle", "keep_first"),
];

/// What a preset file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PresetFile {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What we have a place for.
    pub values: LayerValues,
    /// What we have not, each in words.
    pub left_out: Vec<String>,
}

/// The text is no preset.
#[derive(Debug, thiserror::Error)]
pub enum PresetFileError {
    /// It is not even JSON.
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it is not a preset of LM Studio: it has no list `operation.fields`")]
    Shape,
}

/// Reads a preset. Keys without a place here, and values out of range, are told in `left_out`.
///
/// # Errors
/// [`PresetFileError`] if the text is something else.
pub fn read_preset(text: &str) -> Result<PresetFile, PresetFileError> {
    let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let fields = root["operation"]["fields"]
        .as_array()
        .ok_or(PresetFileError::Shape)?;
    let mut reading = Reading::default();
    for field in fields {
        let key = field["key"].as_str().unwrap_or_default();
        reading.field(key, &field["value"]);
    }
    for field in root["load"]["fields"].as_array().into_iter().flatten() {
        let key = field["key"].as_str().unwrap_or_default();
        reading.leave_out(key, "how a model is loaded is not part of a preset here");
    }
    for (name, value) in root["sirocco"]["parameters"]
        .as_object()
        .into_iter()
        .flatten()
    {
        reading.take(name, name, value.clone());
    }
    let name = root["name"].as_str().map(str::trim);
    Ok(PresetFile {
        name: name.filter(|name| !name.is_empty()).map(str::to_owned),
        ..reading.finish()
    })
}

#[derive(Default)]
struct Reading {
    system_prompt: Option<String>,
    parameters: Map<String, Value>,
    left_out: Vec<String>,
}

impl Reading {
    fn field(&mut self, key: &str, value: &Value) {
        let Some(short) = key.strip_prefix(PREFIX) else {
            return self.leave_out(key, "it has no place here");
        };
        match short {
            SYSTEM_PROMPT => match value.as_str() {
                Some(text) => self.system_prompt = Some(text.to_owned()),
                None => self.leave_out(key, "it is no text"),
            },
            STOP => self.take(key, "stop", value.clone()),
            OVERFLOW => match OVERFLOWS.iter().find(|(theirs, _)| value == theirs) {
                Some((_, ours)) => self.take(key, "context_overflow", json!(ours)),
                None => self.leave_out(key, "it is none of the policies known here"),
            },
            STRUCTURED if value["jsonSchema"].is_object() => {
                let text = format!("{:#}", value["jsonSchema"]);
                self.take(key, "structured_output", text.into());
            }
            THINKS => match value.as_bool() {
                Some(thinks) => {
                    self.take(key, "reasoning", json!(if thinks { "on" } else { "off" }))
                }
                None => self.leave_out(key, "it is neither yes nor no"),
            },
            _ => self.number(key, short, value),
        }
    }

    fn number(&mut self, key: &str, short: &str, value: &Value) {
        let known = NUMBERS
            .iter()
            .find(|(known, ..)| without_runtime(known) == without_runtime(short));
        let Some((_, name, form)) = known else {
            // Off is what it is here too.
            if !is_off(value) {
                self.leave_out(key, "it has no place here");
            }
            return;
        };
        let value = match (form, value["checked"].as_bool()) {
            (Form::Checked(off), Some(false)) => match off {
                Some(off) => json!(off),
                None => return,
            },
            (_, Some(_)) => value["value"].clone(),
            (_, None) => value.clone(),
        };
        match (*name, value.as_f64()) {
            // Below none at all means: all of them, or a fresh one.
            ("top_k", Some(below)) if below < 0.0 => self.take(key, name, json!(0)),
            ("seed", Some(below)) if below < 0.0 => {}
            _ => self.take(key, name, value),
        }
    }

    /// Takes a value if it is of the right kind and in range.
    fn take(&mut self, key: &str, name: &str, value: Value) {
        let value = whole(value);
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        let read = serde_json::from_value::<Parameters>(Value::Object(alone))
            .map_err(|error| error.to_string())
            .and_then(|parameters| parameters.validate());
        match read {
            Ok(()) => {
                self.parameters.insert(name.to_owned(), value);
            }
            Err(why) => self.leave_out(key, &why),
        }
    }

    fn leave_out(&mut self, key: &str, why: &str) {
        let key = if key.is_empty() {
            "a field without a key"
        } else {
            key
        };
        self.left_out.push(format!("{key}: {why}"));
    }

    fn finish(self) -> PresetFile {
        let parameters = serde_json::from_value(Value::Object(self.parameters))
            .expect("every field was read alone, and none depends on another");
        PresetFile {
            name: None,
            values: LayerValues {
                system_prompt: self.system_prompt,
                parameters,
            },
            left_out: self.left_out,
        }
    }
}

fn without_runtime(key: &str) -> &str {
    let runtimes = ["llama.", "mlx.", "onnx."];
    runtimes
        .iter()
        .find_map(|runtime| key.strip_prefix(runtime))
        .unwrap_or(key)
}

/// An unchecked number, `{"type": "none"}`, or an empty list.
fn is_off(value: &Value) -> bool {
    value["checked"] == false
        || value["type"] == "none"
        || value.as_array().is_some_and(Vec::is_empty)
}

/// Numbers are often written as `40.0` where `40` is meant.
fn whole(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 1e15 => {
            json!(number as i64)
        }
        _ => value,
    }
}

/// Writes a preset so that LM Studio reads it, and [`read_preset`] gives back all of it.
#[must_use]
pub fn write_preset(name: &str, values: &LayerValues) -> String {
    let parameters = serde_json::to_value(&values.parameters)
        .expect("parameters have string keys and no failing serializer");
    let mut parameters = match parameters {
        Value::Object(parameters) => parameters,
        other => unreachable!("parameters are an object, not {other}"),
    };
    parameters.retain(|_, value| !value.is_null());
    let mut fields = Vec::new();
    let mut add = |key: &str, value: Value| {
        fields.push(json!({"key": format!("{PREFIX}{key}"), "value": value}));
    };
    if let Some(text) = &values.system_prompt {
        add(SYSTEM_PROMPT, json!(text));
    }
    for (key, name, form) in NUMBERS {
        if let Some(value) = parameters.remove(*name).map(short) {
            add(
                key,
                match form {
                    Form::Plain => value,
                    Form::Checked(_) => json!({"checked": true, "value": value}),
                },
            );
        }
    }
    if let Some(stop) = parameters.remove("stop") {
        add(STOP, stop);
    }
    // The other policies are ours alone, and stay where those are.
    let known = |ours: &Value| OVERFLOWS.iter().find(|(_, name)| ours == *name);
    if let Some((theirs, _)) = parameters.get("context_overflow").and_then(known) {
        parameters.remove("context_overflow");
        add(OVERFLOW, json!(theirs));
    }
    match values.parameters.reasoning {
        None | Some(Reasoning::Template) => {}
        Some(reasoning) => {
            add(THINKS, json!(reasoning != Reasoning::Off));
            // How much is said in ours alone.
            if matches!(reasoning, Reasoning::Off | Reasoning::On) {
                parameters.remove("reasoning");
            }
        }
    }
    if let Ok(Some(schema)) = values.parameters.schema() {
        // As it was typed only if that is not how it is written anyway.
        if parameters["structured_output"] == format!("{schema:#}") {
            parameters.remove("structured_output");
        }
        add(STRUCTURED, json!({"type": "json", "jsonSchema": schema}));
    }
    let mut root = json!({
        "identifier": format!("@local:{}", slug(name)),
        "name": name,
        "changed": false,
        "operation": {"fields": fields},
        "load": {"fields": []},
    });
    if !parameters.is_empty() {
        let ours: Map<String, Value> = parameters
            .into_iter()
            .map(|(name, value)| (name, short(value)))
            .collect();
        root["sirocco"] = json!({ "parameters": ours });
    }
    serde_json::to_string_pretty(&root).expect("JSON has string keys and no failing serializer")
}

/// `0.7` rather than `0.699999988079071`: our fractions are of single precision.
fn short(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() => {
            let shortest = (number as f32).to_string().parse::<f64>();
            shortest.map_or(value, |shortest| json!(shortest))
        }
        _ => value,
    }
}

fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        "preset".into()
    } else {
        words.join("-")
    }
}

/// A name for the file of a preset that every system takes: `Short answers.preset.json`. The second
/// one of a name gets `number` 2, and so on.
#[must_use]
pub fn preset_file_name(name: &str, number: u32) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_control() || "/\\:*?\"<>|".contains(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words
        .trim_matches('.')
        .chars()
        .take(LONGEST_FILE_NAME)
        .collect();
    let stem = match cut.trim() {
        "" => "preset",
        stem => stem,
    };
    if number < 2 {
        format!("{stem}.preset.json")
    } else {
        format!("{stem} {number}.preset.json")
    }
}

#[cfg(test)]
mod tests;
