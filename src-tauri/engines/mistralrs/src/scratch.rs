//! The tokenizer mistral.rs is given: it wants one, and never gets to use it.
//!
//! Text is the business of the `worker` crate. mistral.rs would build its own tokenizer from the
//! file, with one pre-tokenizer for every family, quadratic time in the number of special tokens, and
//! panics for vocabularies it does not know. Two tokens and an empty template keep it quiet.

use std::path::{Path, PathBuf};

use sirocco_worker::engine::EngineError;

const TOKENIZER: &str = r#"{
  "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
  "normalizer": null, "pre_tokenizer": null, "post_processor": null,
  "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
  "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}
}"#;

/// Writes the files into a folder of the scratch folder and returns that folder.
pub fn write_opaque_tokenizer(scratch: &Path) -> Result<PathBuf, EngineError> {
    let folder = scratch.join("tokenizer");
    let write = || {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("tokenizer.json"), TOKENIZER)?;
        std::fs::write(folder.join("chat_template.jinja"), "{{ messages }}")
    };
    write().map_err(|error| {
        EngineError(format!(
            "could not write to the scratch folder `{}`: {error}",
            folder.display()
        ))
    })?;
    Ok(folder)
}
