//! A llama.cpp model as an embedder: texts in, one vector for each.
//!
//! Its vocabulary is llama.cpp's own: models that embed have kinds (`bert`, `t5`) that no model that writes has. How the
//! vectors of tokens become the vector of a text is for the file to say; where it says nothing, it is their mean.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaPoolingType;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use sirocco_engine_wire::LoadRequest;
use sirocco_gguf::only_embeds;
use sirocco_worker::embedding::BATCH_TEXTS;
use sirocco_worker::engine::{Embedder, EngineError};

use crate::file::{File, failed, with_reason};

/// Most tokens of one forward pass of a model that reads a text in pieces.
const LONGEST_PASS: u32 = 512;

/// A loaded model that embeds.
pub struct TextEmbedder {
    model: &'static LlamaModel,
    context: LlamaContext<'static>,
    batch: LlamaBatch<'static>,
    context_length: usize,
    /// Tokens of one forward pass.
    pass: usize,
}

impl TextEmbedder {
    /// Maps the weights and makes room for the longest text.
    pub fn load(
        request: &LoadRequest,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Self, EngineError> {
        let file = File::read(request, progress)?;
        let reading = Reading::of(file.model);
        let pass = if reading.in_pieces {
            file.context_length.min(LONGEST_PASS)
        } else {
            file.context_length
        };
        let texts = u32::try_from(BATCH_TEXTS).expect("a small constant");
        let parameters = file
            .parameters()
            .with_embeddings(true)
            .with_pooling_type(reading.pooling)
            .with_n_batch(pass)
            .with_n_ubatch(pass)
            .with_n_seq_max(texts)
            // One text may have the whole context, not a share of it.
            .with_kv_unified(true);
        let mut embedder = Self {
            model: file.model,
            context: file.context(parameters)?,
            batch: LlamaBatch::new(pass as usize, 1),
            context_length: file.context_length as usize,
            pass: pass as usize,
        };
        // One token through the whole model: what cannot run fails here and not at the first text.
        embedder.embed(&[&[0]])?;
        Ok(embedder)
    }

    /// One forward pass: of each text some tokens, the first of them at its position.
    fn compute(&mut self, pieces: &[(usize, &[u32])]) -> Result<(), EngineError> {
        self.batch.clear();
        for (text, (begin, tokens)) in pieces.iter().enumerate() {
            let text = i32::try_from(text).map_err(failed)?;
            for (index, token) in tokens.iter().enumerate() {
                let position = i32::try_from(begin + index).map_err(failed)?;
                let token = LlamaToken::new(i32::try_from(*token).map_err(failed)?);
                self.batch
                    .add(token, position, &[text], true)
                    .map_err(failed)?;
            }
        }
        self.context
            .decode(&mut self.batch)
            .map_err(|error| with_reason(&error))
    }

    fn vector(&self, text: usize) -> Result<Vec<f32>, EngineError> {
        let text = i32::try_from(text).map_err(failed)?;
        let values = self.context.embeddings_seq_ith(text).map_err(failed)?;
        Ok(values.to_vec())
    }
}

impl Embedder for TextEmbedder {
    fn tokenize(&self, text: &str) -> Vec<u32> {
        // Control tokens are read as such, as the tokenizers do that these models were trained with.
        let tokens = self.model.vocab().tokenize(text.as_bytes(), true, true);
        tokens
            .into_iter()
            .filter_map(|token| u32::try_from(token.0).ok())
            .collect()
    }

    fn has_end(&self) -> bool {
        let vocabulary = self.model.vocab();
        vocabulary.should_add_eos() || vocabulary.should_add_sep()
    }

    fn vocabulary_size(&self) -> usize {
        usize::try_from(self.model.n_vocab()).unwrap_or(0)
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn dimensions(&self) -> usize {
        usize::try_from(self.model.n_embd_out()).unwrap_or(0)
    }

    fn embed(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EngineError> {
        // Nothing is left of the texts before; a model without a cache has nothing to forget.
        self.context.clear_kv_cache();
        let length: usize = texts.iter().map(|text| text.len()).sum();
        if length <= self.pass {
            let whole: Vec<(usize, &[u32])> = texts.iter().map(|text| (0, *text)).collect();
            self.compute(&whole)?;
            return (0..texts.len()).map(|text| self.vector(text)).collect();
        }
        let mut vectors = Vec::with_capacity(texts.len());
        for text in texts {
            self.context.clear_kv_cache();
            for (number, piece) in text.chunks(self.pass).enumerate() {
                self.compute(&[(number * self.pass, piece)])?;
            }
            vectors.push(self.vector(0)?);
        }
        Ok(vectors)
    }
}

/// How a model comes from the vectors of tokens to that of a text.
struct Reading {
    pooling: LlamaPoolingType,
    /// A text may be computed piece by piece: its last token has seen all others, and none saw a later one.
    in_pieces: bool,
}

impl Reading {
    fn of(model: &LlamaModel) -> Self {
        let architecture = model
            .meta_val_str("general.architecture")
            .unwrap_or_default();
        let stated = |key: &str| model.meta_val_str(&format!("{architecture}.{key}"));
        let pooling = match stated("pooling_type").as_deref() {
            Ok("2") => LlamaPoolingType::Cls,
            Ok("3") => LlamaPoolingType::Last,
            _ => LlamaPoolingType::Mean,
        };
        let looks_ahead =
            only_embeds(&architecture) || stated("attention.causal").is_ok_and(|is| is == "false");
        Self {
            pooling,
            in_pieces: pooling == LlamaPoolingType::Last && !looks_ahead,
        }
    }
}
