//! What a scripted handler does: take its time, fail, panic; and what it was asked.
use bus::BoxError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The behaviour of a scripted handler, and a record of its runs. Clones share one: one goes
/// into the bus as state, the test keeps another.
#[derive(Clone, Debug)]
pub struct Script(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    takes: Duration,
    end: End,
    running: u32,
    most_at_once: u32,
    order: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Answers,
    Fails,
    /// Fails until so many runs have begun.
    FailsFirst(usize),
    Panics(&'static str),
}

impl Script {
    fn new(takes: Duration, end: End) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            takes,
            end,
            running: 0,
            most_at_once: 0,
            order: Vec::new(),
        })))
    }

    /// Answers its argument after this time; at once, if it is zero.
    pub fn takes(time: Duration) -> Self {
        Self::new(time, End::Answers)
    }

    /// Fails at once.
    pub fn fails() -> Self {
        Self::new(Duration::ZERO, End::Fails)
    }

    /// Panics at once.
    pub fn panics(message: &'static str) -> Self {
        Self::new(Duration::ZERO, End::Panics(message))
    }

    /// Takes the behaviour of `other` from now on, and the time.
    pub fn set(&self, other: &Self) {
        let (takes, end) = {
            let other = other.lock();
            (other.takes, other.end)
        };
        let mut inner = self.lock();
        (inner.takes, inner.end) = (takes, end);
    }

    /// Takes this time from now on, whatever the end.
    pub fn set_time(&self, time: Duration) {
        self.lock().takes = time;
    }

    /// Fails in each run until `runs` have begun in all, and answers after that.
    pub fn fail_first(&self, runs: usize) {
        self.lock().end = End::FailsFirst(runs);
    }

    /// How many runs have begun.
    pub fn runs(&self) -> usize {
        self.lock().order.len()
    }

    /// How many are running.
    pub fn running(&self) -> u32 {
        self.lock().running
    }

    /// How many have been running at the same time.
    pub fn most_at_once(&self) -> u32 {
        self.lock().most_at_once
    }

    /// The argument of each run, in the order in which they began.
    pub fn order(&self) -> Vec<u32> {
        self.lock().order.clone()
    }

    /// One run: what the handler calls.
    pub async fn run(&self, argument: u32) -> Result<u32, BoxError> {
        let (takes, end) = {
            let mut inner = self.lock();
            inner.order.push(argument);
            inner.running += 1;
            inner.most_at_once = inner.most_at_once.max(inner.running);
            (inner.takes, inner.end)
        };
        let _running = Running(self);
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        match end {
            End::Answers => Ok(argument),
            End::FailsFirst(runs) if self.runs() > runs => Ok(argument),
            End::Fails | End::FailsFirst(_) => Err("the script fails".into()),
            End::Panics(message) => panic!("{message}"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a run out, however it ends.
struct Running<'s>(&'s Script);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}
