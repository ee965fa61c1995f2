//! How many tokens a prompt may have, where no tokenizer says.

use sirocco_engine_wire::{ChatMessage, Prompt};

/// What a chat template writes around a message.
const MARKS: usize = 4;

/// A guess that is rather too high than too low: four ASCII characters are a token, as in English prose, and any other
/// character is one, as in scripts that vocabularies are not made for.
pub(crate) fn estimate(prompt: &Prompt) -> u32 {
    let tokens = match prompt {
        Prompt::Text { text, .. } => of_text(text),
        Prompt::Chat {
            messages, tools, ..
        } => {
            let messages: usize = messages.iter().map(of_message).sum();
            let tools = tools.iter().map(|tool| of_text(&tool.to_string()));
            messages + tools.sum::<usize>()
        }
    };
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

fn of_message(message: &ChatMessage) -> usize {
    let calls = message.tool_calls.iter();
    let calls = calls.map(|call| of_text(&call.name) + of_text(&call.arguments.to_string()));
    MARKS + of_text(&message.content) + calls.sum::<usize>()
}

fn of_text(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().filter(|c| !c.is_ascii()).count();
    ascii.div_ceil(4) + others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_a_token_for_four_letters_and_other_scripts_one_for_each() {
        assert_eq!(of_text(""), 0);
        assert_eq!(of_text("The wind turns."), 4);
        assert_eq!(of_text("風が吹く"), 4);
        let prompt = Prompt::Text {
            text: "wind".into(),
            special: false,
        };
        assert_eq!(estimate(&prompt), 1);
    }
}
