//! One file from one web address: streams, checks of each answer, retries.
//!
//! A round begins with one request, whose answer is looked at most closely ([`answer::judge`]), and adds streams while
//! that makes it faster ([`growth`]). A stream that fails is not replaced; a round ends when there is no stream left,
//! and the next one begins with what still lacks.

mod answer;
mod growth;
mod renewals;
mod segments;
mod stream;

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use reqwest::Url;
use tokio::{sync::mpsc, task::JoinSet};

pub(super) use renewals::Renewals;

use self::{
    answer::{Asked, Begin, host, is_from, judge, range_error, strong_validator, total_of},
    growth::Growth,
    segments::Segments,
    stream::{Failure, Piece, Setup, Shared, check_linked, request, work},
};
use super::{
    TransferState,
    part::{Part, fingerprint},
    run::{Halt, PUBLISH_INTERVAL, Run, blocking},
};
use crate::{HubError, network::Answer};

/// How long nothing comes before the note is brought up to date…
const NOTE_PATIENCE: Duration = Duration::from_millis(2);
/// …and before the bytes are forced to the disk.
const SYNC_PATIENCE: Duration = Duration::from_secs(2);

/// The part comes back with the outcome; the outer error is the loss of the part itself.
pub(super) type Fetched = Result<(Part, Result<(), Halt>), HubError>;

/// How a file is asked for, as far as its server has shown what it can do.
struct Manner {
    use_ranges: bool,
    /// One stream only.
    alone: bool,
    /// In the last round, nothing was wrong with the first stream.
    first_was_fine: bool,
}

/// Fetches what the part still lacks, until it has failed so many times in a row.
pub(super) async fn fetch(
    run: &mut Run,
    mut part: Part,
    url: &Url,
    tries: u32,
    alone: bool,
) -> Fetched {
    let mut failures = 0;
    let mut manner = Manner {
        use_ranges: true,
        alone,
        first_was_fine: false,
    };
    loop {
        if part.is_whole() {
            return Ok((part, Ok(())));
        }
        if let Err(error) = part.check_space(0) {
            return Ok((part, Err(error.into())));
        }
        if let Some(delay) = run.policy.traffic.pause_of(&host(url)) {
            let error = HubError::RateLimited {
                host: host(url),
                retry_after: Some(delay),
            };
            if let Err(halt) = run.wait(error, delay).await {
                return Ok((part, Err(halt)));
            }
        }
        let (before, was_alone) = (part.total(), manner.alone);
        let outcome;
        (part, outcome) = round(run, part, url, &mut manner).await?;
        let error = match outcome {
            Ok(()) => return Ok((part, Ok(()))),
            Err(Halt::Order) => return Ok((part, Err(Halt::Order))),
            Err(Halt::Error(error)) => error,
        };
        if manner.alone && !was_alone && manner.first_was_fine && error.retry_after().is_none() {
            continue;
        }
        manner.alone |= matches!(error, HubError::RateLimited { .. });
        failures = if part.total() >= before.saturating_add(run.policy.progress_bytes) {
            1
        } else {
            failures + 1
        };
        if !error.is_passing() || failures >= tries || !may_ask_again(run, &error) {
            return Ok((part, Err(error.into())));
        }
        let delay = run.policy.backoff(failures, error.retry_after());
        let pausing = error.retry_after().is_some().then(|| host(url));
        if let Some(host) = &pausing {
            run.policy.traffic.pause(host, delay);
        }
        if let Err(halt) = run.wait(error, delay).await {
            return Ok((part, Err(halt)));
        }
        if let Some(host) = &pausing {
            run.policy.traffic.unpause(host);
        }
    }
}

/// A signed address that is refused may be asked for anew, but not for ever.
fn may_ask_again(run: &Run, error: &HubError) -> bool {
    let is_signed = matches!(
        error,
        HubError::Forbidden {
            behind_redirect: true,
            ..
        }
    );
    let mut renewals = run.renewals.lock().unwrap_or_else(PoisonError::into_inner);
    !is_signed || renewals.allow(Instant::now())
}

