//! Who we are to the Hub: the token, where it is kept, and whose it is.
//!
//! hf-hub is not used for this. Its 0.5 (seven crates without features) reads only `$HF_HOME/token` and knows neither
//! `HF_TOKEN` nor `HF_TOKEN_PATH` nor accounts; its 1.0 does, and brings 284 crates with a second HTTP client that
//! would not pass the door of [`network`](crate::network). What is left is a page of code.

mod environment;
mod secrets;
mod whoami;

pub use environment::HubEnvironment;
pub use secrets::{SecretError, Secrets, replace as replace_privately};
pub use whoami::{Identity, whoami};
