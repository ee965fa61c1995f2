//! Bodies that do not come as they should.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};

/// The pieces of a body.
pub(super) type Pieces = BoxStream<'static, io::Result<Bytes>>;

pub(super) fn pieces_of(body: Body) -> Pieces {
    body.into_data_stream().map_err(io::Error::other).boxed()
}

/// The first bytes.
pub(super) fn only_first(pieces: Pieces, bytes: u64) -> Pieces {
    let state = (pieces, bytes);
    stream::try_unfold(state, |(mut pieces, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(mut piece) = pieces.try_next().await? else {
            return Ok(None);
        };
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - piece.len() as u64;
        Ok(Some((piece, (pieces, left))))
    })
    .boxed()
}

/// After so many bytes, waits for the event; goes on after it, or ends with its error.
pub(super) fn interrupted(
    pieces: Pieces,
    at: u64,
    event: BoxFuture<'static, io::Result<()>>,
) -> Pieces {
    let state = (pieces, at, Some(event), Bytes::new());
    stream::try_unfold(state, |(mut pieces, left, mut event, kept)| async move {
        if left == 0
            && let Some(event) = event.take()
        {
            event.await?;
        }
        let mut piece = kept;
        if piece.is_empty() {
            match pieces.try_next().await? {
                Some(next) => piece = next,
                None => return Ok(None),
            }
        }
        if event.is_none() {
            return Ok(Some((piece, (pieces, 0, None, Bytes::new()))));
        }
        let first = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let rest = piece.split_off(first);
        Ok(Some((piece, (pieces, left - first as u64, event, rest))))
    })
    .boxed()
}

/// A few bytes at a time. This waits because it is what the fault is.
pub(super) fn trickling(pieces: Pieces, bytes: usize, every: Duration) -> Pieces {
    let drops = pieces.map_ok(move |piece| {
        let count = piece.len().div_ceil(bytes.max(1));
        let drops = (0..count)
            .map(move |drop| piece.slice(drop * bytes..piece.len().min((drop + 1) * bytes)));
        stream::iter(drops.map(io::Result::Ok))
    });
    let slowly = drops.try_flatten().and_then(move |drop| async move {
        tokio::time::sleep(every).await;
        Ok(drop)
    });
    slowly.boxed()
}

/// Turns over the byte at this place of the body.
pub(super) fn with_wrong_byte(pieces: Pieces, at: u64) -> Pieces {
    let mut passed = 0;
    pieces
        .map_ok(move |piece| {
            let start = passed;
            passed += piece.len() as u64;
            if !(start..passed).contains(&at) {
                return piece;
            }
            let mut bytes = piece.to_vec();
            bytes[(at - start) as usize] ^= 0xff;
            bytes.into()
        })
        .boxed()
}

/// Does something right before the last of `length` bytes goes out.
pub(super) fn before_end(
    pieces: Pieces,
    length: u64,
    act: impl FnOnce() + Send + 'static,
) -> Pieces {
    let mut act = Some(act);
    let mut passed = 0;
    pieces
        .inspect_ok(move |piece| {
            passed += piece.len() as u64;
            if passed >= length
                && let Some(act) = act.take()
            {
                act();
            }
        })
        .boxed()
}

/// Puts so many more bytes behind the body.
pub(super) fn longer(pieces: Pieces, bytes: u64) -> Pieces {
    pieces.chain(only_first(rubbish().boxed(), bytes)).boxed()
}

/// Puts bytes behind the body that do not end.
pub(super) fn endless(pieces: Pieces) -> Pieces {
    pieces.chain(rubbish()).boxed()
}

fn rubbish() -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::repeat_with(|| Ok(Bytes::from_static(&[b'#'; 4096])))
}

/// Compresses piece by piece.
pub(super) fn compressed(pieces: Pieces) -> Pieces {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    stream::try_unfold(
        (pieces, Some(encoder)),
        |(mut pieces, encoder)| async move {
            let Some(mut encoder) = encoder else {
                return Ok(None);
            };
            while let Some(piece) = pieces.try_next().await? {
                encoder.write_all(&piece)?;
                let written = std::mem::take(encoder.get_mut());
                if !written.is_empty() {
                    return Ok(Some((written.into(), (pieces, Some(encoder)))));
                }
            }
            Ok(Some((encoder.finish()?.into(), (pieces, None))))
        },
    )
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Pieces {
        let parts = ["abc", "de", "f"].map(|part| Ok(Bytes::from(part)));
        stream::iter(parts).boxed()
    }

    async fn text(pieces: Pieces) -> String {
        let bytes: Vec<Bytes> = pieces.try_collect().await.unwrap();
        String::from_utf8(bytes.concat()).unwrap()
    }

    #[tokio::test]
    async fn bodies_are_cut_bent_and_stretched_at_the_byte() {
        assert_eq!(text(only_first(pieces(), 4)).await, "abcd");
        assert_eq!(text(only_first(pieces(), 0)).await, "");
        assert_eq!(text(longer(pieces(), 2)).await, "abcdef##");
        assert_eq!(text(trickling(pieces(), 2, Duration::ZERO)).await, "abcdef");
        let bytes: Vec<Bytes> = with_wrong_byte(pieces(), 3).try_collect().await.unwrap();
        assert_eq!(bytes.concat(), [b'a', b'b', b'c', b'd' ^ 0xff, b'e', b'f']);
    }

    #[tokio::test]
    async fn an_interrupted_body_goes_on_or_ends() {
        for at in [0, 1, 3, 4, 6] {
            let well = Box::pin(async { Ok(()) });
            assert_eq!(
                text(interrupted(pieces(), at, well)).await,
                "abcdef",
                "{at}"
            );
            let ill = Box::pin(async { Err(io::ErrorKind::ConnectionReset.into()) });
            let mut body = interrupted(pieces(), at, ill);
            let mut before = 0;
            let error = loop {
                match body.try_next().await {
                    Ok(piece) => before += piece.unwrap_or_default().len() as u64,
                    Err(error) => break error,
                }
            };
            assert_eq!((before, error.kind()), (at, io::ErrorKind::ConnectionReset));
        }
    }
}
