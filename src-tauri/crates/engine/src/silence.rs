//! When a process that says nothing counts as stuck.

use std::time::Duration;

use tokio::time::timeout;

/// Heartbeats come every second from a thread of their own; after this long without one the process is stuck or
/// stopped.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);
/// It is judged in so many pieces, each begun when the one before is over.
const PIECES: u32 = 12;

/// What comes, or none after a [`SILENCE`] in which this process ran too. Where the clock jumps, because the machine
/// slept or this process was stopped, the jump ends one piece, and nobody could have spoken in it.
pub(crate) async fn before_silence<T>(coming: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(coming);
    for _ in 0..PIECES {
        if let Ok(come) = timeout(SILENCE / PIECES, &mut coming).await {
            return Some(come);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::{Instant, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_noticed() {
        let begun = Instant::now();
        assert_eq!(before_silence(std::future::pending::<()>()).await, None);
        assert_eq!(begun.elapsed().as_secs(), SILENCE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_jump_of_the_clock_is_no_silence() {
        let (sender, receiver) = oneshot::channel();
        let heard = tokio::spawn(before_silence(receiver));
        tokio::task::yield_now().await;
        advance(100 * SILENCE).await;
        sender.send("alive").expect("it is still listened to");
        assert_eq!(heard.await.expect("it ends"), Some(Ok("alive")));
    }
}
