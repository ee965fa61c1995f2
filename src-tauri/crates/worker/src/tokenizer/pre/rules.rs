//! Which pre-tokenizer a model asks for: the table of `tokenizer.ggml.pre`.
//!
//! The names and patterns are those of llama.cpp, which took them from the models' own `tokenizer.json`.

use super::splitters::Words;

/// One step: each piece of the step before is split further.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Gpt2,
    Words(Words),
    Kimi,
    DigitGroups,
    DigitCuts,
    Lines,
    Pattern(&'static str),
}

/// What a `tokenizer.ggml.pre` stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(super) steps: &'static [Step],
    /// A piece that is a token as a whole is not merged from its parts.
    pub(crate) ignore_merges: bool,
    /// A beginning-of-sequence token goes first unless the file says otherwise.
    pub(crate) add_bos: bool,
    /// The file names no beginning-of-sequence token unless it says so itself.
    pub(crate) no_default_bos: bool,
    /// Text is looked up byte by byte in the GPT-2 alphabet; otherwise as UTF-8 with U+2581 for a space.
    pub(crate) byte_encoded: bool,
    /// A run of newlines that is a token is that token.
    pub(crate) newline_tokens: bool,
}

impl Rules {
    const fn new(steps: &'static [Step]) -> Self {
        Self {
            steps,
            ignore_merges: false,
            add_bos: false,
            no_default_bos: false,
            byte_encoded: true,
            newline_tokens: false,
        }
    }

    const fn ignoring_merges(self) -> Self {
        Self {
            ignore_merges: true,
            ..self
        }
    }

    const fn adding_bos(self) -> Self {
        Self {
            add_bos: true,
            ..self
        }
    }
}

const LLAMA3: Step = Step::Words(Words {
    digits: 3,
    marks: false,
});
const QWEN2: Step = Step::Words(Words {
    digits: 1,
    marks: false,
});
const QWEN35: Step = Step::Words(Words {
    digits: 1,
    marks: true,
});

macro_rules! contraction {
    () => {
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    };
}

/// Cased words with an optional contraction, as GPT-4o splits them.
macro_rules! cased_words {
    ($upper:literal, $lower:literal, $contraction:expr) => {
        concat!(
            r"[^\r\n\p{L}\p{N}]?",
            $upper,
            "*",
            $lower,
            "+",
            $contraction,
            r"|[^\r\n\p{L}\p{N}]?",
            $upper,
            "+",
            $lower,
            "*",
            $contraction,
        )
    };
}

const DEFAULT: Rules = Rules::new(&[
    Step::Pattern(r"[\p{P}\$\+<=>\^~\|]+"),
    Step::Gpt2,
    Step::Pattern(r"\p{N}+"),
    Step::Pattern("[0-9][0-9][0-9]"),
]);

const GPT2: Rules = Rules::new(&[Step::Gpt2]);
const STARCODER: Rules = Rules::new(&[Step::Pattern(r"\p{N}"), Step::Gpt2]);
const WORDS_OF_LLAMA3: Rules = Rules::new(&[LLAMA3]);
const WORDS_OF_QWEN2: Rules = Rules::new(&[QWEN2]);

/// Cased letters, as Unicode had them when the model was trained.
const DEEPSEEK_LETTERS: &str = concat!(
    r"\s?[A-Za-z\x{b5}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{1ba}\x{1bc}-\x{1bf}\x{1c4}-\x{293}",
    r"\x{295}-\x{2af}\x{370}-\x{373}\x{376}\x{377}\x{37b}-\x{37d}\x{37f}\x{386}\x{388}-\x{38a}\x{38c}",
    r"\x{38e}-\x{3a1}\x{3a3}-\x{3f5}\x{3f7}-\x{481}\x{48a}-\x{52f}\x{531}-\x{556}\x{10a0}-\x{10c5}",
    r"\x{13a0}-\x{13f5}\x{13f8}-\x{13fd}\x{1c90}-\x{1cba}\x{1cbd}-\x{1cbf}\x{1d00}-\x{1d2b}",
    r"\x{1d6b}-\x{1d77}\x{1d79}-\x{1d9a}\x{1e00}-\x{1f15}\x{1f18}-\x{1f1d}\x{1f20}-\x{1f45}",
    r"\x{1f48}-\x{1f4d}\x{1f50}-\x{1f57}\x{1f59}\x{1f5b}\x{1f5d}\x{1f5f}-\x{1f7d}\x{1f80}-\x{1fb4}",
    r"\x{1fb6}-\x{1fbc}\x{1fbe}\x{1fc2}-\x{1fc4}\x{1fc6}-\x{1fcc}\x{1fd0}-\x{1fd3}\x{1fd6}-\x{1fdb}",
    r"\x{1fe0}-\x{1fec}\x{1ff2}-\x{1ff4}\x{1ff6}-\x{1ffc}\x{2102}\x{2107}\x{210a}-\x{2113}\x{2115}",
    r"\x{2119}-\x{211d}\x{2124}\x{2126}\x{2128}\x{212a}-\x{212d}\x{212f}-\x{2134}\x{2139}\x{213c}-\x{213f}",
    r"\x{2145}-\x{2149}\x{214e}\x{2183}\x{2184}\x{2c00}-\x{2c7b}\x{2c7e}-\x{2ce4}\x{2ceb}-\x{2cee}\x{2cf2}",
    r"\x{2cf3}\x{a640}-\x{a66d}\x{a680}-\x{a69b}\x{a722}-\x{a76f}\x{a771}-\x{a787}\x{a78b}-\x{a78e}",
    r"\x{ab70}-\x{abbf}\x{fb00}-\x{fb06}\x{fb13}-\x{fb17}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}",
    r"\x{10400}-\x{1044f}\x{104b0}-\x{104d3}\x{104d8}-\x{104fb}\x{10c80}-\x{10cb2}\x{10cc0}-\x{10cf2}",
    r"\x{118a0}-\x{118df}\x{1e900}-\x{1e943}]+",
);

