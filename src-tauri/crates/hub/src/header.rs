//! What the header of a model says, for people: the same report for a file on this disk and one on the Hub.

use sirocco_gguf::{Array, Model, Summary, Value};
use sirocco_protocol::{HeaderReport, ModelVerdict, TemplateConcern, TensorTypeCount};

/// Where the default chat template is.
const TEMPLATE_KEY: &str = "tokenizer.chat_template";
/// Characters of a value, and of a key, that are shown.
const SHOWN_CHARACTERS: usize = 200;
/// Elements of a list that are shown.
const SHOWN_ELEMENTS: usize = 8;
/// Real files have 20 to 60.
const SHOWN_ENTRIES: usize = 1_000;

/// The report of a model. `verdict` is what [`judge`](crate::library::judge) says, or something gentler where not all
/// shards were read; `concerns` looks at the chat template.
///
/// Texts are the file's: hostile input, but without control characters and characters that reorder text, and of bounded
/// length. The template is as it is, up to the megabyte a header keeps; it may be shown, never run.
///
/// ```
/// use sirocco_gguf::{Model, read_header, writer::Writer};
/// use sirocco_hub::{header_report, library::judge};
///
/// let bytes = Writer::new().field("general.architecture", "gemma3").build().expect("a valid file");
/// let model = Model::from_header(read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64)?);
/// let report = header_report(&model, judge(&model), |_template| Vec::new());
/// assert_eq!(report.architecture, "gemma3");
/// # Ok::<(), sirocco_gguf::HeaderError>(())
/// ```
pub fn header_report(
    model: &Model,
    verdict: ModelVerdict,
    concerns: impl FnOnce(&str) -> Vec<TemplateConcern>,
) -> HeaderReport {
    let summary = Summary::of(model);
    let chat_template = model
        .string(TEMPLATE_KEY)
        .filter(|template| !template.trim().is_empty())
        .map(str::to_owned);
    let tensor_types = summary.tensor_types.iter().map(|share| TensorTypeCount {
        name: share.tensor_type.to_string(),
        count: u32::try_from(share.tensors).unwrap_or(u32::MAX),
        size_bytes: share.bytes,
    });
    // The first file has nearly all; the others add what only they have.
    let mut metadata: Vec<(String, String)> = Vec::new();
    for (key, value) in model
        .shards()
        .iter()
        .flat_map(|shard| &shard.header.metadata)
    {
        let key = plain(key);
        let is_template = key == TEMPLATE_KEY && matches!(value, Value::String(_));
        let is_new = || metadata.iter().all(|(known, _)| *known != key);
        if metadata.len() < SHOWN_ENTRIES && !is_template && is_new() {
            metadata.push((key, shown(value)));
        }
    }
    HeaderReport {
        architecture: summary.architecture.unwrap_or_default(),
        quantization: summary.quantization.unwrap_or_default(),
        parameter_count: summary.parameter_count,
        context_length: u32::try_from(summary.context_length.unwrap_or(0)).unwrap_or(u32::MAX),
        tensor_types: tensor_types.collect(),
        verdict,
        template_concerns: chat_template.as_deref().map(concerns).unwrap_or_default(),
        chat_template,
        metadata,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::U8(number) => number.to_string(),
        Value::I8(number) => number.to_string(),
        Value::U16(number) => number.to_string(),
        Value::I16(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::String(text) => plain(text),
        Value::LongString { len, .. } => format!("a text of {len} bytes"),
        Value::Array(array) => list(array),
    }
}

fn list(array: &Array) -> String {
    let Some(items) = &array.items else {
        return format!("{} elements", array.len);
    };
    let shown: Vec<String> = items.iter().take(SHOWN_ELEMENTS).map(shown).collect();
    let shown = plain(&shown.join(", "));
    if items.len() > SHOWN_ELEMENTS {
        format!("{} elements: {shown}, …", array.len)
    } else {
        shown
    }
}

/// One line without control characters and those that reorder text, cut where it is long.
fn plain(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut plain: String = text
        .trim()
        .chars()
        .take(SHOWN_CHARACTERS)
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect();
    if text.trim().chars().nth(SHOWN_CHARACTERS).is_some() {
        plain.push('…');
    }
    plain
}

#[cfg(test)]
mod tests {
    use sirocco_gguf::writer::{Field, Writer};
    use sirocco_gguf::{TensorType, read_header};

    use super::*;
    use crate::library::judge;

    fn report(writer: Writer) -> HeaderReport {
        let bytes = writer.build().expect("a valid file");
        let header = read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64);
        let model = Model::from_header(header.expect("a header"));
        header_report(&model, judge(&model), |template| {
            vec![TemplateConcern {
                message: "looked at".into(),
                excerpt: template.into(),
            }]
        })
    }

    #[test]
    fn a_header_is_reported_with_its_template_apart() {
        let report = report(
            Writer::new()
                .field("general.architecture", "llama")
                .field("llama.context_length", 4_096_u32)
                .field("tokenizer.chat_template", "{{ messages }}")
                .field(
                    "tokenizer.ggml.tokens",
                    Field::strings((0..2_000).map(|n| n.to_string())),
                )
                .field("some.list", Field::strings(["a", "b"]))
                .zeros("token_embd.weight", [32, 2], TensorType::F32),
        );
        assert_eq!(
            (report.architecture.as_str(), report.context_length),
            ("llama", 4_096)
        );
        assert_eq!(report.chat_template.as_deref(), Some("{{ messages }}"));
        assert_eq!(report.template_concerns[0].excerpt, "{{ messages }}");
        assert!(matches!(report.verdict, ModelVerdict::Refused { .. }));
        assert_eq!(
            report.tensor_types,
            [TensorTypeCount {
                name: "F32".into(),
                count: 1,
                size_bytes: 256
            }]
        );
        let entry = |key: &str| {
            let found = report.metadata.iter().find(|(known, _)| known == key);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(entry("tokenizer.ggml.tokens"), Some("2000 elements"));
        assert_eq!(entry("some.list"), Some("a, b"));
        assert_eq!(entry("tokenizer.chat_template"), None);
    }

    #[test]
    fn hostile_metadata_is_short_and_on_one_line() {
        let report = report(Writer::new().field("general.architecture", "llama").field(
            "general.description",
            format!("a\u{202e}b\n{}", "x".repeat(5_000)).as_str(),
        ));
        assert_eq!(
            (report.chat_template, report.template_concerns),
            (None, Vec::new())
        );
        let (_, value) = &report.metadata[1];
        assert!(
            value.starts_with("a b x") && value.chars().count() == 201,
            "{value}"
        );
    }
}
