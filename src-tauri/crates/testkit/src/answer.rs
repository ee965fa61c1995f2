//! Which token a scripted model "predicts": found from the text in its cache alone, so that a cut
//! cache, a continued answer and a second version need no special care.

use sirocco_worker::tokenizer::{EncodeOptions, Tokenizer};

/// How the chat template of [`crate::TinyModel`] (and every ChatML one) opens an answer.
const OPENING: &[u8] = b"<|im_start|>assistant\n";
const QUESTION: &[u8] = b"<|im_start|>user\n";
const SYSTEM: &[u8] = b"<|im_start|>system\n";
const CLOSING: &[u8] = b"<|im_end|>";

/// The text in a cache, and the answer being written at its end.
pub(crate) struct Conversation {
    template: String,
    text: Vec<u8>,
    /// Where each token ends in the text.
    ends: Vec<usize>,
    /// Where the last answer begins.
    answer_at: Option<usize>,
    plan: Option<Plan>,
}

/// The tokens of an answer, and where each begins in its text.
struct Plan {
    text: Vec<u8>,
    tokens: Vec<(usize, u32)>,
}

impl Conversation {
    /// An empty cache of a model that answers with `template`.
    pub fn new(template: String) -> Self {
        Self {
            template,
            text: Vec::new(),
            ends: Vec::new(),
            answer_at: None,
            plan: None,
        }
    }

    /// Tokens in the cache.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) {
        self.text.extend(tokenizer.token_bytes(id));
        self.ends.push(self.text.len());
        if self.text.ends_with(OPENING) {
            self.answer_at = Some(self.text.len());
            self.plan = None;
        }
    }

    /// An image, which the model reads as a word in brackets.
    pub fn push_image(&mut self, word: &str, tokens: usize) {
        self.text.extend(word.as_bytes());
        self.ends
            .extend(std::iter::repeat_n(self.text.len(), tokens));
    }

    pub fn truncate(&mut self, length: usize) {
        self.ends.truncate(length);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
        self.answer_at = rfind(&self.text, OPENING).map(|at| at + OPENING.len());
        self.plan = None;
    }

    /// Tokens of the answer so far.
    pub fn answer_tokens(&self) -> usize {
        self.answer_at.map_or(0, |at| {
            self.ends.len() - self.ends.partition_point(|end| *end <= at)
        })
    }

    /// What comes next; none at the end of the answer, or where no answer was asked for.
    pub fn next_token(&mut self, tokenizer: &Tokenizer) -> Option<u32> {
        let answer_at = self.answer_at?;
        let plan = self
            .plan
            .take()
            .unwrap_or_else(|| self.plan(tokenizer, answer_at));
        let written = self.text.len() - answer_at;
        let next = match plan
            .tokens
            .binary_search_by_key(&written, |(begins, _)| *begins)
        {
            Ok(at) => Some(plan.tokens[at].1),
            // A continued answer may end inside a token of the plan: go on byte by byte.
            Err(_) => plan
                .text
                .get(written)
                .map(|byte| byte_token(tokenizer, *byte)),
        };
        self.plan = Some(plan);
        next
    }

    fn plan(&self, tokenizer: &Tokenizer, answer_at: usize) -> Plan {
        let before = &self.text[..answer_at];
        let answer = self
            .template
            .replace("{question}", &last_turn(before, QUESTION))
            .replace("{system}", &last_turn(before, SYSTEM));
        let mut begins = 0;
        let mut tokens = Vec::new();
        for id in tokenizer.encode(&answer, EncodeOptions::default()) {
            tokens.push((begins, id));
            begins += tokenizer.token_bytes(id).len();
        }
        Plan {
            text: answer.into_bytes(),
            tokens,
        }
    }
}

/// What the last turn that opens so says; nothing if there is none.
fn last_turn(text: &[u8], opening: &[u8]) -> String {
    let turn = rfind(text, opening).map_or(&[][..], |at| &text[at + opening.len()..]);
    let end = turn
        .windows(CLOSING.len())
        .position(|window| window == CLOSING)
        .unwrap_or(turn.len());
    String::from_utf8_lossy(&turn[..end]).into_owned()
}

fn byte_token(tokenizer: &Tokenizer, byte: u8) -> u32 {
    (0..tokenizer.vocabulary_size() as u32)
        .find(|id| tokenizer.token_bytes(*id) == [byte])
        .expect("a byte-level vocabulary has a token for each byte")
}

fn rfind(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).rposition(|window| window == what)
}
