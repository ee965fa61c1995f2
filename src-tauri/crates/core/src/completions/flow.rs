//! Text of a worker, split into answer, thoughts and calls of tools, with the tokens that belong to the answer.

use sirocco_chat::{CallPiece, Part, ReasoningSplitter, Spoken, ToolCallSplitter, start_of};
use sirocco_engine_wire::{ChatMessage, TokenChunk};

use super::tools::names_of;
use super::{Piece, Prompt, Token};

/// The text of one answer on its way.
pub(super) struct Flow {
    /// None for plain text, which has no thoughts.
    splitter: Option<ReasoningSplitter>,
    /// None where no tools were given.
    caller: Option<ToolCallSplitter>,
    /// What the answer has already: its words, or the beginning of a call.
    begun: Option<ChatMessage>,
    /// Tokens of which it is not yet known whether they belong to the thoughts, or to a call.
    undecided: Vec<Token>,
    one_call: bool,
    done: bool,
    /// Tokens of the thoughts so far.
    pub reasoning_tokens: u32,
    /// Calls so far.
    pub calls: u32,
}

impl Flow {
    /// For the answer to this prompt; with `one_call` it is done after the first one.
    pub fn new(prompt: &Prompt, one_call: bool) -> Self {
        let (begun, caller) = match prompt {
            Prompt::Chat {
                messages,
                continue_last,
                tools,
                ..
            } => {
                let last = messages.last().filter(|_| *continue_last);
                let caller = (!tools.is_empty()).then(|| ToolCallSplitter::new(names_of(tools)));
                (last.filter(|last| has_words(last)), caller)
            }
            Prompt::Text { .. } => (None, None),
        };
        let (content, reasoning) = begun.map_or(("", ""), |message| {
            let reasoning = message.reasoning_content.as_deref().unwrap_or_default();
            (message.content.as_str(), reasoning)
        });
        Self {
            splitter: matches!(prompt, Prompt::Chat { .. })
                .then(|| ReasoningSplitter::resume(content, reasoning)),
            caller,
            begun: begun.cloned(),
            undecided: Vec::new(),
            one_call,
            done: false,
            reasoning_tokens: 0,
            calls: 0,
        }
    }

    /// The rendered prompt ends so: perhaps it opens the model's thoughts.
    pub fn starts_after(&mut self, prompt_end: &str) {
        if let Some(splitter) = &mut self.splitter
            && self.begun.is_none()
        {
            *splitter = ReasoningSplitter::new(start_of(prompt_end));
        }
    }

    /// What the answer begins with that its reader does not know: a call that was begun for the model.
    pub fn begin(&mut self) -> Vec<Piece> {
        let (Some(caller), Some(begun)) = (&mut self.caller, &self.begun) else {
            return Vec::new();
        };
        let mut spoken = caller.push(&begun.content);
        spoken.retain(|one| matches!(one, Spoken::Call(_)));
        self.show(spoken, String::new())
    }

    /// Takes what the worker says, and answers what can be shown.
    pub fn push(&mut self, chunk: TokenChunk) -> Vec<Piece> {
        if self.done {
            return Vec::new();
        }
        let tokens = chunk
            .logprobs
            .into_iter()
            .map(|(chosen, likeliest)| Token { chosen, likeliest });
        self.undecided.extend(tokens);
        let Some(splitter) = &mut self.splitter else {
            return self.show(vec![Spoken::Text(chunk.text)], String::new());
        };
        let split = splitter.push(&chunk.text);
        match splitter.part() {
            Part::Undecided => return Vec::new(),
            Part::Reasoning => {
                self.undecided.clear();
                self.reasoning_tokens += chunk.count;
            }
            Part::Answer => {}
        }
        let spoken = self.speak(split.content);
        self.show(spoken, split.reasoning)
    }

    /// What was held back, when the text is over.
    pub fn finish(&mut self) -> Vec<Piece> {
        let Some(splitter) = self.splitter.as_mut().filter(|_| !self.done) else {
            return Vec::new();
        };
        let split = splitter.finish();
        let mut spoken = self.speak(split.content);
        if let Some(caller) = &mut self.caller {
            spoken.extend(caller.finish());
        } else if spoken.is_empty() && !self.undecided.is_empty() {
            spoken.push(Spoken::Text(String::new()));
        }
        self.show(spoken, split.reasoning)
    }

    /// Nothing more is wanted.
    pub fn is_done(&self) -> bool {
        self.done
    }

    fn speak(&mut self, content: String) -> Vec<Spoken> {
        match &mut self.caller {
            Some(caller) => caller.push(&content),
            None if content.is_empty() => Vec::new(),
            None => vec![Spoken::Text(content)],
        }
    }

    fn show(&mut self, spoken: Vec<Spoken>, reasoning: String) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(spoken.len());
        if !reasoning.is_empty() {
            pieces.push(text(String::new(), reasoning, Vec::new()));
        }
        for one in spoken {
            if self.done {
                break;
            }
            match one {
                Spoken::Text(content) => {
                    let tokens = std::mem::take(&mut self.undecided);
                    if !(content.is_empty() && tokens.is_empty()) {
                        pieces.push(text(content, String::new(), tokens));
                    }
                }
                Spoken::Call(piece) => {
                    self.undecided.clear();
                    self.calls += u32::from(matches!(piece, CallPiece::Begin { .. }));
                    self.done = self.one_call && piece == CallPiece::End;
                    pieces.push(Piece::Call(piece));
                }
            }
        }
        pieces
    }
}

