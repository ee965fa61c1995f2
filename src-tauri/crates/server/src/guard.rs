//! Who may ask: this machine's programs, pages of listed origins, and who has a token.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};

use sirocco_core::tokens::Tokens;
use sirocco_protocol::{ServerToken, TokenScope};

/// How long a browser may remember what a preflight was answered, in seconds.
pub const PREFLIGHT_SECONDS: &str = "600";

/// Checks requests before anything else looks at them.
#[derive(Debug)]
pub struct Guard {
    /// Only this machine reaches the server.
    loopback: bool,
    cors_origins: Vec<String>,
    tokens: Tokens,
}

/// Where a request of a page comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No page asks, or our own.
    None,
    /// A page of a listed origin, which is to be named in the answer.
    Listed(HeaderValue),
    /// Any other page.
    Foreign,
}

impl Guard {
    pub fn new(address: IpAddr, cors_origins: Vec<String>, tokens: Tokens) -> Self {
        Self {
            loopback: address.is_loopback(),
            cors_origins,
            tokens,
        }
    }

    /// For requests that come from this machine only.
    pub fn of_this_machine(tokens: Tokens) -> Self {
        Self::new(Ipv4Addr::LOCALHOST.into(), Vec::new(), tokens)
    }

    /// A page of another site that resolves its own name to 127.0.0.1 sends that name as host. Where a token is needed,
    /// no such page has one, and this machine may have any name.
    pub fn knows_host(&self, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        !self.loopback || host.is_some_and(is_loopback_host)
    }

    /// Where the request comes from, by its `Origin`.
    pub fn origin(&self, headers: &HeaderMap) -> Origin {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Origin::None;
        };
        let text = origin.to_str().unwrap_or_default();
        let listed = |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(text);
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        if self.cors_origins.iter().any(listed) {
            Origin::Listed(origin.clone())
        } else if host.is_some_and(|host| text.strip_prefix("http://") == Some(host)) {
            Origin::None
        } else {
            Origin::Foreign
        }
    }

    /// Whether requests need a token.
    pub fn wants_token(&self) -> bool {
        !self.loopback
    }

    /// Counts a request of this token; else says how long it must wait.
    pub fn admit(&self, token: &ServerToken) -> Result<(), Duration> {
        self.tokens.admit(token)
    }

    /// The token that the request carries, as `Authorization: Bearer …` or `x-api-key`.
    pub fn token(&self, headers: &HeaderMap) -> Option<ServerToken> {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token);
        let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let token = bearer.or(key)?.trim();
        self.tokens.find(token).unwrap_or_else(|error| {
            tracing::error!(%error, "nobody is let in");
            None
        })
    }
}

/// Whether a token opens this route.
pub fn opens(token: &ServerToken, method: &Method, path: &str) -> bool {
    let needed = scope_of(method, path);
    needed == TokenScope::Read || token.scopes.contains(&needed)
}

