//! One JSON file: a conversation or a list of them, of whatever form.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use sirocco_protocol::ExchangeFormat;

use super::draft::Draft;
use super::field::text;
use super::{Problem, Reading, chatgpt, lmstudio, openwebui, own};

/// Why nothing of a file can be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is cut off, damaged, or nested without end.
    #[error("it is not sound JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it holds no conversations of a known form")]
    Unknown,
}

/// Reads all conversations of a file. `name` is the file's, for forms without ids of their own;
/// `now_ms` is the time of what has none.
///
/// # Errors
/// [`Unreadable`] if nothing in it can be understood. What is wrong with one conversation is told
/// in the [`Reading`].
pub fn read_json(name: &str, bytes: &[u8], now_ms: i64) -> Result<Reading, Unreadable> {
    let mut items = Items {
        name,
        now_ms,
        reading: Reading::default(),
        unknown: 0,
    };
    // Some programs write a mark in front that JSON does not know.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    (&mut json).deserialize_any(&mut items)?;
    json.end()?;
    if items.reading.formats.is_empty() {
        return Err(Unreadable::Unknown);
    }
    for number in 1..=items.unknown {
        items.reading.take(
            &format!("{name}, {number}"),
            Err(Problem::UnknownForm),
            now_ms,
        );
    }
    Ok(items.reading)
}

/// Takes the items of a list one by one, so that a large file is never held as JSON as a whole.
struct Items<'a> {
    name: &'a str,
    now_ms: i64,
    reading: Reading,
    unknown: usize,
}

impl Items<'_> {
    fn take(&mut self, value: &Value) {
        let Some(format) = recognise(value) else {
            self.unknown += 1;
            return;
        };
        self.reading.formats.insert(format);
        let chat = value.get("chat").unwrap_or(value);
        let title = ["title", "name"].iter().find_map(|field| text(chat, field));
        let read = read(format, self.name, value);
        self.reading
            .take(title.unwrap_or(self.name), read, self.now_ms);
    }
}

impl<'de> Visitor<'de> for &mut Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a conversation or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(value) = items.next_element::<Value>()? {
            self.take(&value);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        self.take(&value);
        Ok(())
    }
}

fn recognise(value: &Value) -> Option<ExchangeFormat> {
    if own::is_one(value) {
        Some(ExchangeFormat::Sirocco)
    } else if chatgpt::is_one(value) {
        Some(ExchangeFormat::Chatgpt)
    } else if openwebui::is_one(value) {
        Some(ExchangeFormat::Openwebui)
    } else if lmstudio::is_one(value) {
        Some(ExchangeFormat::Lmstudio)
    } else {
        None
    }
}

fn read(format: ExchangeFormat, name: &str, value: &Value) -> Result<Draft, Problem> {
    match format {
        ExchangeFormat::Sirocco => own::read(value),
        ExchangeFormat::Chatgpt => chatgpt::read(value),
        ExchangeFormat::Openwebui => openwebui::read(value),
        ExchangeFormat::Lmstudio => lmstudio::read(name, value),
        // Two files, which are never recognised in one.
        ExchangeFormat::Jan => Err(Problem::UnknownForm),
    }
}

#[cfg(test)]
mod tests;