async fn round(run: &mut Run, mut part: Part, url: &Url, manner: &mut Manner) -> Fetched {
    run.publish(TransferState::Connecting);
    if part.total() > 0 && !(manner.use_ranges && may_continue(&part, url)) {
        part = restart(part).await?;
    }
    let asked = first_hole(&part);
    let note = part.note();
    let validator = note.validator.as_deref().filter(|_| is_from(&note, url));
    let mut orders = run.orders();
    let answer = tokio::select! {
        () = Run::interruption(&mut orders) => return Ok((part, Err(Halt::Order))),
        answer = request(&run.network, &run.policy, url, asked, validator) => answer,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Ok((part, Err(error.into()))),
    };
    let begin = check_content(&part, &answer)
        .and_then(|()| judge(&answer, url, asked, part.promise.size, &note));
    match begin {
        Ok(Begin::Here) => {}
        Ok(Begin::Whole) => return Ok((part, Ok(()))),
        Ok(Begin::Anew) => {
            manner.alone = true;
            part = restart(part).await?;
        }
        Ok(Begin::AskAnew) => {
            (manner.use_ranges, manner.alone) = (false, true);
            return Ok((part, Err(range_error(&answer, asked.at).into())));
        }
        Err(error) => return Ok((part, Err(error.into()))),
    }
    run.policy.traffic.unpause(&host(answer.url()));
    if let Some(total) = total_of(&answer) {
        part.promise.size = Some(total);
        run.set_total(total);
        if let Err(error) = part.check_space(0) {
            return Ok((part, Err(error.into())));
        }
    }
    part.set_note(|note| {
        note.size = part.promise.size;
        note.source = Some(fingerprint(url.as_str()));
        note.validator = strong_validator(&answer);
        note.linked = answer
            .linked_etag()
            .map(str::to_owned)
            .or(note.linked.take());
    });
    fetch_all(run, part, url, manner, answer).await
}

/// What lacks first: open-ended where it is the last that lacks.
fn first_hole(part: &Part) -> Asked {
    let size = part.promise.size.unwrap_or(u64::MAX);
    let holes = part.done().holes(size);
    let (at, end) = holes.first().copied().unwrap_or((part.prefix(), size));
    Asked {
        at,
        end: (end < size).then_some(end),
    }
}

/// The Hub's redirect names the content: it must be the promised one, and the one it was before.
fn check_content(part: &Part, answer: &Answer) -> Result<(), HubError> {
    let promised = part.promise.sha256.map(|hash| hash.to_string());
    // Only a large file has its sha256 as its tag; others have that of git.
    let names_hash = answer.linked_etag().is_some_and(|tag| tag.len() == 64);
    check_linked(answer, promised.as_deref().filter(|_| names_hash))?;
    match part.total() > 0 {
        true => check_linked(answer, part.note().linked.as_deref()),
        false => Ok(()),
    }
}

/// Fetches with one stream, and with more while that is faster. The disk works on another thread than the connections.
async fn fetch_all(
    run: &mut Run,
    part: Part,
    url: &Url,
    manner: &mut Manner,
    answer: Answer,
) -> Fetched {
    let size = part.promise.size;
    let policy = &run.policy;
    let mut segments = Segments::new(
        part.done(),
        size,
        policy.segment_min_bytes,
        policy.segment_max_bytes,
    );
    segments.take_hole(0);
    let part = blocking(move || {
        part.allocate();
        Ok(part)
    })
    .await?;
    let from = host(answer.url());
    let (shared, pieces) = Shared::new(Setup {
        network: run.network.clone(),
        policy: policy.clone(),
        url: url.clone(),
        direct: answer.url().clone(),
        size,
        validator: strong_validator(&answer),
        linked: part.note().linked,
        segments,
        renewals: run.renewals.clone(),
    });
    let writer = tokio::spawn(blocking({
        let from = from.clone();
        move || Ok(write(part, pieces, &from))
    }));
    let read = drive(run, &shared, manner, answer).await;
    // The writer ends when nobody can send any more.
    drop(shared);
    let (part, written) = writer.await.unwrap_or(Err(HubError::Ended))?;
    let is_overlong = matches!(read, Err(Halt::Error(HubError::Overlong { .. })));
    // What the disk says comes first: a full disk also ends the reading.
    let outcome = match (written, read) {
        (Err(error), _) => Err(error.into()),
        (Ok(()), Err(Halt::Order)) => Err(Halt::Order),
        (Ok(()), _) if part.is_whole() && !is_overlong => Ok(()),
        (Ok(()), Err(halt)) => Err(halt),
        (Ok(()), Ok(())) => match size {
            Some(expected) => Err(HubError::Cut {
                host: from,
                done: part.prefix(),
                expected,
            }
            .into()),
            None => Ok(()),
        },
    };
    Ok((part, outcome))
}

