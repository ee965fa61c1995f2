//! Text of a worker, split into answer and thoughts, with the tokens that belong to the answer.

use sirocco_chat::{Part, ReasoningSplitter, start_of};
use sirocco_engine_wire::TokenChunk;

use super::{Piece, Prompt, Token};

/// The text of one answer on its way.
pub(super) struct Flow {
    /// None for plain text, which has no thoughts.
    splitter: Option<ReasoningSplitter>,
    /// The answer has words already.
    resumes: bool,
    /// Tokens of which it is not yet known whether they belong to the thoughts.
    undecided: Vec<Token>,
    /// Tokens of the thoughts so far.
    pub reasoning_tokens: u32,
}

impl Flow {
    pub fn new(prompt: &Prompt) -> Self {
        let begun = match prompt {
            Prompt::Chat {
                messages,
                continue_last: true,
                ..
            } => messages.last(),
            _ => None,
        };
        let (content, reasoning) = begun.map_or(("", ""), |message| {
            let reasoning = message.reasoning_content.as_deref().unwrap_or_default();
            (message.content.as_str(), reasoning)
        });
        Self {
            splitter: matches!(prompt, Prompt::Chat { .. })
                .then(|| ReasoningSplitter::resume(content, reasoning)),
            resumes: !(content.is_empty() && reasoning.is_empty()),
            undecided: Vec::new(),
            reasoning_tokens: 0,
        }
    }

    /// The rendered prompt ends so: perhaps it opens the model's thoughts.
    pub fn starts_after(&mut self, prompt_end: &str) {
        if let Some(splitter) = &mut self.splitter
            && !self.resumes
        {
            *splitter = ReasoningSplitter::new(start_of(prompt_end));
        }
    }

    /// Takes what the worker says; none if there is nothing to show yet.
    pub fn push(&mut self, chunk: TokenChunk) -> Option<Piece> {
        let tokens = chunk
            .logprobs
            .into_iter()
            .map(|(chosen, likeliest)| Token { chosen, likeliest });
        let Some(splitter) = &mut self.splitter else {
            return shown(chunk.text, String::new(), tokens.collect());
        };
        let split = splitter.push(&chunk.text);
        self.undecided.extend(tokens);
        let tokens = match splitter.part() {
            Part::Undecided => Vec::new(),
            Part::Reasoning => {
                self.undecided.clear();
                self.reasoning_tokens += chunk.count;
                Vec::new()
            }
            Part::Answer => std::mem::take(&mut self.undecided),
        };
        shown(split.content, split.reasoning, tokens)
    }

    /// What was held back, when the text is over.
    pub fn finish(&mut self) -> Option<Piece> {
        let split = self.splitter.as_mut()?.finish();
        shown(
            split.content,
            split.reasoning,
            std::mem::take(&mut self.undecided),
        )
    }
}

fn shown(content: String, reasoning: String, tokens: Vec<Token>) -> Option<Piece> {
    let is_empty = content.is_empty() && reasoning.is_empty() && tokens.is_empty();
    (!is_empty).then_some(Piece::Text {
        content,
        reasoning,
        tokens,
    })
}

#[cfg(test)]
mod tests {
    use sirocco_engine_wire::{ChatMessage, TokenProbability};

    use super::*;

    fn chat(answer: Option<&str>) -> Prompt {
        let message = |role: &str, content: &str| ChatMessage {
            role: role.into(),
            content: content.into(),
            reasoning_content: None,
        };
        let question = message("user", "which wind?");
        Prompt::Chat {
            messages: std::iter::once(question)
                .chain(answer.map(|answer| message("assistant", answer)))
                .collect(),
            continue_last: answer.is_some(),
            variables: serde_json::Map::new(),
            now_s: 0,
        }
    }

    /// Content, thoughts, and the tokens of the answer, of these pieces of one token each.
    fn flow(
        prompt: &Prompt,
        prompt_end: &str,
        pieces: &[&str],
    ) -> (String, String, Vec<String>, u32) {
        let mut flow = Flow::new(prompt);
        flow.starts_after(prompt_end);
        let (mut content, mut reasoning, mut tokens) = (String::new(), String::new(), Vec::new());
        let mut take = |piece: Option<Piece>| {
            if let Some(Piece::Text {
                content: c,
                reasoning: r,
                tokens: t,
            }) = piece
            {
                content.push_str(&c);
                reasoning.push_str(&r);
                tokens.extend(t.into_iter().map(|token| token.chosen.text));
            }
        };
        for piece in pieces {
            let token = TokenProbability {
                id: 0,
                text: (*piece).into(),
                logprob: 0.0,
            };
            take(flow.push(TokenChunk {
                text: (*piece).into(),
                count: 1,
                logprobs: vec![(token, Vec::new())],
                ..TokenChunk::default()
            }));
        }
        take(flow.finish());
        (content, reasoning, tokens, flow.reasoning_tokens)
    }

    #[test]
    fn tokens_of_thoughts_are_not_tokens_of_the_answer() {
        let pieces = ["<th", "ink>", "hm", "</think>", "\n", "a", "b"];
        let (content, reasoning, tokens, count) = flow(&chat(None), "assistant\n", &pieces);
        assert_eq!((content.as_str(), reasoning.as_str()), ("ab", "hm"));
        assert_eq!(tokens, ["a", "b"]);
        // The first half of the tag could have been the answer's.
        assert_eq!(count, 4);
    }

    #[test]
    fn a_prompt_that_opens_the_thoughts_is_heeded_unless_the_answer_has_words() {
        let pieces = ["hm", "</think>", "yes"];
        let (content, reasoning, ..) = flow(&chat(None), "<think>\n", &pieces);
        assert_eq!((content.as_str(), reasoning.as_str()), ("yes", "hm"));
        let (content, reasoning, ..) = flow(&chat(Some("It")), "<think>\nIt", &[" is"]);
        assert_eq!((content.as_str(), reasoning.as_str()), (" is", ""));
    }

    #[test]
    fn what_might_have_been_a_tag_comes_in_the_end() {
        let (content, _, tokens, _) = flow(&chat(None), "", &["<th"]);
        assert_eq!(content, "<th");
        assert_eq!(tokens, ["<th"]);
    }

    #[test]
    fn plain_text_has_no_thoughts() {
        let prompt = Prompt::Text {
            text: "a".into(),
            special: false,
        };
        let (content, reasoning, ..) = flow(&prompt, "<think>", &["<think>", "b"]);
        assert_eq!((content.as_str(), reasoning.as_str()), ("<think>b", ""));
    }
}
