//! What a model file says about its tokens.

pub use sirocco_gguf::TokenType;

/// A vocabulary as it stands in a model file. `None` means the file does not say; llama.cpp's default applies then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VocabularySource {
    /// `tokenizer.ggml.model`: `llama` (SentencePiece), `gpt2` (byte-level BPE) or `gemma4` (BPE over UTF-8).
    pub model: String,
    /// `tokenizer.ggml.pre`.
    pub pre: Option<String>,
    /// `general.name`: some models are recognised by it, such as Phi-3.
    pub model_name: Option<String>,
    /// `tokenizer.ggml.tokens`; the position is the id.
    pub tokens: Vec<Vec<u8>>,
    /// `tokenizer.ggml.scores`, one for each token, or empty.
    pub scores: Vec<f32>,
    /// `tokenizer.ggml.token_type`, one for each token, or empty.
    pub types: Vec<TokenType>,
    /// `tokenizer.ggml.merges`, `left right`, best first.
    pub merges: Vec<Vec<u8>>,
    /// Beginning of sequence.
    pub bos: Option<u32>,
    /// End of sequence.
    pub eos: Option<u32>,
    /// End of turn.
    pub eot: Option<u32>,
    /// End of message.
    pub eom: Option<u32>,
    /// Unknown.
    pub unknown: Option<u32>,
    /// Begin every sequence with `bos`.
    pub add_bos: Option<bool>,
    /// End every sequence with `eos`.
    pub add_eos: Option<bool>,
    /// Put a space before the text that follows a special token or begins a sequence (SentencePiece).
    pub add_space_prefix: Option<bool>,
}

impl VocabularySource {
    /// The vocabulary read from a GGUF file, and the `general.name` of its header.
    pub fn from_gguf(vocabulary: &sirocco_gguf::Vocabulary, model_name: Option<&str>) -> Self {
        let owned = |table: &sirocco_gguf::StringTable| table.iter().map(<[u8]>::to_vec).collect();
        let special = &vocabulary.special;
        Self {
            model: vocabulary.model.to_string(),
            pre: vocabulary.pre.clone(),
            model_name: model_name.map(str::to_owned),
            tokens: owned(&vocabulary.tokens),
            scores: vocabulary.scores.clone(),
            types: vocabulary.token_types.clone(),
            merges: owned(&vocabulary.merges),
            bos: special.bos,
            eos: special.eos,
            eot: special.eot,
            eom: special.eom,
            unknown: special.unk,
            add_bos: vocabulary.flags.add_bos,
            add_eos: vocabulary.flags.add_eos,
            add_space_prefix: vocabulary.flags.add_space_prefix,
        }
    }
}
