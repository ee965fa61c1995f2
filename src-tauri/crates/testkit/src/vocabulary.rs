//! A small byte-pair vocabulary, trained on a few sentences: real merges, in a real order.

use std::collections::BTreeMap;

use sirocco_gguf::writer::{Field, Writer};

/// Merges learned from the text; the text gives out before much more.
const MERGES: usize = 200;

const TEXT: &str = "the wind comes from the south and it is warm and dry the sand of the desert goes with it over the sea \
    what is the name of the wind the name of this wind is sirocco and this is the answer to the question \
    she said that he had said that you were there when the ship came in and that the rain was red \
    one two three four five six seven eight nine ten words are counted here and there in this answer \
    hello world how are you today i am well thank you for asking me that question again and again \
    a model writes one token after another and each token is a piece of a word or a whole word";

/// Tokens and merges in the order of their ids and ranks.
pub struct BytePairVocabulary {
    tokens: Vec<String>,
    merges: Vec<String>,
}

impl BytePairVocabulary {
    /// Every byte, and the pairs that were most frequent in the text. Always the same.
    #[must_use]
    pub fn train() -> Self {
        let mut words: Vec<Vec<String>> = TEXT
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| {
                format!(" {word}")
                    .bytes()
                    .map(|byte| letter(byte).to_string())
                    .collect()
            })
            .collect();
        let mut tokens: Vec<String> = (0..=u8::MAX).map(|byte| letter(byte).to_string()).collect();
        let mut merges = Vec::new();
        while merges.len() < MERGES {
            let Some((left, right)) = most_frequent_pair(&words) else {
                break;
            };
            let merged = format!("{left}{right}");
            for word in &mut words {
                merge(word, &left, &right, &merged);
            }
            merges.push(format!("{left} {right}"));
            if !tokens.contains(&merged) {
                tokens.push(merged);
            }
        }
        Self { tokens, merges }
    }

    /// Adds it to a file, with three control tokens behind, and answers how many tokens that makes.
    #[must_use]
    pub fn write(self, writer: Writer) -> (Writer, u64) {
        let Self { mut tokens, merges } = self;
        let plain = tokens.len();
        tokens.extend(["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(str::to_owned));
        let types = (0..tokens.len()).map(|id| if id < plain { 1 } else { 3 });
        let count = tokens.len();
        let id = |from_end: usize| Field::U32((count - from_end) as u32);
        let writer = writer
            .field("tokenizer.ggml.model", "gpt2")
            .field("tokenizer.ggml.pre", "qwen2")
            .field("tokenizer.ggml.token_type", Field::integers(types))
            .field("tokenizer.ggml.tokens", Field::strings(tokens))
            .field("tokenizer.ggml.merges", Field::strings(merges))
            .field("tokenizer.ggml.bos_token_id", id(3))
            .field("tokenizer.ggml.eos_token_id", id(1))
            .field("tokenizer.ggml.padding_token_id", id(3))
            .field("tokenizer.ggml.add_bos_token", false);
        (writer, count as u64)
    }
}

/// The most frequent pair that occurs at least twice; of equals the first in the alphabet.
fn most_frequent_pair(words: &[Vec<String>]) -> Option<(String, String)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for pair in words.iter().flat_map(|word| word.windows(2)) {
        *counts.entry((&pair[0], &pair[1])).or_default() += 1;
    }
    let mut best: Option<((&str, &str), usize)> = None;
    for (pair, count) in counts {
        if count >= 2 && best.is_none_or(|(_, most)| count > most) {
            best = Some((pair, count));
        }
    }
    best.map(|((left, right), _)| (left.to_owned(), right.to_owned()))
}

fn merge(word: &mut Vec<String>, left: &str, right: &str, merged: &str) {
    let mut at = 0;
    while at + 1 < word.len() {
        if word[at] == left && word[at + 1] == right {
            word.splice(at..=at + 1, [merged.to_owned()]);
        }
        at += 1;
    }
}

/// The letter that stands for a byte in GPT-2 vocabularies: printable bytes for themselves, the
/// others, in order, for the letters from U+0100.
fn letter(byte: u8) -> char {
    let is_printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if is_printable(byte) {
        return char::from(byte);
    }
    let unprintable_before = (0..byte).filter(|byte| !is_printable(*byte)).count();
    char::from_u32(0x100 + unprintable_before as u32).expect("at most 256 letters after U+0100")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_gpt2_writes_them() {
        assert_eq!(
            [b' ', b'\n', b'a', 0, 0xad].map(letter),
            ['Ġ', 'Ċ', 'a', 'Ā', 'Ń']
        );
    }

    #[test]
    fn frequent_words_are_one_token() {
        let vocabulary = BytePairVocabulary::train();
        for word in ["Ġthe", "Ġwind", "Ġanswer"] {
            assert!(
                vocabulary.tokens.iter().any(|token| token == word),
                "{word}"
            );
        }
        assert!(vocabulary.tokens.len() > 300, "{}", vocabulary.tokens.len());
    }
}
