//! How many requests the Hub answers in five minutes, and the headers that say so.

use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// The window, in seconds.
const WINDOW_S: u64 = 300;

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestClass {
    /// The API.
    Api,
    /// Addresses of files.
    Resolve,
}

impl RequestClass {
    pub(super) fn of(path: &str) -> Option<Self> {
        if path.contains("/resolve/") || path.starts_with("/api/resolve-cache/") {
            return Some(Self::Resolve);
        }
        path.starts_with("/api/").then_some(Self::Api)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Resolve => "resolvers",
        }
    }

    /// What anonymous users have.
    fn usual(self) -> u64 {
        match self {
            Self::Api => 500,
            Self::Resolve => 3000,
        }
    }
}

/// What is left. Nothing is ever used up until a test sets a limit.
#[derive(Default)]
pub(super) struct Quotas {
    api: Quota,
    resolve: Quota,
}

#[derive(Default)]
struct Quota {
    limit: Option<u64>,
    used: u64,
    since_s: u64,
}

impl Quotas {
    fn of(&mut self, class: RequestClass) -> &mut Quota {
        match class {
            RequestClass::Api => &mut self.api,
            RequestClass::Resolve => &mut self.resolve,
        }
    }

    /// From now on, so many; none means that nothing is counted.
    pub(super) fn set(&mut self, class: RequestClass, limit: Option<u64>, now_s: u64) {
        *self.of(class) = Quota {
            limit,
            used: 0,
            since_s: now_s,
        };
    }

    /// Counts a request, and gives the headers for its answer.
    pub(super) fn take(
        &mut self,
        class: RequestClass,
        now_s: u64,
    ) -> (HeaderMap, Result<(), Refusal>) {
        let quota = self.of(class);
        if quota.since_s + WINDOW_S <= now_s {
            (quota.used, quota.since_s) = (0, now_s);
        }
        let limit = quota.limit.unwrap_or(class.usual());
        let is_spent = quota.limit.is_some() && quota.used >= limit;
        if quota.limit.is_some() && !is_spent {
            quota.used += 1;
        }
        let reset_s = quota.since_s + WINDOW_S - now_s;
        let headers = headers(class.name(), limit, limit - quota.used, reset_s);
        let refusal = Refusal::TooManyRequests {
            class: class.name(),
            reset_s,
        };
        (headers, if is_spent { Err(refusal) } else { Ok(()) })
    }
}

/// `RateLimit` and its policy, after the IETF draft `ratelimit-headers` in version 9.
pub(super) fn headers(class: &str, limit: u64, left: u64, reset_s: u64) -> HeaderMap {
    let rate = format!("\"{class}\";r={left};t={reset_s}");
    let policy = format!("\"fixed window\";\"{class}\";q={limit};w={WINDOW_S}");
    let value = |text: String| HeaderValue::from_str(&text).expect("numbers and names of ours");
    let mut headers = HeaderMap::new();
    headers.insert("ratelimit", value(rate));
    headers.insert("ratelimit-policy", value(policy));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_spent_and_comes_back_with_the_next_window() {
        let mut quotas = Quotas::default();
        quotas.set(RequestClass::Api, Some(1), 1000);
        let (headers, taken) = quotas.take(RequestClass::Api, 1010);
        assert!(taken.is_ok());
        assert_eq!(headers["ratelimit"], "\"api\";r=0;t=290");
        assert!(quotas.take(RequestClass::Api, 1299).1.is_err());
        assert!(quotas.take(RequestClass::Resolve, 1299).1.is_ok());
        assert!(quotas.take(RequestClass::Api, 1300).1.is_ok());
    }

    #[test]
    fn without_a_limit_nothing_is_used_up() {
        let mut quotas = Quotas::default();
        for _ in 0..1000 {
            let (headers, taken) = quotas.take(RequestClass::Api, 5000);
            assert!(taken.is_ok());
            assert_eq!(
                headers["ratelimit-policy"],
                "\"fixed window\";\"api\";q=500;w=300"
            );
        }
    }
}
