//! Which redirects are followed.

use std::net::IpAddr;

use reqwest::Url;

const MAX_REDIRECTS: usize = 10;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// Too many, or in a circle.
    #[error("it goes round in circles")]
    Loop,
    /// From https to anything else.
    #[error("it leaves the encrypted connection")]
    Downgrade,
    /// From the open network into this machine or the local network.
    #[error("it leads into the local network")]
    Inward,
}

/// Whether `from`, to which `previous` led, may send us to `next`.
pub(super) fn judge(previous: &[Url], from: &Url, next: &Url) -> Result<(), RedirectProblem> {
    if previous.len() >= MAX_REDIRECTS || from == next || previous.contains(next) {
        return Err(RedirectProblem::Loop);
    }
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(RedirectProblem::Downgrade);
    }
    if is_inward(next) && !is_inward(previous.first().unwrap_or(from)) {
        return Err(RedirectProblem::Inward);
    }
    Ok(())
}

/// The address is of this machine or of the local network. Only what the address itself says: names are not resolved.
fn is_inward(url: &Url) -> bool {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some()
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge_texts(previous: &[&str], next: &str) -> Result<(), RedirectProblem> {
        let previous: Vec<Url> = previous
            .iter()
            .map(|url| Url::parse(url).expect(url))
            .collect();
        let (from, previous) = previous.split_last().expect("somebody redirects");
        judge(previous, from, &Url::parse(next).expect(next))
    }

    #[test]
    fn a_redirect_to_the_storage_is_followed() {
        assert_eq!(
            judge_texts(&["https://hub.example/a"], "https://cdn.example/b?signed"),
            Ok(())
        );
        assert_eq!(
            judge_texts(&["http://127.0.0.1:1/a"], "http://127.0.0.1:2/b"),
            Ok(())
        );
    }

    #[test]
    fn encryption_is_not_given_up() {
        assert_eq!(
            judge_texts(&["https://hub.example/a"], "http://hub.example/a"),
            Err(RedirectProblem::Downgrade)
        );
    }

    #[test]
    fn the_open_network_does_not_lead_into_the_local_one() {
        for inside in [
            "https://127.0.0.1/",
            "https://192.168.1.1/",
            "https://[::1]/",
            "https://169.254.169.254/",
            "https://localhost/",
        ] {
            assert_eq!(
                judge_texts(&["https://hub.example/a"], inside),
                Err(RedirectProblem::Inward),
                "{inside}"
            );
        }
    }

    #[test]
    fn circles_end() {
        let url = "https://hub.example/a";
        assert_eq!(judge_texts(&[url], url), Err(RedirectProblem::Loop));
        let many: Vec<String> = (0..=MAX_REDIRECTS)
            .map(|n| format!("https://hub.example/{n}"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            judge_texts(&many, "https://hub.example/next"),
            Err(RedirectProblem::Loop)
        );
    }
}