/// From Samaritan up to the ideographs, and Hangul: the range is as wide as the model's authors wrote it.
const DEEPSEEK_IDEOGRAPHS: Step =
    Step::Pattern(r"[\x{4e00}-\x{9fa5}\x{800}-\x{4e00}\x{ac00}-\x{d7ff}]+");

/// Ideographs, Hiragana and Katakana.
const IDEOGRAPHS_AND_KANA: Step =
    Step::Pattern(r"[\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+");

const DEEPSEEK_LLM: Rules = Rules::new(&[
    Step::Pattern("[\r\n]"),
    Step::Pattern(DEEPSEEK_LETTERS),
    Step::Pattern(
        r"\s?[!-/:-~\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff5e}\x{2018}-\x{201f}\x{3000}-\x{3002}]+",
    ),
    Step::Pattern(r"\s+$"),
    DEEPSEEK_IDEOGRAPHS,
    Step::Pattern(r"\p{N}+"),
]);

const DEEPSEEK_CODER: Rules = Rules::new(&[
    Step::Pattern("[\r\n]"),
    Step::Pattern(r"\s?\p{L}+"),
    Step::Pattern(r"\s?\p{P}+"),
    DEEPSEEK_IDEOGRAPHS,
    Step::Pattern(r"\p{N}"),
]);

/// Punctuation glued to ASCII letters, words with marks, symbols with newlines.
const DEEPSEEK3_WORDS: Step = Step::Pattern(
    r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##,
);

const DEEPSEEK3: Rules = Rules::new(&[
    Step::Pattern(r"\p{N}{1,3}"),
    IDEOGRAPHS_AND_KANA,
    DEEPSEEK3_WORDS,
]);

const SPARK: Rules = Rules::new(&[
    Step::Pattern(r"\p{N}{1,3}"),
    IDEOGRAPHS_AND_KANA,
    Step::Pattern(
        r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"##,
    ),
    Step::Pattern(r"\p{N}"),
]);

const AFMOE: Rules = Rules::new(&[
    Step::DigitGroups,
    Step::Pattern(concat!(
        r"[\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}\x{8c48}-\x{faff}\x{3040}-\x{309f}",
        r"\x{30a0}-\x{30ff}\x{ff65}-\x{ff9f}\x{2f00}-\x{2fdf}\x{e40}-\x{e7f}",
        r"\x{e80}-\x{eff}\x{1780}-\x{17ff}\x{1000}-\x{109f}\x{aa60}-\x{aa7f}",
        r"\x{a9e0}-\x{a9ff}\x{ac00}-\x{d7af}\x{1100}-\x{11ff}]+",
    )),
    DEEPSEEK3_WORDS,
]);

const TEKKEN: Rules = Rules::new(&[Step::Pattern(concat!(
    cased_words!(r"[\p{L}&&[^a-z]]", r"[\p{L}&&[^A-Z]]", ""),
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
))]);

const GPT4O: Rules = Rules::new(&[Step::Pattern(concat!(
    cased_words!(
        r"[\p{L}&&[^a-z]]",
        r"[\p{L}&&[^A-Z]]",
        concat!(contraction!(), "?")
    ),
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
))]);

const TINY_AYA: Rules = Rules::new(&[
    Step::DigitGroups,
    Step::Pattern(concat!(
        cased_words!(
            r"[\p{L}\p{M}]",
            r"[\p{L}\p{M}]",
            concat!(contraction!(), "?")
        ),
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )),
]);

const YOUTU: Rules = Rules::new(&[
    Step::Pattern(concat!(
        r"[\x{ac00}-\x{d7a3}\x{3131}-\x{318e}]+|[\x{ff01}\x{2026}\x{201c}\x{201d}\x{2018}",
        r"\x{2019}\x{2014}\x{ff1a}\x{ff1b}\x{ff0c}\x{3001}-\x{303f}\x{fe30}-\x{fe4f}]+|[",
        r"\x{3105}-\x{312f}]+|[\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+",
    )),
    Step::Pattern(concat!(
        cased_words!(
            r"[\p{L}\p{M}]",
            r"[\p{L}\p{M}]",
            concat!(contraction!(), "?")
        ),
        r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )),
]);

