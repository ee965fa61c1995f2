//! The line that the answers of a comparison stand in.
//!
//! On a processor two models at work share its cores: both are slow, and neither speed says anything.
//! So only as many of a comparison's runs go at once as the machine has cores for, in the order of
//! their columns. A run leaves the line when it ends, whether it has had its turn or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

/// A place in the line, given up when it is dropped.
pub(crate) struct Place {
    number: u32,
    line: Arc<Line>,
}

struct Line {
    /// The places that have not been given up.
    taken: watch::Sender<BTreeSet<u32>>,
    at_once: u32,
}

/// So many places, of which the first `at_once` may go.
pub(crate) fn line(places: u32, at_once: u32) -> Vec<Place> {
    let line = Arc::new(Line {
        taken: watch::Sender::new((0..places).collect()),
        at_once: at_once.max(1),
    });
    let place = |number| Place {
        number,
        line: Arc::clone(&line),
    };
    (0..places).map(place).collect()
}

impl Place {
    /// How many stand before this one, those that have their turn included.
    pub fn ahead(&self) -> u32 {
        self.count(&self.line.taken.borrow())
    }

    /// Waits until this place may go; `waiting` hears how many go first.
    pub async fn turn(&self, waiting: impl Fn(u32)) {
        while self.ahead() >= self.line.at_once {
            let ahead = self.ahead();
            waiting(ahead);
            self.fewer_than(ahead).await;
        }
    }

    /// Waits until fewer than so many stand before this one.
    pub async fn fewer_than(&self, ahead: u32) {
        let mut taken = self.line.taken.subscribe();
        // The sender lives as long as this place.
        let _ = taken.wait_for(|taken| self.count(taken) < ahead).await;
    }

    fn count(&self, taken: &BTreeSet<u32>) -> u32 {
        u32::try_from(taken.range(..self.number).count()).unwrap_or(u32::MAX)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.taken.send_modify(|taken| {
            taken.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How many a place is told go first; none if it may go.
    async fn told(place: &Place) -> Option<u32> {
        let heard = Cell::new(None);
        tokio::select! {
            biased;
            () = place.turn(|ahead| heard.set(Some(ahead))) => None,
            () = std::future::ready(()) => heard.get(),
        }
    }

    #[tokio::test]
    async fn one_goes_when_the_one_before_it_has_ended() {
        let mut places = line(3, 1);
        assert_eq!(told(&places[0]).await, None);
        assert_eq!(told(&places[1]).await, Some(1));
        assert_eq!(told(&places[2]).await, Some(2));
        places.remove(0);
        assert_eq!(told(&places[0]).await, None);
        assert_eq!(told(&places[1]).await, Some(1));
        let last = places.pop().unwrap();
        tokio::join!(last.turn(|_| {}), async { drop(places) });
    }

    #[tokio::test]
    async fn one_that_gives_up_lets_nobody_go_beside_the_one_that_is_at_work() {
        let mut places = line(3, 1);
        places.remove(1);
        assert_eq!(told(&places[0]).await, None);
        assert_eq!(told(&places[1]).await, Some(1));
    }

    #[tokio::test]
    async fn as_many_go_at_once_as_there_is_room_for() {
        let places = line(4, 2);
        assert_eq!(told(&places[0]).await, None);
        assert_eq!(told(&places[1]).await, None);
        assert_eq!(told(&places[2]).await, Some(2));
        assert_eq!(places[3].ahead(), 3);
    }
}
