//! The frames between the app and a worker process.
//!
//! A frame is a length (`u32`, little-endian, at most [`MAX_FRAME_BYTES`]) followed by that many
//! bytes of JSON. The app writes [`ToWorker`] frames to the worker's standard input and reads
//! [`FromWorker`] frames from its standard output; standard error is the worker's log.
//! The worker speaks first, with [`FromWorker::Hello`], and ends when its input ends, so a worker
//! never outlives the app that started it.
//!
//! This crate is serde and framing only: no tokio, no engine.
//!
//! ```
//! use sirocco_engine_wire::{ToWorker, read_frame, write_frame};
//! let mut bytes = Vec::new();
//! write_frame(&mut bytes, &ToWorker::Stop { id: 7 }).unwrap();
//! let frame: Option<ToWorker> = read_frame(&mut bytes.as_slice()).unwrap();
//! assert_eq!(frame, Some(ToWorker::Stop { id: 7 }));
//! ```

mod constraint;
mod embedding;
mod frame;
mod llamacpp;
mod messages;
mod sampling;

pub use constraint::*;
pub use embedding::*;
pub use frame::*;
pub use llamacpp::*;
pub use messages::*;
pub use sampling::*;