fn has_words(message: &ChatMessage) -> bool {
    let thoughts = message.reasoning_content.as_deref().unwrap_or_default();
    !(message.content.is_empty() && thoughts.is_empty())
}

fn text(content: String, reasoning: String, tokens: Vec<Token>) -> Piece {
    Piece::Text {
        content,
        reasoning,
        tokens,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sirocco_engine_wire::TokenProbability;

    use super::*;

    fn chat(answer: Option<&str>) -> Prompt {
        let message = |role: &str, content: &str| ChatMessage {
            role: role.into(),
            content: content.into(),
            ..ChatMessage::default()
        };
        let question = message("user", "which wind?");
        Prompt::Chat {
            messages: std::iter::once(question)
                .chain(answer.map(|answer| message("assistant", answer)))
                .collect(),
            continue_last: answer.is_some(),
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        }
    }

    /// What a worker says with one token.
    fn token(text: &str) -> TokenChunk {
        let token = TokenProbability {
            id: 0,
            text: text.into(),
            logprob: 0.0,
        };
        TokenChunk {
            text: text.into(),
            count: 1,
            logprobs: vec![(token, Vec::new())],
            ..TokenChunk::default()
        }
    }

    fn with_tools(mut prompt: Prompt) -> Prompt {
        if let Prompt::Chat { tools, .. } = &mut prompt {
            tools.push(json!({"type": "function", "function": {"name": "wind"}}));
        }
        prompt
    }

    fn call(pieces: &[Piece]) -> Vec<CallPiece> {
        pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Call(call) => Some(call.clone()),
                _ => None,
            })
            .collect()
    }

    fn wind() -> Vec<CallPiece> {
        vec![
            CallPiece::Begin {
                name: "wind".into(),
            },
            CallPiece::Arguments("{}".into()),
            CallPiece::End,
        ]
    }

    /// Content, thoughts, and the tokens of the answer, of these pieces of one token each.
    fn flow(
        prompt: &Prompt,
        prompt_end: &str,
        pieces: &[&str],
    ) -> (String, String, Vec<String>, u32) {
        let mut flow = Flow::new(prompt, false);
        flow.starts_after(prompt_end);
        let (mut content, mut reasoning, mut tokens) = (String::new(), String::new(), Vec::new());
        let mut take = |pieces: Vec<Piece>| {
            for piece in pieces {
                if let Piece::Text {
                    content: c,
                    reasoning: r,
                    tokens: t,
                } = piece
                {
                    content.push_str(&c);
                    reasoning.push_str(&r);
                    tokens.extend(t.into_iter().map(|token| token.chosen.text));
                }
            }
        };
        for piece in pieces {
            take(flow.push(token(piece)));
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
    #[test]
    fn calls_are_apart_from_text_and_thoughts_and_take_their_tokens_along() {
        let mut flow = Flow::new(&with_tools(chat(None)), false);
        flow.starts_after("assistant\n");
        let answer = [
            "<think>",
            "hm",
            "</think>",
            "I look.",
            "<tool_call>",
            "{\"name\": \"wind\"",
            ", \"arguments\": {}}",
            "</tool_call>",
        ];
        let mut pieces: Vec<Piece> = answer
            .iter()
            .flat_map(|text| flow.push(token(text)))
            .collect();
        pieces.extend(flow.finish());
        assert_eq!(call(&pieces), wind());
        let (mut content, mut reasoning, mut count) = (String::new(), String::new(), 0);
        for piece in pieces {
            if let Piece::Text {
                content: c,
                reasoning: r,
                tokens,
            } = piece
            {
                content.push_str(&c);
                reasoning.push_str(&r);
                count += tokens.len();
            }
        }
        assert_eq!(
            (content.as_str(), reasoning.as_str(), count),
            ("I look.", "hm", 1)
        );
        assert_eq!((flow.calls, flow.reasoning_tokens), (1, 3));
    }

    #[test]
    fn a_call_that_was_begun_for_the_model_is_told_from_its_beginning() {
        let begun = with_tools(chat(Some(
            "Well. <tool_call>{\"name\": \"wind\", \"arguments\": ",
        )));
        let mut flow = Flow::new(&begun, false);
        flow.starts_after("\"arguments\": ");
        let mut pieces = flow.begin();
        pieces.extend(flow.push(token("{}")));
        pieces.extend(flow.push(token("}")));
        assert_eq!(call(&pieces), wind());
        assert_eq!(pieces.len(), 3, "its words are known already");
    }

    #[test]
    fn where_one_call_is_wanted_nothing_follows_it() {
        let mut flow = Flow::new(&with_tools(chat(None)), true);
        flow.starts_after("");
        let two = "<tool_call>{\"name\": \"wind\", \"arguments\": {}}</tool_call>".repeat(2);
        let pieces = flow.push(token(&two));
        assert_eq!(call(&pieces), wind());
        assert!(flow.is_done() && flow.push(token("more")).is_empty() && flow.finish().is_empty());
    }

    #[test]
    fn without_tools_a_call_is_text() {
        let (content, ..) = flow(&chat(None), "", &["<tool_call>{\"name\": \"wind\"}"]);
        assert_eq!(content, "<tool_call>{\"name\": \"wind\"}");
    }
}
