//! Reading JSON by strangers: what is missing or of another type is none, what is too long is cut.

use serde_json::Value;

/// A text of one line, at most `limit` characters; none if nothing is left.
pub fn text(value: &Value, limit: usize) -> Option<String> {
    let text: String = value
        .as_str()?
        .trim()
        .chars()
        .map(|character| match is_hidden(character) {
            true => '\u{fffd}',
            false => character,
        })
        .take(limit)
        .collect();
    (!text.is_empty()).then_some(text)
}

/// Characters that break a line or reorder it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A whole number that is not negative; also a fraction, as some servers write large ones.
pub fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // Beyond 2^53 a fraction is no exact number.
        (0.0..9.0e15).contains(&number).then_some(number as u64)
    })
}

/// A text, or a list of texts, as a list.
pub fn texts(value: &Value, count: usize, limit: usize) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| text(item, limit))
            .take(count)
            .collect(),
        other => text(other, limit).into_iter().collect(),
    }
}

/// Unix milliseconds of `2025-01-01T00:00:00.000Z`.
pub fn time_ms(value: &Value) -> Option<i64> {
    let text = value.as_str().filter(|text| text.len() <= 40)?;
    let format = &time::format_description::well_known::Rfc3339;
    let time = time::OffsetDateTime::parse(text, format).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

/// A hash in lower-case hexadecimal with so many digits.
pub fn hex(value: &Value, digits: usize) -> Option<String> {
    let text = value.as_str()?;
    is_hex(text, digits).then(|| text.to_owned())
}

/// Exactly so many lower-case hexadecimal digits.
pub fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wrong_types_are_nothing() {
        for wrong in [json!(null), json!({}), json!([]), json!(true), json!("")] {
            assert_eq!(text(&wrong, 10), None);
            assert_eq!(number(&wrong), None);
            assert_eq!(time_ms(&wrong), None);
            assert!(texts(&wrong, 5, 10).is_empty());
        }
        assert_eq!(number(&json!(-1)), None);
        assert_eq!(number(&json!(1.5e9)), Some(1_500_000_000));
        assert_eq!(number(&json!(1e300)), None);
        assert_eq!(time_ms(&json!("yesterday")), None);
    }

    #[test]
    fn texts_are_short_and_of_one_line() {
        assert_eq!(
            text(&json!("  a\nb\u{202e}c  "), 10).as_deref(),
            Some("a\u{fffd}b\u{fffd}c")
        );
        assert_eq!(
            text(&json!("x".repeat(1000)), 10).map(|text| text.len()),
            Some(10)
        );
        assert_eq!(texts(&json!("one"), 5, 10), ["one"]);
        assert_eq!(texts(&json!(["a", 1, "b", "c"]), 2, 10), ["a", "b"]);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(
            time_ms(&json!("2025-01-01T00:00:00.000Z")),
            Some(1_735_689_600_000)
        );
        assert_eq!(
            time_ms(&json!("2025-01-01T01:00:00+01:00")),
            Some(1_735_689_600_000)
        );
    }
}
