//! Fields of JSON that may hold anything.

use serde_json::{Map, Value};

use super::Problem;

/// The end of the year 9999; what lies behind is no time.
const LATEST_MS: i64 = 253_402_300_799_999;
/// Larger numbers are milliseconds: as seconds they lie behind the year 5138.
const SECONDS_END: f64 = 1e11;

/// A text, or none if it is anything else: for what an import can do without.
pub fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

/// A time in Unix seconds or milliseconds as milliseconds; none if it is no sensible time.
pub fn time_ms(value: &Value, field: &str) -> Option<i64> {
    let number = value.get(field)?.as_f64()?;
    let ms = if number < SECONDS_END {
        number * 1000.0
    } else {
        number
    };
    sensible_ms(ms.round() as i64)
}

/// The time, if it lies in the years 1970 to 9999.
pub fn sensible_ms(unix_ms: i64) -> Option<i64> {
    (0..=LATEST_MS).contains(&unix_ms).then_some(unix_ms)
}

/// An id: a text or a whole number. None if there is none.
pub fn id(value: &Value, field: &'static str) -> Result<Option<String>, Problem> {
    match value.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        Some(_) => Err(Problem::WrongType {
            field,
            expected: "an id",
        }),
    }
}

/// A list; an empty one if there is none.
pub fn list<'a>(value: &'a Value, field: &'static str) -> Result<&'a [Value], Problem> {
    match value.get(field) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Problem::WrongType {
            field,
            expected: "a list",
        }),
    }
}

/// An object that must be there.
pub fn object<'a>(
    value: &'a Value,
    field: &'static str,
) -> Result<&'a Map<String, Value>, Problem> {
    let found = value.get(field).and_then(Value::as_object);
    found.ok_or(Problem::WrongType {
        field,
        expected: "an object",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_seconds_or_milliseconds() {
        let at = |value: Value| time_ms(&json!({ "at": value }), "at");
        assert_eq!(at(json!(1_700_000_000)), Some(1_700_000_000_000));
        assert_eq!(at(json!(1_700_000_000.25)), Some(1_700_000_000_250));
        assert_eq!(at(json!(1_700_000_000_250_i64)), Some(1_700_000_000_250));
        for odd in [
            json!(-1),
            json!(1e300),
            json!("2023"),
            json!(null),
            json!({}),
        ] {
            assert_eq!(at(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn ids_are_texts_or_whole_numbers() {
        let of = |value: Value| id(&json!({ "id": value }), "id");
        assert_eq!(of(json!("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(of(json!(7)).unwrap().as_deref(), Some("7"));
        assert_eq!(of(json!("")).unwrap(), None);
        assert_eq!(of(json!(null)).unwrap(), None);
        assert!(of(json!(1.5)).is_err() && of(json!([])).is_err());
    }
}
