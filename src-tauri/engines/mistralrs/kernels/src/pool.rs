//! Threads that all run the same closure, and wait for the next one in a short loop before they sleep.
//!
//! A token costs some two hundred products of a tenth of a millisecond each. Waking a sleeping thread
//! for each of them would cost as much again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Turns of the waiting loop before a thread sleeps: about 50 microseconds.
const SPINS: u32 = 4_000;

/// A fixed number of threads, the caller's included. Dropping it ends the others.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// One closure at a time.
    turn: Mutex<()>,
}

struct Shared {
    /// Counts closures; changes when there is a new one.
    epoch: AtomicUsize,
    /// Threads, without the caller's, that have not finished the closure.
    running: AtomicUsize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    is_over: bool,
    panic: Option<Box<dyn Any + Send>>,
}

/// The closure of the caller, who waits until nobody uses it any more.
#[derive(Clone, Copy)]
struct Job(*const (dyn Fn(usize) + Sync));

// SAFETY: what it points to is `Sync`, and lives until every thread is done with it (see `Pool::run`).
unsafe impl Send for Job {}

impl Pool {
    /// A pool of `threads` threads, at least one, the caller's included.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            epoch: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            state: Mutex::default(),
            wake: Condvar::new(),
        });
        let threads = (1..threads.max(1))
            .map(|index| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("kernel-{index}"))
                    .spawn(move || shared.work(index))
                    .expect("a thread can be started when a model is loaded")
            })
            .collect();
        Self {
            shared,
            threads,
            turn: Mutex::default(),
        }
    }

    /// How many threads there are, the caller's included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.threads.len() + 1
    }

    /// Never: the caller's thread is one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Runs `body` once on every thread, with the thread's number, and returns when all are done.
    ///
    /// # Panics
    /// With the panic of a thread, after all are done.
    pub fn run(&self, body: &(dyn Fn(usize) + Sync)) {
        if self.threads.is_empty() {
            return body(0);
        }
        let _turn = lock(&self.turn);
        // SAFETY: only the lifetime changes. The threads use the closure between the change of `epoch`
        // and their decrement of `running`, and this function returns only when `running` is 0.
        let job = Job(unsafe {
            std::mem::transmute::<
                *const (dyn Fn(usize) + Sync + '_),
                *const (dyn Fn(usize) + Sync + 'static),
            >(body)
        });
        self.shared
            .running
            .store(self.threads.len(), Ordering::Relaxed);
        {
            let mut state = lock(&self.shared.state);
            state.job = Some(job);
            self.shared.epoch.fetch_add(1, Ordering::Release);
        }
        self.shared.wake.notify_all();
        let own = catch_unwind(AssertUnwindSafe(|| body(0)));
        let mut turns = 0;
        while self.shared.running.load(Ordering::Acquire) > 0 {
            turns += 1;
            // On a busy machine the thread waited for may need this one's core.
            if turns % SPINS == 0 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
        let other = {
            let mut state = lock(&self.shared.state);
            state.job = None;
            state.panic.take()
        };
        if let Some(panic) = own.err().or(other) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        {
            let mut state = lock(&self.shared.state);
            state.is_over = true;
            self.shared.epoch.fetch_add(1, Ordering::Release);
        }
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A thread catches the panics of what it runs.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self, index: usize) {
        let mut seen = 0;
        loop {
            seen = self.wait(seen);
            let job = {
                let state = lock(&self.state);
                if state.is_over {
                    return;
                }
                state.job
            };
            if let Some(job) = job {
                // SAFETY: the caller of `run` keeps the closure until `running` is 0.
                let body = unsafe { &*job.0 };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(index))) {
                    lock(&self.state).panic = Some(panic);
                }
                self.running.fetch_sub(1, Ordering::Release);
            }
        }
    }

    /// Waits until the epoch is another than `seen`.
    fn wait(&self, seen: usize) -> usize {
        for _ in 0..SPINS {
            let epoch = self.epoch.load(Ordering::Acquire);
            if epoch != seen {
                return epoch;
            }
            std::hint::spin_loop();
        }
        let mut state = lock(&self.state);
        loop {
            let epoch = self.epoch.load(Ordering::Acquire);
            if epoch != seen {
                return epoch;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn every_thread_runs_every_closure_once() {
        let pool = Pool::new(4);
        for round in 0..2_000u64 {
            let sum = AtomicU64::new(0);
            pool.run(&|index| {
                sum.fetch_add(round + index as u64, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 4 * round + 6);
        }
    }

    #[test]
    fn sleeping_threads_wake() {
        let pool = Pool::new(3);
        let count = AtomicU64::new(0);
        let add = |_: usize| {
            count.fetch_add(1, Ordering::Relaxed);
        };
        pool.run(&add);
        // Long enough for the waiting loop to end on any machine: it counts turns, not time.
        for _ in 0..SPINS * 50 {
            std::hint::spin_loop();
        }
        pool.run(&add);
        assert_eq!(count.into_inner(), 6);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = Pool::new(2);
        for culprit in [0, 1] {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.run(&|index| assert!(index != culprit, "thread {index}"));
            }));
            let message = outcome.expect_err("a panic");
            let message = message.downcast_ref::<String>().expect("a text");
            assert_eq!(message, &format!("thread {culprit}"));
        }
        let count = AtomicU64::new(0);
        pool.run(&|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 2);
    }
}