fn write(
    mut part: Part,
    mut pieces: mpsc::Receiver<Piece>,
    from: &str,
) -> (Part, Result<(), HubError>) {
    let mut outcome = Ok(());
    while let Some(piece) = next_piece(&mut part, &mut pieces) {
        outcome = part.write(piece.at, &piece.bytes, from);
        if outcome.is_err() {
            break;
        }
    }
    (part, outcome)
}

/// The next bytes. What has come so far is noted while nothing comes, so that little is lost if the process ends then.
fn next_piece(part: &mut Part, pieces: &mut mpsc::Receiver<Piece>) -> Option<Piece> {
    if let Ok(piece) = pieces.try_recv() {
        return Some(piece);
    }
    let runtime = tokio::runtime::Handle::current();
    let mut wait = |patience| runtime.block_on(tokio::time::timeout(patience, pieces.recv()));
    if let Ok(piece) = wait(NOTE_PATIENCE) {
        return piece;
    }
    part.take_down(true);
    if let Ok(piece) = wait(SYNC_PATIENCE) {
        return piece;
    }
    part.sync_aside();
    runtime.block_on(pieces.recv())
}

/// Looks after the streams until there is none left.
async fn drive(
    run: &mut Run,
    shared: &Arc<Shared>,
    manner: &mut Manner,
    answer: Answer,
) -> Result<(), Halt> {
    let mut orders = run.orders();
    let mut streams = JoinSet::new();
    let mut next = 0;
    let mut start = |streams: &mut JoinSet<_>, first| {
        shared.active.fetch_add(1, Ordering::Relaxed);
        let (shared, stream) = (shared.clone(), next);
        streams.spawn(async move { (stream, work(shared, stream, first).await) });
        next += 1;
    };
    start(&mut streams, Some(answer));
    let mut growth = Growth::new(run.policy.growth_window);
    let mut look = tokio::time::interval(PUBLISH_INTERVAL.min(run.policy.growth_window));
    let mut failure = None;
    manner.first_was_fine = true;
    run.publish(TransferState::Downloading);
    loop {
        tokio::select! {
            () = Run::interruption(&mut orders) => {
                streams.shutdown().await;
                return Err(Halt::Order);
            }
            ended = streams.join_next() => match ended {
                None => break,
                Some(Ok((_, Ok(())))) => {}
                Some(Ok((stream, Err(Failure { error, of_first_answer })))) => {
                    let is_final = matches!(error, HubError::Changed { .. } | HubError::Offline | HubError::Overlong { .. });
                    growth.refuse(u32::try_from(streams.len()).unwrap_or(1));
                    if is_final || (of_first_answer && !error.is_passing()) {
                        streams.shutdown().await;
                        return Err(error.into());
                    }
                    tracing::debug!(stream, %error, "a stream of a download ended");
                    manner.alone |= !of_first_answer;
                    manner.first_was_fine &= !of_first_answer;
                    shared.segments().rejoin();
                    failure = Some(error);
                }
                // A stream that panicked leaves a hole, which the next round fills.
                Some(Err(_)) => failure = Some(HubError::Ended),
            },
            // Also without new bytes, so that the last ones are told and the speed falls.
            _ = look.tick() => {
                run.tick(0);
                if manner.alone || run.policy.traffic.is_limited() {
                    continue;
                }
                let (now, done) = (Instant::now(), run.written.load(Ordering::Relaxed));
                growth.forget_start(now, done);
                let wanted = growth.look(now, done, run.policy.traffic.streams());
                shared.wanted.store(wanted, Ordering::Relaxed);
                if wanted as usize > streams.len() && shared.segments().split() {
                    start(&mut streams, None);
                }
            }
        }
    }
    failure.map_or(Ok(()), |error| Err(error.into()))
}

/// Without a hash to check the whole, bytes are continued only if the server can vouch that they are of the same file.
fn may_continue(part: &Part, url: &Url) -> bool {
    let note = part.note();
    part.promise.sha256.is_some() || (is_from(&note, url) && note.validator.is_some())
}

async fn restart(mut part: Part) -> Result<Part, HubError> {
    blocking(move || part.restart().map(|()| part)).await
}
