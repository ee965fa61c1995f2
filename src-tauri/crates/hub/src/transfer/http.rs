//! One file from one web address: ranges, checks of each answer, retries.

use std::time::Instant;

use reqwest::{StatusCode, Url, header};
use sirocco_protocol::ConnectionPurpose;
use tokio::sync::mpsc;

use super::{
    TransferState,
    part::Part,
    run::{Halt, PUBLISH_INTERVAL, Run, blocking},
};
use crate::{
    HubError,
    network::{Answer, refusal},
};

/// Chunks between the connection and the disk. Chunks are at most a few hundred kilobytes.
const QUEUE_CHUNKS: usize = 32;

/// The part comes back with the outcome; the outer error is the loss of the part itself.
pub(super) type Fetched = Result<(Part, Result<(), Halt>), HubError>;

/// Fetches what the part still lacks, until it has failed so many times in a row.
pub(super) async fn fetch(run: &mut Run, mut part: Part, url: &Url, tries: u32) -> Fetched {
    let mut failures = 0;
    let mut use_ranges = true;
    loop {
        if part.is_whole() && part.len() > 0 {
            return Ok((part, Ok(())));
        }
        if let Err(error) = part.check_space(0) {
            return Ok((part, Err(error.into())));
        }
        let before = part.len();
        let outcome;
        (part, outcome) = attempt(run, part, url, &mut use_ranges).await?;
        let error = match outcome {
            Ok(()) => return Ok((part, Ok(()))),
            Err(Halt::Order) => return Ok((part, Err(Halt::Order))),
            Err(Halt::Error(error)) => error,
        };
        failures = if part.len() >= before.saturating_add(run.policy.progress_bytes) {
            1
        } else {
            failures + 1
        };
        if !error.is_passing() || failures >= tries {
            return Ok((part, Err(error.into())));
        }
        let delay = run.policy.backoff(failures, error.retry_after());
        if let Err(halt) = run.wait(error, delay).await {
            return Ok((part, Err(halt)));
        }
    }
}

async fn attempt(run: &mut Run, mut part: Part, url: &Url, use_ranges: &mut bool) -> Fetched {
    run.publish(TransferState::Connecting);
    if part.len() > 0 && !(*use_ranges && may_continue(&part, url)) {
        part = restart(part).await?;
    }
    let asked = part.len();
    let mut request = run.network.get(url.clone(), ConnectionPurpose::Download);
    if asked > 0 {
        request = request.range(asked, None);
        if let Some(validator) = part.note.validator.as_ref().filter(|_| is_from(&part, url))
            && let Ok(validator) = header::HeaderValue::from_str(validator)
        {
            request = request.header(header::IF_RANGE, validator);
        }
    }
    let mut orders = run.orders();
    let answer = tokio::select! {
        () = Run::interruption(&mut orders) => return Ok((part, Err(Halt::Order))),
        answer = tokio::time::timeout(run.policy.header_timeout, request.send()) => answer,
    };
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Ok((part, Err(error.into()))),
        Err(_) => {
            return Ok((
                part,
                Err(HubError::Unreachable {
                    host: host(url),
                    source: None,
                }
                .into()),
            ));
        }
    };
    match judge(&response, url, &part, asked) {
        Ok(Begin::Here) => {}
        Ok(Begin::Whole) => return Ok((part, Ok(()))),
        Ok(Begin::Anew) => part = restart(part).await?,
        Ok(Begin::AskAnew) => {
            *use_ranges = false;
            return Ok((part, Err(range_error(&response, asked).into())));
        }
        Err(error) => return Ok((part, Err(error.into()))),
    }
    if let Some(total) = total_of(&response, part.len()) {
        part.promise.size = Some(total);
        run.set_total(total);
        if let Err(error) = part.check_space(0) {
            return Ok((part, Err(error.into())));
        }
    }
    part.note.url = Some(url.to_string());
    part.note.validator = strong_validator(&response);
    stream(run, part, response).await
}

/// Moves the body into the part. The disk and the hash work on another thread than the connection.
async fn stream(run: &mut Run, mut part: Part, mut response: Answer) -> Fetched {
    let from = host(response.url());
    let size = part.promise.size;
    let (sender, mut receiver) = mpsc::channel::<bytes::Bytes>(QUEUE_CHUNKS);
    let writer = tokio::spawn(blocking({
        let from = from.clone();
        move || {
            let mut outcome = Ok(());
            while let Some(chunk) = receiver.blocking_recv() {
                outcome = part.append(&chunk, &from);
                if outcome.is_err() {
                    break;
                }
            }
            Ok((part, outcome))
        }
    }));
    let read = read_body(run, &mut response, &from, sender).await;
    let (part, written) = writer.await.unwrap_or(Err(HubError::Ended))?;
    // What the disk says comes first: a full disk also ends the reading.
    let outcome = match (written, read) {
        (Err(error), _) => Err(error.into()),
        (Ok(()), Err(halt)) => Err(halt),
        (Ok(()), Ok(())) => match size {
            Some(expected) if part.len() < expected => Err(HubError::Cut {
                host: from,
                done: part.len(),
                expected,
            }
            .into()),
            _ => Ok(()),
        },
    };
    Ok((part, outcome))
}

