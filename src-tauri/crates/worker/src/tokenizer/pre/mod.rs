//! Pre-tokenizers: how text is cut into the pieces that byte-pair merges stay within.

mod categories;
mod characters;
mod pattern;
mod rules;
mod splitters;

use characters::classes_of;
use pattern::Pattern;
use rules::Step;
use splitters::Chunk;

pub(crate) use rules::{Rules, rules_for};

/// The pre-tokenizer of one model.
#[derive(Debug)]
pub(crate) struct PreTokenizer {
    steps: Vec<(Step, Option<Pattern>)>,
}

impl PreTokenizer {
    pub(crate) fn new(rules: &Rules) -> Self {
        let compile = |step: &Step| match step {
            Step::Pattern(pattern) => (*step, Some(Pattern::new(pattern))),
            _ => (*step, None),
        };
        Self {
            steps: rules.steps.iter().map(compile).collect(),
        }
    }

    /// Cuts `text` into pieces; joined they are the text.
    pub(crate) fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let characters: Vec<char> = text.chars().collect();
        let classes = classes_of(&characters);
        let whole = Chunk {
            characters: &characters,
            classes: &classes,
        };
        let mut lengths = vec![characters.len()];
        for (step, pattern) in &self.steps {
            lengths = split_step(*step, pattern.as_ref(), whole, &lengths);
        }
        let mut pieces = Vec::with_capacity(lengths.len());
        let (mut from, mut at) = (0, 0);
        for length in lengths {
            let size: usize = characters[at..at + length]
                .iter()
                .map(|character| character.len_utf8())
                .sum();
            pieces.push(&text[from..from + size]);
            from += size;
            at += length;
        }
        pieces
    }
}

fn split_step(
    step: Step,
    pattern: Option<&Pattern>,
    whole: Chunk,
    lengths: &[usize],
) -> Vec<usize> {
    let mut pieces = Vec::with_capacity(lengths.len() + whole.characters.len() / 4);
    let mut view = pattern.map(|pattern| pattern.view(whole));
    let mut at = 0;
    for &length in lengths {
        let range = at..at + length;
        let chunk = Chunk {
            characters: &whole.characters[range.clone()],
            classes: &whole.classes[range],
        };
        match step {
            Step::Gpt2 => splitters::gpt2(chunk, &mut pieces),
            Step::Words(form) => splitters::words(chunk, &mut pieces, form),
            Step::Kimi => splitters::kimi(chunk, &mut pieces),
            Step::DigitGroups => splitters::digit_groups(chunk, &mut pieces),
            Step::DigitCuts => splitters::digit_cuts(chunk, &mut pieces),
            Step::Lines => splitters::lines(chunk, &mut pieces),
            Step::Pattern(_) => {
                if let (Some(pattern), Some(view)) = (pattern, view.as_mut()) {
                    pattern.split(view, length, &mut pieces);
                }
            }
        }
        at += length;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(pre: &str, text: &str) -> Vec<String> {
        let (rules, known) = rules_for(Some(pre));
        assert!(known, "{pre}");
        PreTokenizer::new(&rules)
            .split(text)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_known_pre_tokenizer_compiles_and_loses_nothing() {
        let text = "I'LL say: 12345 ab漢字 ÀÉ'm कि\u{301}\t \r\n\n  x!?/\n\u{a0}\u{2028}\u{1f469}\u{200d}\u{1f467}\0 1,000 　。 ";
        for pre in rules::names() {
            assert_eq!(pieces(pre, text).concat(), text, "{pre}");
            assert!(
                pieces(pre, "").is_empty() || pieces(pre, "") == [""],
                "{pre}"
            );
        }
    }

    #[test]
    fn an_unknown_pre_tokenizer_is_the_default_and_says_so() {
        assert_eq!(
            rules_for(Some("made-up")),
            (rules_for(Some("default")).0, false)
        );
        assert!(!rules_for(None).1);
    }

    #[test]
    fn tekken_cuts_where_the_case_changes() {
        assert_eq!(
            pieces("tekken", "camelCase HTTPServer"),
            ["camel", "Case", " HTTPServer"]
        );
        assert_eq!(pieces("tekken", "12 a/\n"), ["1", "2", " a", "/\n"]);
    }

    #[test]
    fn a_run_of_spaces_leaves_one_to_the_next_word() {
        assert_eq!(pieces("deepseek-v3", "a   b"), ["a", "  ", " b"]);
        assert_eq!(
            pieces("gpt-4o", "a   \n  b  "),
            ["a", "   \n", " ", " b", "  "]
        );
        assert_eq!(pieces("jais-2", "a   b"), ["a", "  ", " b"]);
    }

    #[test]
    fn deepseek_coder_cuts_every_digit() {
        assert_eq!(
            pieces("deepseek-coder", "x, 42;"),
            ["x", ",", " ", "4", "2", ";"]
        );
    }
}
