//! The address of an engine, from what a person types.

use sirocco_hub::network::Url;

use crate::RemoteError;

/// Where an API begins. A host with a port is enough: `http` and `/v1` are what engines in a local network have.
///
/// ```
/// let url = sirocco_remote::address("10.0.0.5:8000").unwrap();
/// assert_eq!(url.as_str(), "http://10.0.0.5:8000/v1");
/// ```
///
/// # Errors
/// [`RemoteError::Address`].
pub fn address(text: &str) -> Result<Url, RemoteError> {
    let text = text.trim();
    // Without what may be a secret: the message is shown and logged.
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    let shown = match shown.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => shown.to_owned(),
    };
    let problem = || RemoteError::Address {
        address: shown.chars().take(200).collect(),
    };
    let full = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let mut url = Url::parse(&full).map_err(|_| problem())?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || has_login {
        return Err(problem());
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = match url.path().trim_end_matches('/') {
        "" => "/v1".to_owned(),
        path => path.to_owned(),
    };
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_filled_in() {
        for (typed, expected) in [
            ("localhost:1234", "http://localhost:1234/v1"),
            (" http://10.0.0.5:8000/ ", "http://10.0.0.5:8000/v1"),
            ("https://api.example/v1/", "https://api.example/v1"),
            (
                "https://api.example/openai?x=1#y",
                "https://api.example/openai",
            ),
            ("[::1]:8080", "http://[::1]:8080/v1"),
        ] {
            assert_eq!(address(typed).unwrap().as_str(), expected, "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_of_an_engine_is_refused() {
        for typed in ["", "ftp://10.0.0.5", "http://me:secret@10.0.0.5", "http://"] {
            let refused = matches!(address(typed), Err(RemoteError::Address { .. }));
            assert!(refused, "{typed}");
        }
        for typed in ["http://me:secret@10.0.0.5", "http://:x?key=secret"] {
            let said = address(typed).unwrap_err().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
