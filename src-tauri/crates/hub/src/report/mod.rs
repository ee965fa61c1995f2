//! What the header of a GGUF file says, as a page shows it; for files of this disk and of the Hub.

mod template;

use sirocco_gguf::{Array, Model, Runtime, Summary, Value, Verdict};
use sirocco_protocol::{
    HeaderReport, RuntimeName, RuntimeVerdict, TensorTypeCount, choose_runtime,
};

pub use template::concerns;

const MAX_ENTRIES: usize = 500;
const MAX_VALUE: usize = 400;
const LISTED_ITEMS: usize = 8;

/// The report on a model, where these runtimes are installed.
///
/// ```
/// use sirocco_gguf::{Model, read_header, writer::Writer};
///
/// let bytes = Writer::new().field("general.architecture", "gemma3").build().expect("a valid file");
/// let header = read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64)?;
/// let report = sirocco_hub::report::of(&Model::from_header(header), &[]);
/// assert_eq!(report.architecture, "gemma3");
/// # Ok::<(), sirocco_gguf::HeaderError>(())
/// ```
#[must_use]
pub fn of(model: &Model, installed: &[RuntimeName]) -> HeaderReport {
    let runtimes = verdicts(model);
    let summary = Summary::of(model);
    let chat_template = model
        .string("tokenizer.chat_template")
        .filter(|template| !template.trim().is_empty())
        .map(str::to_owned);
    HeaderReport {
        architecture: summary.architecture.unwrap_or_default(),
        quantization: summary.quantization.unwrap_or_default(),
        parameter_count: summary.parameter_count,
        context_length: u32::try_from(summary.context_length.unwrap_or(0)).unwrap_or(u32::MAX),
        tensor_types: summary
            .tensor_types
            .iter()
            .map(|share| TensorTypeCount {
                name: share.tensor_type.to_string(),
                count: u32::try_from(share.tensors).unwrap_or(u32::MAX),
                size_bytes: share.bytes,
            })
            .collect(),
        verdict: choose_runtime(&runtimes, installed, None).1,
        runtimes,
        template_concerns: chat_template.as_deref().map(concerns).unwrap_or_default(),
        chat_template,
        metadata: metadata(model),
    }
}

/// What each runtime makes of the model, in words.
#[must_use]
pub fn verdicts(model: &Model) -> Vec<RuntimeVerdict> {
    let of = |runtime| {
        let verdict = sirocco_gguf::verdict(model, gate(runtime));
        let embeds = verdict == Verdict::Embeds;
        let (reasons, cautions) = match verdict {
            Verdict::Runs { cautions } => (
                Vec::new(),
                cautions.iter().map(ToString::to_string).collect(),
            ),
            Verdict::Embeds => (Vec::new(), Vec::new()),
            Verdict::Refused { reasons } => (
                reasons.iter().map(ToString::to_string).collect(),
                Vec::new(),
            ),
        };
        RuntimeVerdict {
            runtime,
            reasons,
            cautions,
            embeds,
        }
    };
    RuntimeName::ALL.map(of).to_vec()
}

/// The runtime as the reader of headers knows it.
#[must_use]
pub fn gate(runtime: RuntimeName) -> Runtime {
    match runtime {
        RuntimeName::MistralRs => Runtime::MistralRs,
        RuntimeName::LlamaCpp => Runtime::LlamaCpp,
    }
}

/// Keys in the order of the alphabet, without the chat template, which is shown by itself.
fn metadata(model: &Model) -> Vec<(String, String)> {
    let entries = model
        .first()
        .metadata
        .iter()
        .filter(|(key, _)| !key.starts_with("tokenizer.chat_template"));
    entries
        .take(MAX_ENTRIES)
        .map(|(key, value)| (shorten(key), shown(value)))
        .collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shorten(text),
        Value::LongString { len, .. } => format!("a text of {len} bytes"),
        Value::Array(array) => list(array),
        Value::Bool(truth) => truth.to_string(),
        Value::U8(n) => n.to_string(),
        Value::I8(n) => n.to_string(),
        Value::U16(n) => n.to_string(),
        Value::I16(n) => n.to_string(),
        Value::U32(n) => n.to_string(),
        Value::I32(n) => n.to_string(),
        Value::U64(n) => n.to_string(),
        Value::I64(n) => n.to_string(),
        Value::F32(n) => n.to_string(),
        Value::F64(n) => n.to_string(),
    }
}

fn list(array: &Array) -> String {
    let items = array.items.iter().flatten().take(LISTED_ITEMS);
    let mut words: Vec<String> = items.map(shown).collect();
    let listed = words.len() as u64;
    if listed == 0 && array.len > 0 {
        return format!("a list of {}", array.len);
    }
    if array.len > listed {
        words.push(format!("… ({} in all)", array.len));
    }
    shorten(&format!("[{}]", words.join(", ")))
}

/// One line of bounded length.
fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(MAX_VALUE)
        .map(|character| match character {
            '\n' | '\t' => ' ',
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect();
    if short.len() < text.len() && text.chars().count() > MAX_VALUE {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_gguf::writer::{Field, Writer};
    use sirocco_protocol::ModelVerdict;

    #[test]
    fn lists_are_shortened_and_the_template_stands_alone() {
        let bytes = Writer::new()
            .field("general.architecture", "llama")
            .field("general.name", "A\nname")
            .field("general.tags", Field::strings(["one", "two"]))
            .field(
                "tokenizer.ggml.tokens",
                Field::strings((0..50_000).map(|n| n.to_string())),
            )
            .field(
                "tokenizer.chat_template",
                "{{ messages }} https://evil.example",
            )
            .build()
            .expect("a valid file");
        let header =
            sirocco_gguf::read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64);
        let report = of(&Model::from_header(header.expect("a header")), &[]);
        let value = |key: &str| {
            let found = report.metadata.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("general.name"), Some("A name"));
        assert_eq!(value("general.tags"), Some("[one, two]"));
        assert_eq!(value("tokenizer.ggml.tokens"), Some("a list of 50000"));
        assert_eq!(value("tokenizer.chat_template"), None);
        assert!(report.chat_template.is_some());
        assert_eq!(report.template_concerns.len(), 1);
        assert!(matches!(report.verdict, ModelVerdict::Refused { .. }));
    }
}
