//! Where the form begins: behind the thoughts.

use sirocco_engine_wire::{GenerateRequest, Prompt};

pub(super) const OPEN: &str = "<think>";
pub(super) const CLOSE: &str = "</think>";

/// What an answer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Its thoughts, which the prompt has opened.
    Thoughts,
    /// The answer itself.
    Answer,
    /// Whichever the model likes.
    Either,
}

/// What the answer to this request begins with, by the end of its rendered prompt.
pub(super) fn start_of(request: &GenerateRequest, prompt: &str) -> Start {
    let Prompt::Chat {
        messages,
        continue_last,
        ..
    } = &request.prompt
    else {
        return Start::Answer;
    };
    let end = prompt.trim_end();
    if end.ends_with(OPEN) {
        return Start::Thoughts;
    }
    let begun = messages.last().filter(|_| *continue_last);
    let (has_words, has_thoughts) = begun.map_or((false, false), |message| {
        let thoughts = message.reasoning_content.as_deref().unwrap_or_default();
        (!message.content.is_empty(), !thoughts.is_empty())
    });
    match (has_words, has_thoughts) {
        (false, true) => Start::Thoughts,
        (false, false) if !end.ends_with(CLOSE) => Start::Either,
        _ => Start::Answer,
    }
}

/// What an answer that is continued has already, thoughts left out.
pub(super) fn words_of(request: &GenerateRequest) -> &str {
    match &request.prompt {
        Prompt::Chat {
            messages,
            continue_last: true,
            ..
        } => messages.last().map_or("", |last| &last.content),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use sirocco_engine_wire::ChatMessage;

    use super::*;

    fn chat(begun: Option<(&str, &str)>) -> GenerateRequest {
        let messages = begun.map(|(content, thoughts)| ChatMessage {
            role: "assistant".into(),
            content: content.into(),
            reasoning_content: Some(thoughts.into()),
            ..ChatMessage::default()
        });
        request(Prompt::Chat {
            messages: messages.into_iter().collect(),
            continue_last: begun.is_some(),
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        })
    }

    fn request(prompt: Prompt) -> GenerateRequest {
        GenerateRequest {
            id: 1,
            prompt,
            sampling: Default::default(),
            max_tokens: None,
            stop: Vec::new(),
            constraint: None,
        }
    }

    #[test]
    fn the_prompt_and_what_is_begun_say_where_the_answer_is() {
        for (begun, prompt, expected) in [
            (None, "assistant\n", Start::Either),
            (None, "assistant\n<think>\n", Start::Thoughts),
            (None, "<think>\n\n</think>\n\n", Start::Answer),
            (Some(("{", "")), "assistant\n{", Start::Answer),
            (Some(("", "hm")), "<think>\nhm", Start::Thoughts),
            (Some(("", "")), "assistant\n", Start::Either),
        ] {
            assert_eq!(
                start_of(&chat(begun), prompt),
                expected,
                "{begun:?} {prompt}"
            );
        }
        let text = Prompt::Text {
            text: "<think>".into(),
            special: true,
        };
        assert_eq!(start_of(&request(text), "<think>"), Start::Answer);
    }
}
