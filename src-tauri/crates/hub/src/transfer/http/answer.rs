//! What an answer to a request for a file, or for a part of one, means.

use reqwest::{StatusCode, Url, header};

use crate::{
    HubError,
    network::{Answer, refusal},
    transfer::part::{Note, fingerprint},
};

/// What was asked for: from the first byte to before the last, or to the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub at: u64,
    pub end: Option<u64>,
}

impl Asked {
    /// The whole file: without a range at all, which every server understands.
    pub fn is_all(&self) -> bool {
        self.at == 0 && self.end.is_none()
    }
}

/// What to do with an acceptable answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// Its body is what was asked for.
    Here,
    /// There is nothing to add.
    Whole,
    /// Its body is the file from the beginning.
    Anew,
    /// It is unusable, but a request without a range may work.
    AskAnew,
}

/// What the first answer of a round means. `size` is what is known of the file, `note` what is known of the bytes so far.
pub(super) fn judge(
    answer: &Answer,
    url: &Url,
    asked: Asked,
    size: Option<u64>,
    note: &Note,
) -> Result<Begin, HubError> {
    let from = host(answer.url());
    let status = answer.status();
    if status == StatusCode::RANGE_NOT_SATISFIABLE && asked.at > 0 {
        let total = content_range(answer).and_then(|range| range.total);
        let is_whole = total == Some(asked.at) && size.is_none_or(|size| size == asked.at);
        return Ok(match is_whole {
            true => Begin::Whole,
            false => Begin::AskAnew,
        });
    }
    check_status(answer, url)?;
    if status == StatusCode::OK {
        return match (size, answer.content_length()) {
            (Some(expected), Some(found)) if expected != found => Err(HubError::Size {
                host: from,
                expected,
                found,
            }),
            _ if asked.is_all() => Ok(Begin::Here),
            _ => Ok(Begin::Anew),
        };
    }
    check_total(answer, size)?;
    if asked.is_all() || !is_range_asked_for(answer, asked) {
        return Ok(Begin::AskAnew);
    }
    // A server that does not know If-Range may go on with another version of the file.
    let changed = is_from(note, url)
        && note.validator.is_some()
        && strong_validator(answer).is_some_and(|found| note.validator != Some(found));
    Ok(match changed {
        true => Begin::AskAnew,
        false => Begin::Here,
    })
}

/// Whether the answer to a further stream of the same file is exactly what was asked for.
pub(super) fn check_exact(
    answer: &Answer,
    url: &Url,
    asked: Asked,
    size: Option<u64>,
    validator: Option<&str>,
) -> Result<(), HubError> {
    check_status(answer, url)?;
    if answer.status() != StatusCode::PARTIAL_CONTENT || !is_range_asked_for(answer, asked) {
        return Err(range_error(answer, asked.at));
    }
    check_total(answer, size)?;
    match (validator, strong_validator(answer)) {
        // Another version, or another machine behind the same name with tags of its own.
        (Some(known), Some(found)) if known != found => Err(range_error(answer, asked.at)),
        _ => Ok(()),
    }
}

fn check_status(answer: &Answer, url: &Url) -> Result<(), HubError> {
    if !matches!(
        answer.status(),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT
    ) {
        return Err(refusal(answer, url));
    }
    match answer.headers().get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(HubError::Encoded {
            host: host(answer.url()),
            encoding: String::from_utf8_lossy(encoding.as_bytes()).into_owned(),
        }),
        _ => Ok(()),
    }
}

fn is_range_asked_for(answer: &Answer, asked: Asked) -> bool {
    content_range(answer).is_some_and(|range| {
        range.bytes.is_some_and(|(start, last)| {
            let end = asked.end.or(range.total).unwrap_or(last + 1);
            start == asked.at && last + 1 == end
        })
    })
}

fn check_total(answer: &Answer, size: Option<u64>) -> Result<(), HubError> {
    match (size, content_range(answer).and_then(|range| range.total)) {
        (Some(expected), Some(found)) if expected != found => Err(HubError::Size {
            host: host(answer.url()),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// The bytes so far came from this address.
pub(super) fn is_from(note: &Note, url: &Url) -> bool {
    note.source.as_deref() == Some(fingerprint(url.as_str()).as_str())
}

/// The length of the whole file by this answer, if it says so.
pub(super) fn total_of(answer: &Answer) -> Option<u64> {
    match answer.status() {
        StatusCode::PARTIAL_CONTENT => content_range(answer)?.total,
        _ => answer.content_length(),
    }
}

/// A `Content-Range`.
#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    /// First and last byte.
    bytes: Option<(u64, u64)>,
    total: Option<u64>,
}

fn content_range(answer: &Answer) -> Option<ContentRange> {
    parse_content_range(answer.text_header("content-range")?)
}

/// `bytes 5-9/10`, `bytes 5-9/*` or `bytes */10`.
fn parse_content_range(text: &str) -> Option<ContentRange> {
    let (range, total) = text
        .trim()
        .strip_prefix("bytes")?
        .trim_start()
        .split_once('/')?;
    let total: Option<u64> = match total.trim() {
        "*" => None,
        digits => Some(digits.parse().ok()?),
    };
    if range.trim() == "*" {
        return Some(ContentRange { bytes: None, total });
    }
    let (start, last) = range.trim().split_once('-')?;
    let (start, last): (u64, u64) = (start.parse().ok()?, last.parse().ok()?);
    let is_sound = start <= last && last < total.unwrap_or(u64::MAX);
    is_sound.then_some(ContentRange {
        bytes: Some((start, last)),
        total,
    })
}

pub(super) fn strong_validator(answer: &Answer) -> Option<String> {
    let tag = answer.text_header("etag")?;
    (tag.starts_with('"') && tag.len() < 1_000).then(|| tag.to_owned())
}

pub(super) fn range_error(answer: &Answer, asked: u64) -> HubError {
    let found = answer.headers().get(header::CONTENT_RANGE);
    let found = found.map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(100)
            .collect()
    });
    HubError::Range {
        host: host(answer.url()),
        asked,
        found: found.unwrap_or_else(|| answer.status().to_string()),
    }
}

pub(super) fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        let range = |bytes, total| Some(ContentRange { bytes, total });
        assert_eq!(
            parse_content_range("bytes 5-9/10"),
            range(Some((5, 9)), Some(10))
        );
        assert_eq!(
            parse_content_range("bytes 5-9/*"),
            range(Some((5, 9)), None)
        );
        assert_eq!(parse_content_range("bytes */10"), range(None, Some(10)));
        for text in [
            "",
            "bytes",
            "bytes 5-10/10",
            "bytes 9-5/10",
            "items 5-9/10",
            "bytes -5/10",
            "bytes 5-9/x",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(parse_content_range(text), None, "{text}");
        }
    }
}