const JAIS2: Rules = Rules::new(&[Step::Pattern(concat!(
    contraction!(),
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)",
    r"|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"
))]);

const BAILING: Rules = Rules::new(&[Step::Pattern(concat!(
    "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])",
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
))]);

const SEED_CODER: Rules = Rules::new(&[Step::Pattern(concat!(
    contraction!(),
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"
))]);

const EXAONE_MOE: Rules = Rules::new(&[Step::Pattern(concat!(
    contraction!(),
    r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"
))]);

const MINICPM5: Rules = Rules::new(&[
    Step::Pattern(r"\p{N}{1,3}"),
    Step::Pattern(concat!(
        contraction!(),
        r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )),
]);

const UFAKZEKA: Rules = Rules::new(&[Step::Pattern(
    r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)]);

const BLOOM: Step =
    Step::Pattern(r" ?[^(\s|.,!?\x{2026}\x{3002}\x{ff0c}\x{3001}\x{964}\x{6d4}\x{60c})]+");

const RAW_LINES: Rules = Rules {
    byte_encoded: false,
    ..Rules::new(&[Step::Lines])
};

/// Names, and what they stand for.
const TABLE: &[(&[&str], Rules)] = &[
    (&["default"], DEFAULT),
    (
        &[
            "llama3",
            "llama-v3",
            "llama-bpe",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        WORDS_OF_LLAMA3.ignoring_merges().adding_bos(),
    ),
    (&["dbrx", "smaug-bpe"], WORDS_OF_LLAMA3),
    (
        &["chatglm-bpe"],
        Rules {
            no_default_bos: true,
            ..WORDS_OF_LLAMA3
        },
    ),
    (
        &["glm4", "glm5"],
        Rules {
            no_default_bos: true,
            ..WORDS_OF_LLAMA3.ignoring_merges()
        },
    ),
    (
        &[
            "qwen2",
            "deepseek-r1-qwen",
            "kormo",
            "f2llmv2",
            "megrez",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "grok-2",
        ],
        WORDS_OF_QWEN2,
    ),
    (&["qwen35"], Rules::new(&[QWEN35])),
    (
        &[
            "gpt-2",
            "phi-2",
            "gigachat",
            "a.x-4.0",
            "mellum",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
            "exaone4",
            "modern-bert",
            "jina-es",
            "jina-de",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v1-en",
            "jina-v2-code",
            "roberta-bpe",
        ],
        GPT2,
    ),
    (
        &[
            "starcoder",
            "refact",
            "command-r",
            "smollm",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        STARCODER,
    ),
    (&["deepseek-llm"], DEEPSEEK_LLM),
    (&["deepseek-coder"], DEEPSEEK_CODER),
    (
        &["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        DEEPSEEK3,
    ),
    (&["tekken"], TEKKEN.ignoring_merges().adding_bos()),
    (
        &["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
        GPT4O,
    ),
    (
        &["falcon"],
        Rules::new(&[
            Step::Pattern(r"[\p{P}\$\+<=>\^~\|`]+"),
            Step::Gpt2,
            Step::Pattern("[0-9][0-9][0-9]"),
        ]),
    ),
    (&["tiny_aya", "cohere2moe"], TINY_AYA),
    (&["kimi-k2"], Rules::new(&[Step::Kimi])),
    (
        &["superbpe"],
        Rules::new(&[Step::Pattern(r"\p{N}+"), Step::DigitCuts]),
    ),
    (&["bailingmoe", "bailingmoe2", "llada-moe"], BAILING),
    (&["seed-coder"], SEED_CODER),
    (&["exaone-moe"], EXAONE_MOE),
    (&["minicpm5"], MINICPM5.ignoring_merges()),
    (&["ufakzeka"], UFAKZEKA),
    (&["afmoe"], AFMOE),
    (&["laguna"], Rules::new(&[Step::Lines, QWEN2])),
    (&["spark2_5"], SPARK),
    (&["youtu"], YOUTU.ignoring_merges()),
    (&["jais-2"], JAIS2),
    (
        &["poro-chat", "bloom", "gpt3-finnish"],
        Rules::new(&[BLOOM]),
    ),
    (&["viking"], Rules::new(&[BLOOM, Step::Pattern(r"\p{N}")])),
    (
        &["gemma4"],
        Rules {
            newline_tokens: true,
            add_bos: true,
            ..RAW_LINES
        },
    ),
    (&["sarvam-moe"], RAW_LINES),
];

/// The rules for a `tokenizer.ggml.pre`, and whether the name is known; an unknown or missing one gets the default.
pub(crate) fn rules_for(pre: Option<&str>) -> (Rules, bool) {
    let pre = pre.unwrap_or_default();
    let known = TABLE.iter().find(|(names, _)| names.contains(&pre));
    known.map_or((DEFAULT, false), |(_, rules)| (*rules, true))
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|(names, _)| names.iter().copied())
}
