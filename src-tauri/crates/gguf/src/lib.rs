//! Reads GGUF model files that nobody vouches for, says whether a model runs here, and how much memory it needs.
//!
//! A GGUF file is a header (typed metadata, then a table of tensors) followed by tensor data. Engines parse the
//! header trustingly: several of them abort on a declared length of 2^40, overflow the stack on nested arrays, or
//! panic on a missing key. This crate is the gate in front of them. It reads the header with checked arithmetic,
//! allocates only for bytes it has really read, and turns everything an engine would choke on into a sentence.
//!
//! * [`read_header`], [`open`]: the header of a file. [`read_prefix`]: the same over the first bytes of a remote
//!   file, asking for more when they do not suffice.
//! * [`Model`]: one or more shards as one model. [`Summary`]: the facts a person wants to see.
//! * [`verdict`]: can a runtime load it, and what will be imperfect.
//! * [`memory`]: how much memory it takes at a context length, and the largest context that fits.
//! * [`Vocabulary`]: tokens, scores, merges, special ids and chat templates, read only on demand.
//! * [`writer`]: builds small, correct files for tests.
//!
//! It deliberately never reads tensor data, never loads a model, never touches the network, and does not render
//! chat templates or tokenize.
//!
//! ```
//! use sirocco_gguf::{Model, Runtime, Summary, Verdict, read_header, verdict, writer::Writer};
//!
//! let bytes = Writer::new().field("general.architecture", "gemma3").build().expect("a valid file");
//! let header = read_header(&mut std::io::Cursor::new(&bytes), bytes.len() as u64)?;
//! let model = Model::from_header(header);
//! assert_eq!(Summary::of(&model).architecture.as_deref(), Some("gemma3"));
//! assert!(matches!(verdict(&model, Runtime::MistralRs), Verdict::Refused { .. }));
//! # Ok::<(), sirocco_gguf::HeaderError>(())
//! ```

mod display;
mod error;
mod file_type;
mod header;
mod input;
pub mod limits;
pub mod memory;
mod model;
mod parse;
mod summary;
mod tensor;
mod value;
mod verdict;
mod vocabulary;
pub mod writer;

pub use error::{HeaderError, Lookalike};
pub use file_type::file_type_label;
pub use header::{Header, KeyError, open, read_header};
pub use memory::MemoryEstimate;
pub use model::{Model, Shard, ShardName, shard_name};
pub use parse::{Prefix, read_prefix};
pub use summary::{ModelKind, PerLayer, Summary, TensorTypeShare, only_embeds};
pub use tensor::{Tensor, TensorType};
pub use value::{Array, Value, ValueType};
pub use verdict::{
    Caution, Refusal, Runtime, Verdict, architecture_refusal, projector_refusals, verdict,
};
pub use vocabulary::{
    ChatTemplate, SpecialTokens, StringTable, TokenType, TokenizerFlags, Vocabulary,
    VocabularyModel, open_vocabulary, read_vocabulary,
};
