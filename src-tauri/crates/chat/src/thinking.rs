//! How a chat template is told whether and how much its model is to think.
//!
//! There is no standard for it: these are the two variables that templates of models that can be told ask for, and the
//! others do not look at them. `enable_thinking` is the word of Qwen3 and those after it, `reasoning_effort` that of
//! gpt-oss.

use serde_json::{Map, Value};
use sirocco_protocol::{Reasoning, ReasoningControl};

const ENABLED: &str = "enable_thinking";
const EFFORT: &str = "reasoning_effort";

/// Tells the template how much the model is to think: `none` and `minimal` are not at all.
pub fn set_effort(variables: &mut Map<String, Value>, effort: &str) {
    let thinks = !matches!(effort, "none" | "minimal");
    variables.insert(ENABLED.into(), thinks.into());
    if thinks {
        variables.insert(EFFORT.into(), effort.into());
    }
}

/// What the template is told for a setting.
///
/// ```
/// use sirocco_chat::thinking_variables;
/// use sirocco_protocol::Reasoning;
///
/// assert_eq!(thinking_variables(Reasoning::Off)["enable_thinking"], false);
/// assert!(thinking_variables(Reasoning::Template).is_empty());
/// ```
#[must_use]
pub fn thinking_variables(reasoning: Reasoning) -> Map<String, Value> {
    let mut variables = Map::new();
    match reasoning {
        Reasoning::Template => {}
        Reasoning::Off => set_effort(&mut variables, "none"),
        Reasoning::On => {
            variables.insert(ENABLED.into(), true.into());
        }
        Reasoning::Low => set_effort(&mut variables, "low"),
        Reasoning::Medium => set_effort(&mut variables, "medium"),
        Reasoning::High => set_effort(&mut variables, "high"),
    }
    variables
}

/// The request says something about thinking.
#[must_use]
pub fn tells_of_thinking(variables: &Map<String, Value>) -> bool {
    variables.contains_key(ENABLED) || variables.contains_key(EFFORT)
}

/// What the source of a template lets be said.
#[must_use]
pub fn reasoning_control(template: &str) -> ReasoningControl {
    ReasoningControl {
        on_off: template.contains(ENABLED),
        effort: template.contains(EFFORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_setting_has_its_variables() {
        for (reasoning, expected) in [
            (Reasoning::Template, json!({})),
            (Reasoning::Off, json!({"enable_thinking": false})),
            (Reasoning::On, json!({"enable_thinking": true})),
            (
                Reasoning::High,
                json!({"enable_thinking": true, "reasoning_effort": "high"}),
            ),
        ] {
            let variables = thinking_variables(reasoning);
            let tells = reasoning != Reasoning::Template;
            assert_eq!(tells_of_thinking(&variables), tells, "{reasoning:?}");
            assert_eq!(Value::Object(variables), expected, "{reasoning:?}");
        }
    }

    #[test]
    fn a_template_lets_be_said_what_it_looks_at() {
        let control = |on_off, effort| ReasoningControl { on_off, effort };
        for (template, expected) in [
            ("{{ messages }}", control(false, false)),
            ("{% if enable_thinking is false %}", control(true, false)),
            ("{{ reasoning_effort or 'medium' }}", control(false, true)),
        ] {
            assert_eq!(reasoning_control(template), expected, "{template}");
        }
    }
}
