//! How a model was trained to write a call.

use super::{HERMES, LLAMA, MISTRAL, MISTRAL_ARGUMENTS};

/// The family of a way to write calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolFormat {
    /// Qwen's and Hermes'; also what models are told that have no way of their own.
    Hermes,
    /// Llama 3's.
    Llama,
    /// Mistral's, a list of objects.
    MistralList,
    /// Mistral's, names before arguments.
    MistralNames,
}

impl ToolFormat {
    /// By what the chat template of a model writes for earlier calls.
    #[must_use]
    pub fn of_template(template: Option<&str>) -> Self {
        let template = template.unwrap_or_default();
        let has = |mark: &str| template.contains(mark);
        if has(MISTRAL) && has(MISTRAL_ARGUMENTS) {
            Self::MistralNames
        } else if has(MISTRAL) {
            Self::MistralList
        } else if !has(HERMES) && (has(LLAMA) || has(r#""parameters": "#)) {
            Self::Llama
        } else {
            Self::Hermes
        }
    }

    /// The beginning of an answer that has to be a call: of this tool, or of any. Behind it a model can do little but
    /// write the rest of the call.
    ///
    /// ```
    /// use sirocco_chat::ToolFormat;
    /// let opening = ToolFormat::Hermes.opening(Some("wind"));
    /// assert_eq!(opening, "<tool_call>\n{\"name\": \"wind\", \"arguments\": ");
    /// ```
    #[must_use]
    pub fn opening(self, name: Option<&str>) -> String {
        let (before, arguments) = match self {
            Self::Hermes => ("<tool_call>\n{", "arguments"),
            Self::Llama => ("{", "parameters"),
            Self::MistralList => ("[TOOL_CALLS][{", "arguments"),
            Self::MistralNames => {
                let rest = name.map(|name| format!("{name}{MISTRAL_ARGUMENTS}"));
                return format!("{MISTRAL}{}", rest.unwrap_or_default());
            }
        };
        match name {
            Some(name) => {
                let name = serde_json::Value::from(name);
                format!("{before}\"name\": {name}, \"{arguments}\": ")
            }
            None => format!("{before}\"name\": \""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_tells_the_family() {
        for (template, format) in [
            (None, ToolFormat::Hermes),
            (Some("{{ message.content }}"), ToolFormat::Hermes),
            (
                Some("'<tool_call>\\n{\"name\": \"' and \"parameters\": "),
                ToolFormat::Hermes,
            ),
            (Some("{{- '\"parameters\": ' }}"), ToolFormat::Llama),
            (Some("{{ '<|python_tag|>' }}"), ToolFormat::Llama),
            (Some("{{ '[TOOL_CALLS] [' }}"), ToolFormat::MistralList),
            (
                Some("{{ '[TOOL_CALLS]' + name + '[ARGS]' }}"),
                ToolFormat::MistralNames,
            ),
        ] {
            assert_eq!(ToolFormat::of_template(template), format, "{template:?}");
        }
    }

    #[test]
    fn an_opening_is_cut_where_the_model_has_to_choose() {
        let opening = |format: ToolFormat, name| format.opening(name);
        assert_eq!(opening(ToolFormat::Llama, None), "{\"name\": \"");
        assert_eq!(
            opening(ToolFormat::Llama, Some("f")),
            "{\"name\": \"f\", \"parameters\": "
        );
        assert_eq!(
            opening(ToolFormat::MistralList, None),
            "[TOOL_CALLS][{\"name\": \""
        );
        assert_eq!(opening(ToolFormat::MistralNames, None), "[TOOL_CALLS]");
        assert_eq!(
            opening(ToolFormat::MistralNames, Some("f")),
            "[TOOL_CALLS]f[ARGS]"
        );
    }
}