/// What a token has to open for this route.
fn scope_of(method: &Method, path: &str) -> TokenScope {
    const MANAGING: [&str; 8] = [
        "/api/pull",
        "/api/push",
        "/api/delete",
        "/api/copy",
        "/api/create",
        "/api/v1/models/load",
        "/api/v1/models/unload",
        "/api/v1/models/download",
    ];
    let is_below = |root: &str| {
        let rest = path.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if MANAGING.into_iter().any(is_below) {
        TokenScope::Manage
    } else if path == "/api/show" || (is_read(method) && !is_below("/v1/responses")) {
        TokenScope::Read
    } else {
        TokenScope::Generate
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// `localhost`, 127.0.0.1 or [::1], at any port: the port may be that of a tunnel.
fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => {
            let address = rest.split(']').next().unwrap_or_default();
            return address
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| address.is_loopback());
        }
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenLimits;

    #[test]
    fn what_changes_the_library_needs_more_than_what_asks_it() {
        let all = |scope, routes: &[(Method, &str)]| {
            for (method, path) in routes {
                assert_eq!(scope_of(method, path), scope, "{method} {path}");
            }
        };
        let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
        let managing = [
            (post.clone(), "/api/pull"),
            (post.clone(), "/api/v1/models/load"),
            (get.clone(), "/api/v1/models/download/status/1"),
            (delete.clone(), "/api/delete"),
        ];
        all(TokenScope::Manage, &managing);
        let asking = [
            (post.clone(), "/api/chat"),
            (post.clone(), "/api/pulled"),
            (get.clone(), "/v1/responses/resp_1"),
            (delete, "/v1/responses/resp_1"),
        ];
        all(TokenScope::Generate, &asking);
        let reading = [
            (get.clone(), "/v1/models"),
            (get, "/api/v1/models"),
            (Method::HEAD, "/"),
            (post, "/api/show"),
        ];
        all(TokenScope::Read, &reading);
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    fn guard(address: Ipv4Addr, origins: &[&str]) -> Guard {
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Guard::new(address.into(), origins, Tokens::in_file("no-such-file"))
    }

    #[test]
    fn a_name_that_is_not_this_machine_is_refused() {
        let guard = guard(Ipv4Addr::LOCALHOST, &[]);
        for host in [
            "127.0.0.1:1234",
            "localhost:1234",
            "LOCALHOST",
            "[::1]:1234",
            "127.0.0.1:8080",
        ] {
            assert!(guard.knows_host(&headers(&[("host", host)])), "{host}");
        }
        for host in [
            "evil.example:1234",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "192.168.0.7:1234",
            "[::2]:1234",
            "",
        ] {
            assert!(!guard.knows_host(&headers(&[("host", host)])), "{host}");
        }
        assert!(!guard.knows_host(&headers(&[])));
    }

    #[test]
    fn the_network_may_use_any_name_but_needs_a_token() {
        let guard = guard(Ipv4Addr::UNSPECIFIED, &[]);
        assert!(guard.knows_host(&headers(&[("host", "workstation:1234")])));
        assert!(guard.wants_token());
        assert_eq!(guard.token(&headers(&[])), None);
    }

    #[test]
    fn pages_may_ask_only_from_listed_origins() {
        let of = |guard: &Guard, origin: &str| {
            guard.origin(&headers(&[("host", "localhost:1234"), ("origin", origin)]))
        };
        let closed = guard(Ipv4Addr::LOCALHOST, &[]);
        assert_eq!(
            closed.origin(&headers(&[("host", "localhost:1234")])),
            Origin::None
        );
        assert_eq!(of(&closed, "http://localhost:1234"), Origin::None);
        assert_eq!(of(&closed, "http://localhost:3000"), Origin::Foreign);
        assert_eq!(of(&closed, "null"), Origin::Foreign);

        let open = guard(Ipv4Addr::LOCALHOST, &["http://localhost:3000"]);
        assert!(matches!(
            of(&open, "http://localhost:3000"),
            Origin::Listed(_)
        ));
        assert_eq!(of(&open, "http://localhost:3001"), Origin::Foreign);
        let any = guard(Ipv4Addr::LOCALHOST, &["*"]);
        assert!(matches!(of(&any, "null"), Origin::Listed(_)));
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_key() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::in_file(folder.path().join("tokens.json"));
        let token = tokens
            .add("laptop", &[TokenScope::Generate], TokenLimits::default())
            .unwrap()
            .secret;
        let guard = Guard::new(Ipv4Addr::UNSPECIFIED.into(), Vec::new(), tokens);
        for (name, value) in [
            ("authorization", format!("Bearer {token}")),
            ("authorization", format!("bearer {token}")),
            ("x-api-key", token.clone()),
        ] {
            let found = guard.token(&headers(&[(name, &value)]));
            let name = found.map(|token| token.name);
            assert_eq!(name.as_deref(), Some("laptop"), "{value}");
        }
        for value in [
            token.clone(),
            format!("Basic {token}"),
            format!("Bearer {token}x"),
        ] {
            let found = guard.token(&headers(&[("authorization", &value)]));
            assert_eq!(found, None, "{value}");
        }
    }
}
