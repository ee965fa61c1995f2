//! A call as a JSON object, read one character at a time: `{"name": …, "arguments": …}`.

use super::value::{Step, ValueEnd};

/// What a character has brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet.
    Nothing,
    /// The name is complete.
    Name(String),
    /// The next character of the arguments, as it was written.
    Argument(char),
    /// The object is complete.
    End,
    /// This is no JSON object.
    Broken,
}

#[derive(Clone, Debug)]
enum At {
    /// In front of the brace.
    Before,
    /// In front of a key, or of the end.
    Key,
    /// In a key.
    InKey { key: String, escaped: bool },
    /// Behind a key.
    Colon { key: String },
    /// In front of a value.
    Value { key: String },
    /// In a value. What it is so far is kept only for the name.
    InValue {
        member: Member,
        end: ValueEnd,
        text: String,
    },
    /// Behind a value.
    After,
    /// Behind the end, or where it became clear that there is none.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Name,
    Arguments,
    /// What some models write besides.
    Known,
    Other,
}

impl Member {
    fn of(key: &str) -> Self {
        match key {
            "name" => Self::Name,
            "arguments" | "parameters" => Self::Arguments,
            "type" | "id" => Self::Known,
            _ => Self::Other,
        }
    }
}

/// The reader of one object.
#[derive(Clone, Debug)]
pub struct CallObject {
    at: At,
    /// With a member that no call has, it is none.
    strict: bool,
}

impl CallObject {
    /// For a text whose first character is the opening brace. A strict one that is no call is known as such by its first
    /// member, and need not be held back to its end.
    pub fn new(strict: bool) -> Self {
        Self {
            at: At::Before,
            strict,
        }
    }

    /// Takes the next character.
    pub fn push(&mut self, next: char) -> Found {
        let (at, found) = match std::mem::replace(&mut self.at, At::Over) {
            At::Before if next == '{' => (At::Key, Found::Nothing),
            At::Key => match next {
                '"' => {
                    let key = String::new();
                    let escaped = false;
                    (At::InKey { key, escaped }, Found::Nothing)
                }
                '}' => (At::Over, Found::End),
                _ if next.is_whitespace() => (At::Key, Found::Nothing),
                _ => (At::Over, Found::Broken),
            },
            At::InKey {
                mut key,
                mut escaped,
            } => {
                if next == '"' && !escaped {
                    (At::Colon { key }, Found::Nothing)
                } else {
                    escaped = next == '\\' && !escaped;
                    key.push(next);
                    (At::InKey { key, escaped }, Found::Nothing)
                }
            }
            At::Colon { key } if next.is_whitespace() => (At::Colon { key }, Found::Nothing),
            At::Colon { key } if self.strict && Member::of(&key) == Member::Other => {
                (At::Over, Found::Broken)
            }
            At::Colon { key } if next == ':' => (At::Value { key }, Found::Nothing),
            At::Value { key } if next.is_whitespace() => (At::Value { key }, Found::Nothing),
            At::Value { key } => {
                in_value(Member::of(&key), ValueEnd::default(), String::new(), next)
            }
            At::InValue { member, end, text } => in_value(member, end, text, next),
            At::After => match next {
                ',' => (At::Key, Found::Nothing),
                '}' => (At::Over, Found::End),
                _ if next.is_whitespace() => (At::After, Found::Nothing),
                _ => (At::Over, Found::Broken),
            },
            At::Before | At::Colon { .. } | At::Over => (At::Over, Found::Broken),
        };
        self.at = at;
        found
    }
}

fn in_value(member: Member, mut end: ValueEnd, mut text: String, next: char) -> (At, Found) {
    let step = end.push(next);
    if step == Step::Past {
        // A name is a string, and a string ends with its last character.
        return match next {
            _ if member == Member::Name => (At::Over, Found::Broken),
            ',' => (At::Key, Found::Nothing),
            '}' => (At::Over, Found::End),
            _ if next.is_whitespace() => (At::After, Found::Nothing),
            _ => (At::Over, Found::Broken),
        };
    }
    let found = match member {
        Member::Arguments => Found::Argument(next),
        Member::Known | Member::Other => Found::Nothing,
        Member::Name => {
            text.push(next);
            if step == Step::Inside {
                Found::Nothing
            } else {
                match serde_json::from_str(&text) {
                    Ok(name) => Found::Name(name),
                    Err(_) => return (At::Over, Found::Broken),
                }
            }
        }
    };
    let at = if step == Step::Last {
        At::After
    } else {
        At::InValue { member, end, text }
    };
    (at, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, arguments and how it ended.
    fn read(text: &str) -> (Option<String>, String, Found) {
        read_by(CallObject::new(false), text)
    }

    fn read_by(mut object: CallObject, text: &str) -> (Option<String>, String, Found) {
        let (mut name, mut arguments) = (None, String::new());
        for next in text.chars() {
            match object.push(next) {
                Found::Nothing => {}
                Found::Name(found) => name = Some(found),
                Found::Argument(next) => arguments.push(next),
                over @ (Found::End | Found::Broken) => return (name, arguments, over),
            }
        }
        (name, arguments, Found::Nothing)
    }

    #[test]
    fn members_are_found_in_any_order_and_others_passed_over() {
        for (text, arguments) in [
            (
                r#"{"name": "f", "arguments": {"a": [1, "}"]}}"#,
                r#"{"a": [1, "}"]}"#,
            ),
            (r#"{"parameters":{} , "name" : "f" }"#, "{}"),
            (
                r#"{"type": "function", "id": 7, "name": "f", "parameters": null}"#,
                "null",
            ),
            (
                r#"{"name": "f", "arguments": "{\"a\": 1}"}"#,
                r#""{\"a\": 1}""#,
            ),
            (r#"{"name": "f", "strict": true }"#, ""),
        ] {
            let (name, found, over) = read(text);
            assert_eq!((name.as_deref(), over), (Some("f"), Found::End), "{text}");
            assert_eq!(found, arguments);
        }
    }

    #[test]
    fn what_is_no_object_is_told() {
        for text in [
            "x",
            r#"{"name" "f"}"#,
            "{a}",
            r#"{"name": 7}"#,
            r#"{"name": "f" "a"}"#,
            r#"{"a": 1 2}"#,
        ] {
            assert_eq!(read(text).2, Found::Broken, "{text}");
        }
        assert_eq!(read(r#"{"name": "f", "argu"#).2, Found::Nothing);
    }

    #[test]
    fn an_object_that_is_no_call_is_known_by_its_first_member() {
        let strict = |text| read_by(CallObject::new(true), text).2;
        assert_eq!(strict(r#"{"winds": "#), Found::Broken);
        assert_eq!(strict(r#"{"type": "function", "name": "f"}"#), Found::End);
    }
}
