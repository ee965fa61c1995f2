//! The pure rules of a conversation: what its title is, what a model is sent, what of it fits,
//! where thinking ends and the answer begins, what in it is a call of a tool, how often a follower
//! hears of new text, what a search shows, where each setting comes from, what an export or a preset file looks like, what the
//! conversations of other apps become here, and what votes on compared answers come to.
//!
//! Nothing here reads a clock, a file or a database, and nothing waits: time is passed in, and the
//! callers hold the rows. Rendering a chat template is the worker's part, counting tokens too.
//!
//! ```
//! use sirocco_chat::{ReasoningSplitter, Start};
//!
//! let mut splitter = ReasoningSplitter::new(Start::Content);
//! let mut answer = splitter.push("<think>Two and t");
//! answer += splitter.push("wo.</thi");
//! answer += splitter.push("nk>\n\nFour.");
//! answer += splitter.finish();
//! assert_eq!(answer.reasoning, "Two and two.");
//! assert_eq!(answer.content, "Four.");
//! ```

mod arena;
mod budget;
mod coalescer;
mod documents;
mod excerpt;
pub mod exchange;
mod export;
mod fold;
mod layers;
mod preset_file;
mod prompt;
mod reasoning;
mod summary;
mod terms;
mod thinking;
mod title;
mod tools;

pub use arena::{Outcome, Voted, answers_csv, comparisons_json, ratings, ratings_csv, shuffled};
pub use budget::{BudgetError, CountedMessage, Fitted, fit, room};
pub use coalescer::{Coalescer, Delta};
pub use documents::{Document, with_documents};
pub use excerpt::Excerpt;
pub use export::{AttachedContent, AttachmentTexts, Outgoing, export, export_extension};
pub use fold::Needle;
pub use layers::{Resolved, resolve, settle, yielding};
pub use preset_file::{PresetFile, PresetFileError, preset_file_name, read_preset, write_preset};
pub use prompt::{PromptMessage, PromptRole, PromptTurn, assemble};
pub use reasoning::{Part, ReasoningSplitter, Split, Start, start_of};
pub use summary::{SUMMARY_REQUEST, summary_turn, turns_to_summarise};
pub use terms::SearchTerms;
pub use thinking::{reasoning_control, set_effort, tells_of_thinking, thinking_variables};
pub use title::{NEW_CONVERSATION, TITLE_REQUEST, automatic_title, marked_title, written_title};
pub use tools::{CallPiece, Spoken, ToolCallSplitter, ToolFormat};
