//! Between columns and protocol types.

use std::str::FromStr;

use serde_json::Value;

use crate::StoreError;

/// An id, or a word of an enum, from its text.
pub(crate) fn parse<T>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| StoreError::Unreadable {
        what,
        value: text.to_owned(),
        source: Box::new(error),
    })
}

/// [`parse`] for a column that may be null.
pub(crate) fn parse_option<T>(
    what: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.map(|text| parse(what, text)).transpose()
}

/// A structured value from its JSON.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what,
        value: text.to_owned(),
        source: Box::new(error),
    })
}

/// An enum without data from the word it has on the wire.
pub(crate) fn from_word<T: serde::de::DeserializeOwned>(
    what: &'static str,
    word: String,
) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(word.clone())).map_err(|error| StoreError::Unreadable {
        what,
        value: word,
        source: Box::new(error),
    })
}

/// The word of an enum without data, as on the wire.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("an enum without data is a word on the wire, not {other:?}"),
    }
}

/// The JSON of a structured value.
pub(crate) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("protocol types have string keys and no failing serializer")
}

/// A JSON list of texts, for `json_each`: a statement with a list and no dynamic SQL.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    Value::from_iter(items.into_iter().map(|item| item.to_string())).to_string()
}

/// SQLite's numbers are signed.
pub(crate) fn signed(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::TooLarge { what, value })
}

/// A size or count that was stored with [`signed`].
pub(crate) fn unsigned<T>(what: &'static str, value: i64) -> Result<T, StoreError>
where
    T: TryFrom<i64>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(value).map_err(|error| StoreError::Unreadable {
        what,
        value: value.to_string(),
        source: Box::new(error),
    })
}
