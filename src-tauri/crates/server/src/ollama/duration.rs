//! How long a model is kept: a number of seconds, or text such as `5m`; less than nothing is for ever.

use serde_json::Value;

use crate::fault::Fault;

/// What is to become of a model after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// Nothing was said, or a while: models stay until their memory is needed.
    Keep,
    /// No time at all.
    Eject,
}

/// Reads `keep_alive`.
pub fn keep_alive(value: &Value) -> Result<KeepAlive, Fault> {
    let seconds = match value {
        Value::Null => return Ok(KeepAlive::Keep),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => seconds(text),
        _ => None,
    };
    match seconds {
        Some(0.0) => Ok(KeepAlive::Eject),
        Some(_) => Ok(KeepAlive::Keep),
        None => Err(Fault::field(
            "keep_alive",
            "`keep_alive` must be a number of seconds, or a duration such as \"5m\"",
        )),
    }
}

/// As Go writes durations: `1h30m`, `-1s`, `500ms`; a bare number is in seconds.
fn seconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 6] = [
        ("ms", 1e-3),
        ("us", 1e-6),
        ("ns", 1e-9),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        total += number * factor;
        rest = &rest[unit.len()..];
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, expected) in [
            ("5m", Some(300.0)),
            ("1h30m", Some(5400.0)),
            ("-1s", Some(-1.0)),
            ("500ms", Some(0.5)),
            ("1.5h", Some(5400.0)),
            ("0", Some(0.0)),
            ("-1", Some(-1.0)),
            ("", None),
            ("-", None),
            ("m", None),
            ("5", Some(5.0)),
            ("5 minutes", None),
            ("5x", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_kept_for_no_time_only() {
        for value in [json!(0), json!("0"), json!("0s"), json!(0.0)] {
            assert_eq!(keep_alive(&value), Ok(KeepAlive::Eject), "{value}");
        }
        for value in [json!(null), json!(-1), json!("5m"), json!(300)] {
            assert_eq!(keep_alive(&value), Ok(KeepAlive::Keep), "{value}");
        }
        let fault = keep_alive(&json!("soon")).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("keep_alive"));
    }
}
