//! Engines on other machines: whatever speaks OpenAI's API, such as another Sirocco, vLLM, SGLang, llama-server or
//! LM Studio.
//!
//! An [`Endpoint`] is one of them, and says which models it has. A [`RemoteModel`] is one model there, as an
//! [`Engine`](sirocco_engine::Engine): it answers the frames of a worker. Thoughts and calls of tools come in fields of
//! their own from there; they are put back into the text, in the marks that models use, because that is what a worker
//! says and what everybody behind it reads.
//!
//! There is no tokenizer here, so tokens of a prompt are estimated until the engine has counted them. All requests pass
//! the door of `hub::network`.
//!
//! ```no_run
//! # async fn example(network: sirocco_hub::network::Network) -> Result<(), sirocco_remote::RemoteError> {
//! let endpoint = sirocco_remote::Endpoint {
//!     network,
//!     name: "Workstation".into(),
//!     address: sirocco_remote::address("10.0.0.5:8000")?,
//!     token: None,
//! };
//! for model in endpoint.models().await? {
//!     println!("{}", model.name);
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod body;
mod endpoint;
mod error;
mod estimate;
mod events;
mod list;
mod model;
mod speech;
mod tally;

pub use address::address;
pub use endpoint::Endpoint;
pub use error::RemoteError;
pub use list::Listed;
pub use model::RemoteModel;
