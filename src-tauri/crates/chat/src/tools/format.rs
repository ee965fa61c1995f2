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

    /// The beginning of a call: of this tool, or of any. The second is the beginning of the first.
    ///
    /// ```
    /// use sirocco_chat::ToolFormat;
    /// let opening = ToolFormat::Hermes.opening(Some("wind"));
    /// assert_eq!(opening, "<tool_call>\n{\"name\": \"wind\", \"arguments\": ");
    /// ```
    #[must_use]
    pub fn opening(self, name: Option<&str>) -> String {
        let before = match self {
            Self::Hermes => "<tool_call>\n",
            Self::Llama => "",
            Self::MistralList => "[TOOL_CALLS][",
            Self::MistralNames => MISTRAL,
        };
        format!("{before}{}", self.object(name))
    }

    /// What follows the arguments of a call, which further ones may follow or not.
    #[must_use]
    pub fn closing(self, is_only: bool) -> &'static str {
        match self {
            Self::Hermes => "}\n</tool_call>",
            // The list of several calls may stay open: nobody knows which one is the last.
            Self::MistralList if is_only => "}]",
            Self::Llama | Self::MistralList => "}",
            Self::MistralNames => "",
        }
    }

    /// What stands between a call and the next, the beginning of that included.
    #[must_use]
    pub fn between(self, name: Option<&str>) -> String {
        match self {
            Self::Hermes => format!("\n{}", self.opening(name)),
            Self::Llama => format!("; {}", self.object(name)),
            Self::MistralList => format!(", {}", self.object(name)),
            Self::MistralNames => self.opening(name),
        }
    }

    /// As much of a call as is known, without its marks.
    fn object(self, name: Option<&str>) -> String {
        let arguments = match self {
            Self::Hermes | Self::MistralList => "arguments",
            Self::Llama => "parameters",
            Self::MistralNames => {
                let call = name.map(|name| format!("{name}{MISTRAL_ARGUMENTS}"));
                return call.unwrap_or_default();
            }
        };
        match name {
            Some(name) => {
                let name = serde_json::Value::from(name);
                format!("{{\"name\": {name}, \"{arguments}\": ")
            }
            None => "{\"name\": \"".to_owned(),
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

    #[test]
    fn calls_follow_each_other_as_the_family_writes_them() {
        for (format, expected) in [
            (
                ToolFormat::Hermes,
                "1}\n</tool_call>\n<tool_call>\n{\"name\": \"f\", \"arguments\": 2}\n</tool_call>",
            ),
            (
                ToolFormat::Llama,
                "1}; {\"name\": \"f\", \"parameters\": 2}",
            ),
            (
                ToolFormat::MistralList,
                "1}, {\"name\": \"f\", \"arguments\": 2}",
            ),
            (ToolFormat::MistralNames, "1[TOOL_CALLS]f[ARGS]2"),
        ] {
            let closing = format.closing(false);
            let between = format.between(Some("f"));
            assert_eq!(format!("1{closing}{between}2{closing}"), expected);
            assert!(between.starts_with(&format.between(None)));
        }
        assert_eq!(ToolFormat::MistralList.closing(true), "}]");
    }
}