async fn read_body(
    run: &mut Run,
    response: &mut Answer,
    from: &str,
    sender: mpsc::Sender<bytes::Bytes>,
) -> Result<(), Halt> {
    let mut orders = run.orders();
    let stalled = || {
        Halt::Error(HubError::Stalled {
            host: from.to_owned(),
        })
    };
    let (mut window_start, mut window_bytes) = (Instant::now(), 0);
    let silence = tokio::time::sleep(run.policy.idle_timeout);
    tokio::pin!(silence);
    let mut look = tokio::time::interval(PUBLISH_INTERVAL);
    run.publish(TransferState::Downloading);
    loop {
        let chunk = tokio::select! {
            () = Run::interruption(&mut orders) => return Err(Halt::Order),
            chunk = response.chunk() => chunk,
            () = &mut silence => return Err(stalled()),
            // Also without new bytes, so that the last ones are told and the speed falls.
            _ = look.tick() => {
                run.tick(0);
                continue;
            }
        };
        let chunk = match chunk {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        silence
            .as_mut()
            .reset(tokio::time::Instant::now() + run.policy.idle_timeout);
        window_bytes += chunk.len() as u64;
        let elapsed = window_start.elapsed();
        if elapsed >= run.policy.slow_window {
            if window_bytes < run.policy.slow_bytes {
                return Err(stalled());
            }
            (window_start, window_bytes) = (Instant::now(), 0);
        }
        if sender.send(chunk).await.is_err() {
            // The writer has ended with an error, which it will tell.
            return Ok(());
        }
    }
}

/// What to do with an acceptable answer.
enum Begin {
    /// Its body continues the part.
    Here,
    /// There is nothing to add.
    Whole,
    /// Its body is the file from the beginning.
    Anew,
    /// It is unusable, but a request without a range may work.
    AskAnew,
}

fn judge(response: &Answer, url: &Url, part: &Part, asked: u64) -> Result<Begin, HubError> {
    let host = host(response.url());
    let status = response.status();
    if status == StatusCode::RANGE_NOT_SATISFIABLE && asked > 0 {
        let (_, total) = content_range(response).unwrap_or_default();
        let is_whole = total == Some(asked) && part.promise.size.is_none_or(|size| size == asked);
        return Ok(if is_whole {
            Begin::Whole
        } else {
            Begin::AskAnew
        });
    }
    if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return Err(refusal(response, url));
    }
    if let Some(encoding) = response.headers().get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
        return Err(HubError::Encoded { host, encoding });
    }
    if status == StatusCode::OK {
        return match (part.promise.size, response.content_length()) {
            (Some(expected), Some(found)) if expected != found => Err(HubError::Size {
                host,
                expected,
                found,
            }),
            _ if asked > 0 => Ok(Begin::Anew),
            _ => Ok(Begin::Here),
        };
    }
    let Some((Some(start), total)) = content_range(response) else {
        return Ok(Begin::AskAnew);
    };
    if start != asked || asked == 0 {
        return Ok(Begin::AskAnew);
    }
    if let (Some(expected), Some(found)) = (part.promise.size, total)
        && expected != found
    {
        return Err(HubError::Size {
            host,
            expected,
            found,
        });
    }
    // A server that does not know If-Range may go on with another version of the file.
    let changed = is_from(part, url)
        && part.note.validator.is_some()
        && strong_validator(response)
            .is_some_and(|validator| part.note.validator.as_ref() != Some(&validator));
    Ok(if changed { Begin::AskAnew } else { Begin::Here })
}

/// Without a hash to check the whole, bytes are continued only if the server can vouch that they are of the same file.
fn may_continue(part: &Part, url: &Url) -> bool {
    part.promise.sha256.is_some() || (is_from(part, url) && part.note.validator.is_some())
}

fn is_from(part: &Part, url: &Url) -> bool {
    part.note.url.as_deref() == Some(url.as_str())
}

async fn restart(mut part: Part) -> Result<Part, HubError> {
    blocking(move || part.restart().map(|()| part)).await
}

/// The length of the whole file by this answer, if it says so.
fn total_of(response: &Answer, begun_at: u64) -> Option<u64> {
    match response.status() {
        StatusCode::PARTIAL_CONTENT => content_range(response)?.1,
        _ => response.content_length().map(|length| length + begun_at),
    }
}

/// First byte and total of `Content-Range: bytes 5-9/10`; either may be missing.
fn content_range(response: &Answer) -> Option<(Option<u64>, Option<u64>)> {
    parse_content_range(
        response
            .headers()
            .get(header::CONTENT_RANGE)?
            .to_str()
            .ok()?,
    )
}

fn parse_content_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
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
        return Some((None, total));
    }
    let (start, end) = range.trim().split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let is_sound = start <= end && total.is_none_or(|total| end < total);
    is_sound.then_some((Some(start), total))
}

fn strong_validator(response: &Answer) -> Option<String> {
    let tag = response.headers().get(header::ETAG)?.to_str().ok()?;
    (tag.starts_with('"') && tag.len() < 1_000).then(|| tag.to_owned())
}

fn range_error(response: &Answer, asked: u64) -> HubError {
    let found = response.headers().get(header::CONTENT_RANGE);
    let found = found.map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(100)
            .collect()
    });
    HubError::Range {
        host: host(response.url()),
        asked,
        found: found.unwrap_or_else(|| response.status().to_string()),
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(
            parse_content_range("bytes 5-9/10"),
            Some((Some(5), Some(10)))
        );
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((Some(5), None)));
        assert_eq!(parse_content_range("bytes */10"), Some((None, Some(10))));
        for text in [
            "",
            "bytes",
            "bytes 5-10/10",
            "bytes 9-5/10",
            "items 5-9/10",
            "bytes -5/10",
            "bytes 5-9/x",
        ] {
            assert_eq!(parse_content_range(text), None, "{text}");
        }
    }
}
