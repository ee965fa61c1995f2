//! Where a JSON value ends, found one character at a time.

/// What a character is to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Part of it, and it goes on.
    Inside,
    /// Its last character.
    Last,
    /// The value ended before this character.
    Past,
}

/// Follows brackets and strings; whether what lies between them is JSON is for others to say.
#[derive(Clone, Debug, Default)]
pub struct ValueEnd {
    depth: u32,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl ValueEnd {
    /// Takes the next character; the first one begins the value.
    pub fn push(&mut self, next: char) -> Step {
        let is_first = !std::mem::replace(&mut self.begun, true);
        if self.in_string {
            match (self.escaped, next) {
                (true, _) => self.escaped = false,
                (false, '\\') => self.escaped = true,
                (false, '"') => {
                    self.in_string = false;
                    return self.over_at_depth_zero();
                }
                (false, _) => {}
            }
            return Step::Inside;
        }
        match next {
            '"' => self.in_string = true,
            '{' | '[' => self.depth += 1,
            // Behind a number or a word, where its object goes on.
            '}' | ']' | ',' if self.depth == 0 => return Step::Past,
            '}' | ']' => {
                self.depth -= 1;
                return self.over_at_depth_zero();
            }
            _ if self.depth == 0 && !is_first && next.is_whitespace() => return Step::Past,
            _ => {}
        }
        Step::Inside
    }

    fn over_at_depth_zero(&self) -> Step {
        if self.depth == 0 {
            Step::Last
        } else {
            Step::Inside
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value at the beginning of a text.
    fn value(text: &str) -> Option<&str> {
        let mut end = ValueEnd::default();
        for (at, next) in text.char_indices() {
            match end.push(next) {
                Step::Inside => {}
                Step::Last => return Some(&text[..at + next.len_utf8()]),
                Step::Past => return Some(&text[..at]),
            }
        }
        None
    }

    #[test]
    fn a_value_ends_where_json_says() {
        for (text, expected) in [
            (r#"{"a": {"b": "}"}} rest"#, Some(r#"{"a": {"b": "}"}}"#)),
            (r#"[1, "\"]", []],"#, Some(r#"[1, "\"]", []]"#)),
            (r#""a\\" b"#, Some(r#""a\\""#)),
            ("12, 3", Some("12")),
            ("true}", Some("true")),
            ("null ", Some("null")),
            (r#"{"a": "#, None),
            ("12", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}
