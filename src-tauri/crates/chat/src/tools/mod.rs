//! Calls of tools in what a model writes.
//!
//! Models were trained on different ways to write a call. Those read here:
//!
//! | Family | A call |
//! |---|---|
//! | Qwen, Hermes | `<tool_call>{"name": "f", "arguments": {…}}</tool_call>` |
//! | Llama 3 | `{"name": "f", "parameters": {…}}` and nothing else, or the same behind `<\|python_tag\|>` |
//! | Mistral | `[TOOL_CALLS][{"name": "f", "arguments": {…}}]`, newer ones `[TOOL_CALLS]f[ARGS]{…}` |
//!
//! All are looked for at once: what one family writes means nothing to the others, and a file does not always say of
//! which family its model is.

mod format;
mod marks;
mod object;
mod splitter;
mod spoken;
mod value;

pub use format::ToolFormat;
pub use splitter::ToolCallSplitter;
pub use spoken::{CallPiece, Spoken};

/// Opens a call of Qwen's and Hermes' models.
const HERMES: &str = "<tool_call>";
const HERMES_END: &str = "</tool_call>";
/// Opens a call of Llama's models.
const LLAMA: &str = "<|python_tag|>";
/// Opens calls of Mistral's models.
const MISTRAL: &str = "[TOOL_CALLS]";
/// Stands between name and arguments of Mistral's newer models, which may put an id in front of it.
const MISTRAL_ARGUMENTS: &str = "[ARGS]";
const MISTRAL_ID: &str = "[CALL_ID]";
