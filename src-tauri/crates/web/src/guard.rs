//! Who may ask.

use axum::http::{HeaderMap, header};

/// Checks the token, and that the request was meant for this server: a page of another site that
/// resolves its own name to 127.0.0.1 sends that name as host.
pub struct Guard {
    token: String,
    port: u16,
}

impl Guard {
    pub fn new(token: String, port: u16) -> Self {
        Self { token, port }
    }

    /// The `Host` and, if there is one, the `Origin` are ours.
    pub fn is_for_us(&self, headers: &HeaderMap) -> bool {
        let names = [
            format!("127.0.0.1:{}", self.port),
            format!("localhost:{}", self.port),
        ];
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let origin = headers
            .get(header::ORIGIN)
            .map(|origin| origin.to_str().unwrap_or("unreadable"));
        host.is_some_and(|host| names.iter().any(|name| name == host))
            && origin.is_none_or(|origin| {
                names
                    .iter()
                    .any(|name| origin.strip_prefix("http://") == Some(name))
            })
    }

    /// `Authorization: Bearer …` carries the token.
    pub fn is_authorized(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| same(given.as_bytes(), self.token.as_bytes()))
    }
}

/// Compares in a time that does not tell where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .fold(0, |difference, (x, y)| difference | (x ^ y))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn another_host_name_is_refused() {
        let guard = Guard::new("secret".into(), 80);
        assert!(guard.is_for_us(&headers(&[("host", "127.0.0.1:80")])));
        assert!(!guard.is_for_us(&headers(&[("host", "evil.example:80")])));
        assert!(!guard.is_for_us(&headers(&[
            ("host", "127.0.0.1:80"),
            ("origin", "http://evil.example")
        ])));
        assert!(!guard.is_for_us(&headers(&[])));
    }

    #[test]
    fn only_the_whole_token_opens() {
        let guard = Guard::new("secret".into(), 80);
        assert!(guard.is_authorized(&headers(&[("authorization", "Bearer secret")])));
        for wrong in ["Bearer secre", "Bearer secrets", "secret", "Bearer "] {
            assert!(
                !guard.is_authorized(&headers(&[("authorization", wrong)])),
                "{wrong}"
            );
        }
    }
}
