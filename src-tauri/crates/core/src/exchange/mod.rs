//! Conversations in and out.
//!
//! [`source`] takes files out of what a person picked, the chat crate reads them, [`import`] puts
//! the trees into the store, and [`origin`] says which are here already. The way out is
//! [`export`], with [`archive`] for many conversations, [`names`] for what the files are called and [`part`] for the time
//! until they are whole.

mod archive;
mod export;
mod import;
mod names;
mod origin;
mod part;
mod source;

pub(crate) use export::Document;
