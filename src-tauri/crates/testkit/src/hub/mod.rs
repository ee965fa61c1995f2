//! A Hugging Face Hub on the loopback that says and does what a test wants.
//!
//! [`ScriptedHub`] speaks the Hub's protocol for models: search, description, tree, addresses of files with
//! their redirects, accounts, limits. A second listener on another port, thus another origin, is the "CDN"
//! that large files really come from. Everything is decided by what a test puts in: nothing is random, and the
//! hub's clock moves only when it is told to.
//!
//! A test breaks single answers by a [`Fault`] on a request ([`On`]), changes repositories and accounts while the
//! hub runs, and reads what was asked in the [log](ScriptedHub::log).
//!
//! | To show | Script |
//! |---|---|
//! | a lost connection | [`Fault::HangUp`], [`Fault::Reset`], [`Fault::Cut`], [`Fault::CutUnannounced`] |
//! | a slow or silent server | [`Fault::Stall`], [`Fault::StallBeforeAnswer`], [`Fault::Trickle`] |
//! | ranges ignored or misread | [`Fault::IgnoreRange`], [`Fault::OtherStart`], [`Fault::OtherTotal`], [`Fault::Short`] |
//! | a file that changed | [`ScriptedHub::change`], [`Fault::OtherETag`], [`Fault::OtherCommit`] |
//! | a file that went | [`ScriptedHub::remove_file`], [`ScriptedHub::remove`] |
//! | an expired address | [`ScriptedHub::advance`], [`Fault::Expired`] |
//! | wrong bytes | [`Fault::WrongByte`], [`Fault::ErrorPage`], [`Fault::Gzip`], [`RepositoryFile::claimed_sha256`] |
//! | too many bytes | [`Fault::Trailing`], [`Fault::Longer`], [`Fault::Endless`] |
//! | redirects that lead astray | [`Fault::RedirectLoop`], [`Fault::RedirectTo`], `Link` by [`Fault::Header`] |
//! | limits | [`ScriptedHub::set_limit`], [`Fault::TooManyRequests`], [`Fault::Unavailable`] |
//! | a closed door | [`Gate`], [`RepositoryFacts::private`], [`ScriptedHub::revoke`] |
//! | no network | [`ScriptedHub::set_away`] |
//! | hostile names | [`Repository::file`] takes any, [`Fault::OtherETag`] too |
//! | a proxy | [`ScriptedProxy`] |
//!
//! It is no place to upload to, and knows neither datasets nor spaces nor git itself.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use sirocco_testkit::TinyModel;
//! use sirocco_testkit::hub::{Content, Fault, On, Repository, ScriptedHub};
//!
//! let hub = ScriptedHub::start().await?;
//! hub.put(
//!     Repository::new("owner/tiny-GGUF")
//!         .tags(["gguf"])
//!         .file("README.md", "# Tiny")
//!         .file("tiny-Q8_0.gguf", TinyModel::default().bytes())
//!         .file("big.gguf", Content::generated(1 << 30, 1)),
//! );
//! // The second request for the big file is cut after a megabyte.
//! hub.fault(On::cdn("big.gguf").nth(2), Fault::Cut { after_bytes: 1 << 20 });
//! assert!(hub.address().starts_with("http://127.0.0.1:"));
//! assert!(hub.log().is_empty());
//! # hub.close().await;
//! # anyhow::Ok(()) }).unwrap();
//! ```

mod account;
mod body;
mod bytes;
mod cdn;
mod connection;
mod content;
mod control;
mod describe;
mod fault;
mod folder;
mod log;
mod page;
mod proxy;
mod quota;
mod range;
mod refusal;
mod repository;
mod resolve;
pub mod sample;
mod search;
mod server;
mod state;
mod strike;
mod tree;
mod watch;

pub use account::Account;
pub use content::Content;
pub use fault::{Fault, On, Origin, Rule};
pub use folder::repositories_in;
pub use log::LoggedRequest;
pub use proxy::{ProxiedRequest, ScriptedProxy};
pub use quota::RequestClass;
pub use repository::{Delivery, Gate, Repository, RepositoryFacts, RepositoryFile, Tree};
pub use server::ScriptedHub;
