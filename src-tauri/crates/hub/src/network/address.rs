//! Where the Hub is, and where its files are.

use reqwest::Url;

use crate::HubError;

/// Where models come from unless `HF_ENDPOINT` names a mirror.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// The Hub's address: `configured` (the content of `HF_ENDPOINT`), or the usual one.
///
/// # Errors
/// [`HubError::Address`] if it is not an http(s) address.
pub fn endpoint(configured: Option<&str>) -> Result<Url, HubError> {
    let address = configured
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .unwrap_or(DEFAULT_ENDPOINT);
    let url = Url::parse(address).map_err(|_| HubError::Address {
        address: address.to_owned(),
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(HubError::Address {
            address: address.to_owned(),
        });
    }
    Ok(url)
}

/// The address of a file of a repository: `{endpoint}/{repository}/resolve/{revision}/{file}`, each part encoded.
///
/// # Errors
/// [`HubError::Address`] if the endpoint cannot carry a path.
pub fn resolve_url(
    endpoint: &Url,
    repository: &str,
    revision: &str,
    file: &str,
) -> Result<Url, HubError> {
    let mut url = endpoint.clone();
    url.path_segments_mut()
        .map_err(|()| HubError::Address {
            address: endpoint.to_string(),
        })?
        .pop_if_empty()
        .extend(repository.split('/'))
        .extend(["resolve", revision])
        .extend(file.split('/'));
    Ok(url)
}

/// Percent signs resolved; what is no text then stays as it is.
#[must_use]
pub fn percent_decoded(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = part
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_can_be_a_mirror_in_a_folder() {
        let mirror = endpoint(Some("http://mirror.example/hf/")).expect("an address");
        let url = resolve_url(&mirror, "o/n", "refs/pr/1", "a b/m.gguf").expect("a URL");
        assert_eq!(
            url.as_str(),
            "http://mirror.example/hf/o/n/resolve/refs%2Fpr%2F1/a%20b/m.gguf"
        );
        assert_eq!(
            endpoint(Some(" ")).expect("the usual").as_str(),
            "https://huggingface.co/"
        );
    }

    #[test]
    fn an_endpoint_that_is_no_web_address_is_refused() {
        for address in ["mirror", "file:///etc/passwd", "ftp://mirror.example"] {
            assert!(
                matches!(endpoint(Some(address)), Err(HubError::Address { .. })),
                "{address}"
            );
        }
    }

    #[test]
    fn percent_signs_are_resolved_where_they_stand_for_text() {
        for (part, decoded) in [
            ("a%20b", "a b"),
            ("%C3%A9", "é"),
            ("p%40ss%3Aword", "p@ss:word"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%ff", "%ff"),
            ("é%", "é%"),
        ] {
            assert_eq!(percent_decoded(part), decoded);
        }
    }
}
