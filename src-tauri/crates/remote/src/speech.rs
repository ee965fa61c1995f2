//! From the fields of a streamed answer to the text that a worker would have said.

use serde_json::{Value, json};

/// What is open in the text so far.
#[derive(Debug, Default)]
pub(crate) struct Speech {
    thinking: bool,
    call: Option<Call>,
}

/// A call of a tool that is being written.
#[derive(Debug)]
struct Call {
    index: u64,
    id: String,
    /// Arguments have come.
    has_arguments: bool,
}

impl Speech {
    /// The text of a `delta`.
    pub fn push(&mut self, delta: &Value) -> String {
        let mut text = String::new();
        let thoughts = delta["reasoning_content"].as_str();
        if let Some(thoughts) = thoughts.or(delta["reasoning"].as_str())
            && !thoughts.is_empty()
        {
            if !std::mem::replace(&mut self.thinking, true) {
                text.push_str("<think>\n");
            }
            text.push_str(thoughts);
        }
        if let Some(content) = delta["content"].as_str()
            && !content.is_empty()
        {
            self.close(&mut text);
            text.push_str(content);
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.call(call, &mut text);
        }
        text
    }

    /// What closes the text.
    pub fn finish(&mut self) -> String {
        let mut text = String::new();
        self.close(&mut text);
        text
    }

    fn call(&mut self, piece: &Value, text: &mut String) {
        let index = piece["index"].as_u64().unwrap_or_default();
        let id = piece["id"].as_str().unwrap_or_default();
        let goes_on = self
            .call
            .as_ref()
            .is_some_and(|call| call.index == index && (id.is_empty() || call.id == id));
        if !goes_on {
            self.close(text);
            let name = json!(piece["function"]["name"].as_str().unwrap_or_default());
            text.push_str(&format!("<tool_call>\n{{\"name\": {name}, \"arguments\": "));
            self.call = Some(Call {
                index,
                id: id.to_owned(),
                has_arguments: false,
            });
        }
        let arguments = match &piece["function"]["arguments"] {
            Value::String(arguments) => arguments.clone(),
            Value::Null => String::new(),
            object => object.to_string(),
        };
        if let Some(call) = &mut self.call {
            call.has_arguments |= !arguments.trim().is_empty();
        }
        text.push_str(&arguments);
    }

    fn close(&mut self, text: &mut String) {
        if std::mem::take(&mut self.thinking) {
            text.push_str("\n</think>\n\n");
        }
        if let Some(call) = self.call.take() {
            if !call.has_arguments {
                text.push_str("{}");
            }
            text.push_str("}\n</tool_call>\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(deltas: &[Value]) -> String {
        let mut speech = Speech::default();
        let mut text: String = deltas.iter().map(|delta| speech.push(delta)).collect();
        text.push_str(&speech.finish());
        text
    }

    #[test]
    fn thoughts_stand_in_marks_in_front_of_the_answer() {
        let text = said(&[
            json!({"role": "assistant", "content": ""}),
            json!({"reasoning_content": "h"}),
            json!({"reasoning": "m"}),
            json!({"content": "Yes"}),
            json!({"content": "."}),
        ]);
        assert_eq!(text, "<think>\nhm\n</think>\n\nYes.");
        let cut = said(&[json!({"reasoning_content": "hm"})]);
        assert_eq!(cut, "<think>\nhm\n</think>\n\n");
    }

    #[test]
    fn calls_are_written_as_models_write_them() {
        let call = |index: u64, id: &str, name: &str, arguments: &str| json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]});
        let more = |index: u64, arguments: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]});
        let text = said(&[
            call(0, "a", "wind", ""),
            more(0, "{\"at\""),
            more(0, ": 1}"),
            call(1, "b", "tide", ""),
        ]);
        assert_eq!(
            text,
            "<tool_call>\n{\"name\": \"wind\", \"arguments\": {\"at\": 1}}\n</tool_call>\n\
             <tool_call>\n{\"name\": \"tide\", \"arguments\": {}}\n</tool_call>\n"
        );
        // Ollama counts every call as the first one.
        let text = said(&[call(0, "a", "wind", "{}"), call(0, "b", "wind", "{}")]);
        assert_eq!(text.matches("<tool_call>").count(), 2);
    }
}
