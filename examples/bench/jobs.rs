//! The jobs that are measured: they do nothing, or note when they began.
use bus::prelude::*;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Does nothing. About fifty bytes of JSON, as most jobs are: a few ids.
#[job(name = "bench.noop")]
pub(crate) struct Noop {
    pub order: u64,
    pub note: String,
}

impl Noop {
    pub(crate) fn number(order: u64) -> Self {
        Self {
            order,
            note: "a parcel for the fourth floor".to_owned(),
        }
    }
}

#[handler]
async fn noop(_: Noop) {}

/// Notes how long ago it was dispatched.
#[job(name = "bench.timed")]
pub(crate) struct Timed {
    /// Nanoseconds since 1970; 0: not counted, it only warms up.
    pub dispatched: u64,
    pub note: String,
}

impl Timed {
    pub(crate) fn now() -> Self {
        Self::at(nanoseconds())
    }

    pub(crate) fn uncounted() -> Self {
        Self::at(0)
    }

    fn at(dispatched: u64) -> Self {
        Self {
            dispatched,
            note: "a parcel".to_owned(),
        }
    }
}

static LATENCIES: Mutex<Vec<u64>> = Mutex::new(Vec::new());

#[handler]
async fn timed(job: Timed) {
    if job.dispatched > 0 {
        let late = nanoseconds().saturating_sub(job.dispatched);
        let mut all = LATENCIES.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(late);
    }
}

/// What the jobs noted since this was asked last.
pub(crate) fn take_latencies() -> Vec<u64> {
    std::mem::take(&mut *LATENCIES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// How many jobs have noted something.
pub(crate) fn latencies() -> usize {
    LATENCIES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .len()
}

/// By the clock that all processes of a machine share.
fn nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// Fails, and is dead then: for tables full of dead jobs.
#[job(name = "bench.failing", queue = "dead")]
pub(crate) struct Failing {
    pub order: u64,
}

#[handler]
async fn fail(_: Failing) -> Result<(), bus::BoxError> {
    Err("meant to fail".into())
}
