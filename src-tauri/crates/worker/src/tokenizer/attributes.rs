//! What tokens are for: which end a generation, which are cut out of text before anything else, which swallow
//! white space around them.
//!
//! Files say little and sometimes wrongly, so llama.cpp goes by the text of well-known tokens; ids must match, so
//! do we.

use super::hash::FastMap;
use super::vocabulary::{TokenType, VocabularySource};

/// Tokens that end a turn and are control tokens whatever the file says.
const END_OF_GENERATION: [&str; 22] = [
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
];

/// Tokens for filling in the middle. The first of each row that exists is a control token; those of the last three
/// rows (padding, repository, file separator) also end a generation.
const FILL_IN_MIDDLE: [&[&str]; 6] = [
    &[
        "<|fim_prefix|>",
        "<fim-prefix>",
        "<fim_prefix>",
        "<｜fim▁begin｜>",
        "<PRE>",
        "▁<PRE>",
        "<|code_prefix|>",
        "<|prefix|>",
    ],
    &[
        "<|fim_suffix|>",
        "<fim-suffix>",
        "<fim_suffix>",
        "<｜fim▁hole｜>",
        "<SUF>",
        "▁<SUF>",
        "<|code_suffix|>",
        "<|suffix|>",
    ],
    &[
        "<|fim_middle|>",
        "<fim-middle>",
        "<fim_middle>",
        "<｜fim▁end｜>",
        "<MID>",
        "▁<MID>",
        "<|code_middle|>",
        "<|middle|>",
    ],
    &["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
    &[
        "<|fim_repo|>",
        "<|repo_name|>",
        "<fim-repo>",
        "<REPO>",
        "<reponame>",
    ],
    &["<|file_sep|>"],
];

/// Tokens of gpt-oss that are shown and parsed as text.
const ALWAYS_SHOWN: [&str; 4] = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

/// What one token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) normal: bool,
    pub(super) byte: bool,
    pub(super) control: bool,
    pub(super) unknown: bool,
    pub(super) user_defined: bool,
    pub(super) end_of_generation: bool,
    /// Swallows the white space before it.
    pub(super) strips_left: bool,
    /// Swallows the white space after it.
    pub(super) strips_right: bool,
}

impl Attributes {
    const USER_DEFINED: Self = Self {
        normal: false,
        byte: false,
        control: false,
        unknown: false,
        user_defined: true,
        end_of_generation: false,
        strips_left: false,
        strips_right: false,
    };

    fn of(kind: TokenType) -> Self {
        Self {
            normal: kind == TokenType::Normal,
            byte: kind == TokenType::Byte,
            control: kind == TokenType::Control,
            unknown: kind == TokenType::Unknown,
            user_defined: kind == TokenType::UserDefined,
            ..Self::default()
        }
    }

    /// Whether the token is cut out of text before that is tokenized.
    pub(super) fn is_special(self) -> bool {
        self.control || self.unknown || self.user_defined
    }
}

/// The tokens by their text.
struct Texts<'a>(FastMap<&'a [u8], usize>);

impl Texts<'_> {
    fn find(&self, text: &str) -> Option<usize> {
        self.0.get(text.as_bytes()).copied()
    }
}

/// The attributes of every token. `ends` are the ids that the file itself names as ends (of sequence, turn, message).
pub(super) fn attributes_of(source: &VocabularySource, ends: &[Option<u32>]) -> Vec<Attributes> {
    let texts = Texts(
        source
            .tokens
            .iter()
            .enumerate()
            .map(|(id, text)| (text.as_slice(), id))
            .collect(),
    );
    let kind = |id| source.types.get(id).copied().unwrap_or(TokenType::Normal);
    let mut all: Vec<Attributes> = (0..source.tokens.len())
        .map(|id| Attributes::of(kind(id)))
        .collect();

    for (row, names) in FILL_IN_MIDDLE.iter().enumerate() {
        if let Some(id) = names.iter().find_map(|name| texts.find(name)) {
            all[id].control = true;
            all[id].end_of_generation |= row >= 3;
        }
    }
    for id in END_OF_GENERATION.iter().filter_map(|name| texts.find(name)) {
        all[id].control = true;
        all[id].end_of_generation = true;
    }
    for id in ALWAYS_SHOWN.iter().filter_map(|name| texts.find(name)) {
        all[id] = Attributes {
            end_of_generation: all[id].end_of_generation,
            ..Attributes::USER_DEFINED
        };
    }
    for id in ends.iter().flatten() {
        if let Some(attributes) = all.get_mut(*id as usize) {
            attributes.end_of_generation = true;
        }
    }
    settle_conflicts(&texts, &mut all);
    strip_white_space(source, &texts, &mut all);
    all
}

