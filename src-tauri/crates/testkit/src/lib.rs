//! What the tests of all rooms share: a tiny model, a worker that follows a script, an App in a
//! temporary folder.
//!
//! * [`TinyModel`]: a random-weight llama model with a real vocabulary and chat template, 100 kB. Its
//!   [`BytePairVocabulary`] serves models of other shapes, too.
//! * [`Script`] and [`Scripted`]: a worker with the real frame loop, tokenizer, template and sampler,
//!   whose model says what a file beside it tells it to say.
//! * [`TempApp`]: an App over a temporary data folder with such a model, driven by commands only.
//! * [`hub`]: a Hugging Face Hub on the loopback that a test can break in every way.
//! * [`process`]: the worker processes of a data folder, to kill them and to wait for their end.
//!
//! Nothing here sleeps to wait for something; every wait is for an event and has a time limit that
//! only a broken program reaches.
//!
//! ```
//! use sirocco_testkit::TinyModel;
//! let bytes = TinyModel::default().bytes();
//! assert!(bytes.starts_with(b"GGUF"));
//! assert_eq!(bytes, TinyModel::default().bytes());
//! ```

mod answer;
mod app;
mod follower;
pub mod hub;
pub mod process;
mod script;
mod scripted;
mod scripted_embedder;
mod tiny_gguf;
mod tiny_projector;
mod vocabulary;

pub use app::{Events, TempApp, open_app, runtime, within};
pub use follower::Follower;
pub use script::{Death, Fault, Script};
pub use scripted::{IMAGE_TOKENS, Scripted, run_scripted_worker};
pub use tiny_gguf::{Shape, TinyModel};
pub use tiny_projector::TinyProjector;
pub use vocabulary::BytePairVocabulary;
