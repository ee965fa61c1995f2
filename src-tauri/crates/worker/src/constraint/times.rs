//! Times with an end: llguidance lets the fraction of a second have any number of digits, and small models write them
//! for ever.

use serde_json::{Map, Value, json};

/// Nanoseconds are as fine as any program reads.
const FRACTION: &str = r"^[^.]*(\.[0-9]{1,9}[^0-9.].*)?$";
/// Maps of names to schemas, and not keywords of one.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];
/// Values that are data, whatever they look like.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

/// Bounds the fraction of every time that a schema describes.
pub(super) fn bound(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => bound_keywords(keywords),
        Value::Array(schemas) => schemas.iter_mut().for_each(bound),
        _ => {}
    }
}

fn bound_keywords(keywords: &mut Map<String, Value>) {
    for (keyword, value) in keywords.iter_mut() {
        match value {
            Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                named.values_mut().for_each(bound);
            }
            _ if DATA.contains(&keyword.as_str()) => {}
            schema => bound(schema),
        }
    }
    let format = keywords.get("format").and_then(Value::as_str);
    if !matches!(format, Some("time" | "date-time")) {
        return;
    }
    let all = keywords.entry("allOf").or_insert_with(|| json!([]));
    if let Value::Array(all) = all {
        all.push(json!({"pattern": FRACTION}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_wherever_a_schema_may_stand_and_nowhere_else() {
        let time = json!({"type": "string", "format": "time"});
        let mut schema = json!({
            "properties": {"format": time, "default": time},
            "items": [{"anyOf": [time]}],
            "const": {"format": "time"},
        });
        bound(&mut schema);
        let mut bounded = time.clone();
        bounded["allOf"] = json!([{"pattern": FRACTION}]);
        let expected = json!({
            "properties": {"format": bounded, "default": bounded},
            "items": [{"anyOf": [bounded]}],
            "const": {"format": "time"},
        });
        assert_eq!(schema, expected);
    }
}
