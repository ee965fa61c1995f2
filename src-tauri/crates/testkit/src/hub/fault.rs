//! What can go wrong, and when.

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The API and the addresses of files.
    Hub,
    /// Where large files really come from.
    Cdn,
}

/// What goes wrong. Offsets count from the first byte of the body that is sent, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset before any answer.
    HangUp,
    /// The connection is reset in the body. Bytes that were under way are lost, as they are with real resets:
    /// take `Cut` where every byte before has to arrive.
    Reset {
        /// Bytes before.
        after_bytes: u64,
    },
    /// The connection is closed in the body, earlier than announced.
    Cut {
        /// Bytes before.
        after_bytes: u64,
    },
    /// The body has no announced length, and the connection is closed early. It looks like a proper end.
    CutUnannounced {
        /// Bytes before.
        after_bytes: u64,
    },
    /// Nothing comes any more until the test says [`super::ScriptedHub::resume`], and then the rest.
    Stall {
        /// Bytes before.
        after_bytes: u64,
    },
    /// Nothing comes before the test says [`super::ScriptedHub::resume`], not even a status.
    StallBeforeAnswer,
    /// A few bytes now and then.
    Trickle {
        /// Bytes at a time.
        bytes: usize,
        /// Milliseconds between.
        every_ms: u64,
    },
    /// `Range` is ignored: 200 and everything.
    IgnoreRange,
    /// 206 from another byte than asked for, and says so.
    OtherStart {
        /// So many bytes later.
        later_by: u64,
    },
    /// 206 with the right bytes of a file that is said to have another size.
    OtherTotal {
        /// That size.
        total: u64,
    },
    /// 206 with fewer bytes than asked for, and says so.
    Short {
        /// So many at most.
        bytes: u64,
    },
    /// Another file of the same size: `ETag` and `X-Linked-ETag` are this.
    OtherETag {
        /// Without quotes.
        etag: String,
    },
    /// `X-Repo-Commit` is this.
    OtherCommit {
        /// 40 hexadecimal digits if it is to look right.
        commit: String,
    },
    /// The right length, and one byte is wrong.
    WrongByte {
        /// Offset in the file, not in the body.
        at: u64,
    },
    /// The body is compressed although nobody asked for it.
    Gzip,
    /// More bytes follow than `Content-Length` says.
    Trailing {
        /// So many.
        bytes: usize,
    },
    /// `Content-Length` and body are longer than the file.
    Longer {
        /// By so many bytes.
        bytes: u64,
    },
    /// No `Content-Length`, and the body never ends.
    Endless,
    /// No `Content-Length`, everything else is right.
    NoLength,
    /// 403 with the CDN's XML.
    Expired,
    /// 200 with a page that is no file.
    ErrorPage,
    /// 429.
    TooManyRequests {
        /// `Retry-After`, seconds.
        retry_after_s: Option<u64>,
        /// `t` of `RateLimit`, seconds.
        rate_limit_s: Option<u64>,
    },
    /// 503.
    Unavailable {
        /// `Retry-After`, seconds.
        retry_after_s: Option<u64>,
    },
    /// 500.
    ServerError,
    /// 302 to the same address.
    RedirectLoop,
    /// 302 to any address.
    RedirectTo {
        /// `Location`.
        location: String,
    },
    /// A header of the answer is this.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// An answer of its own.
    Answer {
        /// The status.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
}

/// Which requests a fault is for: the first GET whose path contains a text, unless changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct On {
    /// On this listener only.
    pub origin: Option<Origin>,
    /// With this method only.
    pub method: Option<String>,
    /// In the path, percent-encoding undone.
    pub path: String,
    /// So many such requests are answered well first.
    #[serde(default)]
    pub skip: u64,
    /// Then so many are not; none means that it does not end.
    pub times: Option<u64>,
}

impl On {
    /// Any listener.
    #[must_use]
    pub fn any(path: impl Into<String>) -> Self {
        Self {
            origin: None,
            method: Some(Method::GET.to_string()),
            path: path.into(),
            skip: 0,
            times: Some(1),
        }
    }

    /// The API and the addresses of files.
    #[must_use]
    pub fn hub(path: impl Into<String>) -> Self {
        Self {
            origin: Some(Origin::Hub),
            ..Self::any(path)
        }
    }

    /// Where large files come from. Their path there ends with that in the repository.
    #[must_use]
    pub fn cdn(path: impl Into<String>) -> Self {
        Self {
            origin: Some(Origin::Cdn),
            ..Self::any(path)
        }
    }

    /// The nth such request from now, counted from 1.
    #[must_use]
    pub fn nth(mut self, number: u64) -> Self {
        self.skip = number.saturating_sub(1);
        self
    }

    /// So many in a row.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// From then on all.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Of this method instead of GET.
    #[must_use]
    pub fn method(mut self, method: &Method) -> Self {
        self.method = Some(method.to_string());
        self
    }

    fn matches(&self, origin: Origin, method: &Method, path: &str) -> bool {
        self.origin.is_none_or(|wanted| wanted == origin)
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted == method.as_str())
            && path.contains(&self.path)
    }
}

/// A fault with the requests it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// When.
    pub on: On,
    /// What.
    pub fault: Fault,
}

/// Rules with what they have seen.
#[derive(Default)]
pub(super) struct Faults(Vec<(Rule, u64)>);

impl Faults {
    pub(super) fn add(&mut self, rule: Rule) {
        self.0.push((rule, 0));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with this request.
    pub(super) fn strike(&mut self, origin: Origin, method: &Method, path: &str) -> Vec<Fault> {
        let mut struck = Vec::new();
        for (rule, seen) in &mut self.0 {
            if !rule.on.matches(origin, method, path) {
                continue;
            }
            let turn = *seen;
            *seen += 1;
            let after = turn.checked_sub(rule.on.skip);
            if after.is_some_and(|after| rule.on.times.is_none_or(|times| after < times)) {
                struck.push(rule.fault.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(on: On) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(Rule {
            on,
            fault: Fault::HangUp,
        });
        let mut strike = |path| !faults.strike(Origin::Cdn, &Method::GET, path).is_empty();
        let turns = (0..4).map(|_| strike("/a/m.gguf")).collect();
        assert!(!strike("/a/other"));
        turns
    }

    #[test]
    fn a_fault_strikes_the_requests_it_is_for() {
        assert_eq!(turns(On::any("m.gguf")), [true, false, false, false]);
        assert_eq!(turns(On::cdn("m.gguf").nth(2)), [false, true, false, false]);
        assert_eq!(
            turns(On::cdn("m").nth(2).times(2)),
            [false, true, true, false]
        );
        assert_eq!(
            turns(On::cdn("m").nth(3).always()),
            [false, false, true, true]
        );
        assert_eq!(turns(On::hub("m.gguf")), [false; 4]);
        assert_eq!(turns(On::any("m.gguf").method(&Method::HEAD)), [false; 4]);
    }
}
