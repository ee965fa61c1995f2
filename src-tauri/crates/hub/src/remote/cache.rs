//! Answers that are asked for once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared as SharedFuture, WeakShared};
use tokio::time::Instant;

use super::Shared;
use crate::HubError;

type Work<T> = SharedFuture<BoxFuture<'static, Shared<T>>>;

/// The last answers, and the questions that are under way.
pub(super) struct Cache<T> {
    slots: Arc<Mutex<HashMap<String, Slot<T>>>>,
    capacity: usize,
    age: Duration,
}

enum Slot<T> {
    /// Held weakly: when nobody waits any more, the work is dropped.
    UnderWay(WeakShared<BoxFuture<'static, Shared<T>>>),
    Known {
        value: Arc<T>,
        since: Instant,
        used: Instant,
    },
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
            ..*self
        }
    }
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// Keeps at most so many answers, for so long.
    pub fn new(capacity: usize, age: Duration) -> Self {
        Self {
            slots: Arc::default(),
            capacity,
            age,
        }
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The answer, and whether it was known. Errors are not kept.
    pub async fn get<F>(&self, key: String, fetch: impl FnOnce() -> F) -> (Shared<T>, bool)
    where
        F: Future<Output = Result<T, HubError>> + Send + 'static,
    {
        let work = {
            let mut slots = self.lock();
            match slots.get_mut(&key) {
                Some(Slot::Known { value, since, used }) if since.elapsed() < self.age => {
                    *used = Instant::now();
                    return (Ok(Arc::clone(value)), true);
                }
                Some(Slot::UnderWay(work)) => work.upgrade(),
                _ => None,
            }
            .unwrap_or_else(|| {
                let work = fetch();
                let work = async move { work.await.map(Arc::new).map_err(Arc::new) };
                let work: Work<T> = work.boxed().shared();
                if let Some(weak) = work.downgrade() {
                    slots.insert(key.clone(), Slot::UnderWay(weak));
                }
                work
            })
        };
        let answer = work.clone().await;
        let mut slots = self.lock();
        // Forgotten meanwhile, or asked anew: then this answer is of yesterday.
        let is_ours = match slots.get(&key) {
            Some(Slot::UnderWay(weak)) => weak.upgrade().is_some_and(|other| other.ptr_eq(&work)),
            _ => false,
        };
        if is_ours {
            match &answer {
                Ok(value) => self.keep(&mut slots, key, Arc::clone(value)),
                Err(_) => {
                    slots.remove(&key);
                }
            }
        }
        (answer, false)
    }

    fn keep(&self, slots: &mut HashMap<String, Slot<T>>, key: String, value: Arc<T>) {
        let now = Instant::now();
        slots.insert(
            key,
            Slot::Known {
                value,
                since: now,
                used: now,
            },
        );
        slots.retain(|_, slot| match slot {
            Slot::UnderWay(work) => work.upgrade().is_some(),
            Slot::Known { since, .. } => since.elapsed() < self.age,
        });
        while slots.len() > self.capacity {
            let oldest = slots.iter().filter_map(|(key, slot)| match slot {
                Slot::Known { used, .. } => Some((*used, key.clone())),
                Slot::UnderWay(_) => None,
            });
            let Some((_, key)) = oldest.min() else { return };
            slots.remove(&key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot<T>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use tokio::sync::oneshot;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn known(cache: &Cache<u32>, key: &str) -> bool {
        let (answer, known) = cache
            .get(key.to_owned(), || std::future::ready(Ok(0)))
            .await;
        answer.expect("it does not fail");
        known
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_for_a_while() {
        let cache = Cache::new(10, MINUTE);
        assert!(!known(&cache, "a").await);
        assert!(known(&cache, "a").await);
        tokio::time::advance(MINUTE).await;
        assert!(!known(&cache, "a").await);
        cache.clear();
        assert!(!known(&cache, "a").await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_not_used_for_longest_goes_first() {
        let cache = Cache::new(2, MINUTE);
        for key in ["a", "b", "a"] {
            known(&cache, key).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        known(&cache, "c").await;
        assert!(known(&cache, "a").await && known(&cache, "c").await);
        assert!(!known(&cache, "b").await);
    }

    #[tokio::test]
    async fn a_question_is_asked_once_for_all_who_wait() {
        let cache: Cache<u32> = Cache::new(10, MINUTE);
        let asked = AtomicU32::new(0);
        let (answer, wait) = oneshot::channel();
        let mut wait = Some(wait);
        let mut fetch = || {
            asked.fetch_add(1, Ordering::Relaxed);
            let wait = wait.take().expect("asked once");
            async move { Ok(wait.await.expect("an answer")) }
        };
        let first = cache.get("a".to_owned(), &mut fetch);
        let second = cache.get("a".to_owned(), || async { unreachable!("it is under way") });
        let (first, second, ()) = tokio::join!(first, second, async {
            answer.send(7).expect("somebody waits");
        });
        assert_eq!(
            (*first.0.expect("seven"), *second.0.expect("seven")),
            (7, 7)
        );
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_dropped_and_errors_are_not_kept() {
        let cache: Cache<u32> = Cache::new(10, MINUTE);
        let (answer, wait) = oneshot::channel::<u32>();
        let work = cache.get("a".to_owned(), || async move {
            wait.await.map_err(|_| HubError::Ended)
        });
        tokio::select! {
            biased;
            _ = work => unreachable!("nothing was answered"),
            () = std::future::ready(()) => {}
        }
        assert!(answer.is_closed(), "the work was dropped");
        let failing = cache.get("a".to_owned(), || async { Err(HubError::Ended) });
        assert!(failing.await.0.is_err());
        assert!(!known(&cache, "a").await);
    }
}