/// `<|end|>` ends a part of an answer in the Harmony format, not the answer; `</s>` is text in Gemma 4.
fn settle_conflicts(texts: &Texts, all: &mut [Attributes]) {
    let ends = |all: &[Attributes], name| texts.find(name).filter(|id| all[*id].end_of_generation);
    let calls = ends(all, "<|call|>").is_some() || ends(all, "<|calls|>").is_some();
    let parts = ends(all, "<|return|>").is_some() || ends(all, "<|flush|>").is_some();
    if calls
        && parts
        && let Some(id) = ends(all, "<|end|>")
    {
        all[id] = Attributes::USER_DEFINED;
    }
    let text_like = ends(all, "<|tool_response>").is_some() || ends(all, "<|plamo:eos|>").is_some();
    if text_like && let Some(id) = ends(all, "</s>") {
        all[id] = Attributes::of(TokenType::Normal);
    }
}

/// GGUF files do not carry these attributes, so they go by the model's name.
fn strip_white_space(source: &VocabularySource, texts: &Texts, all: &mut [Attributes]) {
    let pre = source.pre.as_deref().unwrap_or_default();
    let name = source
        .model_name
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if ["jina-v2-de", "jina-v2-es", "jina-v2-code"]
        .iter()
        .any(|part| pre.contains(part))
    {
        texts
            .find("<mask>")
            .into_iter()
            .for_each(|id| all[id].strips_left = true);
    } else if name.contains("phi-3") || name.contains("phi3") {
        all.iter_mut()
            .filter(|attributes| attributes.is_special())
            .for_each(|token| token.strips_right = true);
        texts
            .find("</s>")
            .into_iter()
            .for_each(|id| all[id].strips_right = true);
        for id in ["<unk>", "<s>", "<|endoftext|>"]
            .iter()
            .filter_map(|name| texts.find(name))
        {
            all[id].strips_right = false;
        }
    } else if name.contains("modern-bert") {
        texts
            .find("[MASK]")
            .into_iter()
            .for_each(|id| all[id].strips_left = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(
        tokens: &[(&str, TokenType)],
        name: &str,
        ends: &[Option<u32>],
    ) -> Vec<Attributes> {
        let source = VocabularySource {
            tokens: tokens
                .iter()
                .map(|(text, _)| text.as_bytes().to_vec())
                .collect(),
            types: tokens.iter().map(|(_, kind)| *kind).collect(),
            model_name: Some(name.to_owned()),
            ..VocabularySource::default()
        };
        attributes_of(&source, ends)
    }

    #[test]
    fn well_known_ends_of_turn_are_control_tokens_whatever_the_file_says() {
        let tokens = [
            ("a", TokenType::Normal),
            ("<|im_end|>", TokenType::Normal),
            ("x", TokenType::Normal),
        ];
        let all = attributes(&tokens, "", &[None, Some(2)]);
        assert!(all[1].control && all[1].end_of_generation);
        assert!(all[2].end_of_generation && !all[2].control);
        assert!(!all[0].end_of_generation);
    }

    #[test]
    fn the_end_of_a_harmony_part_does_not_end_the_answer() {
        let tokens = ["<|return|>", "<|call|>", "<|end|>", "<|channel|>"]
            .map(|text| (text, TokenType::Control));
        let all = attributes(&tokens, "", &[]);
        assert!(all[0].end_of_generation && all[1].end_of_generation);
        assert!(!all[2].end_of_generation && all[2].user_defined && !all[2].control);
        assert!(all[3].user_defined && !all[3].control);
        assert!(attributes(&tokens[2..], "", &[])[0].end_of_generation);
    }

    #[test]
    fn phi3_swallows_white_space_after_its_special_tokens() {
        let tokens =
            ["<s>", "</s>", "<|user|>", "<|endoftext|>"].map(|text| (text, TokenType::Control));
        let all = attributes(&tokens, "Phi-3 mini", &[]);
        assert_eq!(
            all.iter()
                .map(|token| token.strips_right)
                .collect::<Vec<_>>(),
            [false, true, true, false]
        );
        assert!(
            attributes(&tokens, "Llama", &[])
                .iter()
                .all(|token| !token.strips_right)
        );
    }
}
