//! The contract between the user interface and the App: ids, wire types, error codes, events and
//! [the command table](commands). It is data only: no I/O, no clock, no runtime.
//!
//! Everything that crosses the wire is declared here once. The TypeScript the interface compiles
//! against is printed from these types by [`typescript::module`], and the trait
//! [`commands::Handler`] has one method per command, so a command without a body does not compile.
//!
//! ```
//! use sirocco_protocol::{ErrorCode, ErrorReport};
//! let report = ErrorReport::new(ErrorCode::NotFound, "no conversation has this id");
//! assert_eq!(serde_json::to_value(&report).unwrap()["code"], "not_found");
//! ```

mod attachment;
pub mod commands;
mod comparison;
mod context;
mod conversation;
mod crash;
mod database_copy;
mod download;
mod embedding;
mod engine;
mod error;
mod event;
mod exchange;
mod hub;
mod ids;
mod library;
mod llamacpp;
mod machine;
mod model;
mod network;
mod opening;
mod organise;
mod parameters;
mod preset;
mod prompt;
mod run;
mod runtime;
mod search;
mod server;
mod settings;
mod speed;
pub mod typescript;
mod update;
mod window;

pub use attachment::*;
pub use comparison::*;
pub use context::*;
pub use conversation::*;
pub use crash::*;
pub use database_copy::*;
pub use download::*;
pub use embedding::*;
pub use engine::*;
pub use error::*;
pub use event::*;
pub use exchange::*;
pub use hub::*;
pub use ids::*;
pub use library::*;
pub use llamacpp::*;
pub use machine::*;
pub use model::*;
pub use network::*;
pub use opening::*;
pub use organise::*;
pub use parameters::*;
pub use preset::*;
pub use prompt::*;
pub use run::*;
pub use runtime::*;
pub use search::*;
pub use server::*;
pub use settings::*;
pub use speed::*;
pub use update::*;
pub use window::*;
