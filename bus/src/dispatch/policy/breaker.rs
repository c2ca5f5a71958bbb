//! `throttle = "5 failures/10m"`: a circuit breaker (Nygard, Release It!).
use super::keyed::{Entry, Key, Shards};
use super::now::nanos;
use crate::command::{Answer, Command, Error};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// After so many failures in a period, dispatches are refused for as long as the period;
/// then one is let through to try: if it succeeds the circuit closes, else it stays open
/// for another period.
#[derive(Clone, Copy, Debug)]
struct Limits {
    failures: u32,
    period: u64,
}

/// The state of one circuit. The count of failures is that of the current window, which
/// begins with the first failure and lasts one period.
#[derive(Clone, Copy, Debug, Default)]
struct Circuit {
    failures: u32,
    /// When the window began.
    since: u64,
    /// Until when all are refused; 0 while closed.
    open_until: u64,
    /// Until when the one that tries has the circuit for itself.
    probe_until: u64,
}

impl Entry for Circuit {
    fn idle_from(&self) -> u64 {
        self.since.max(self.open_until).max(self.probe_until)
    }
}

impl Circuit {
    /// Lets a dispatch through, or says how long to wait. After an open time exactly one
    /// passes; if it never reports back another may try a period later.
    fn enter(&mut self, limits: Limits, now: u64) -> Result<(), Duration> {
        if self.open_until == 0 {
            return Ok(());
        }
        let closed_until = self.open_until.max(self.probe_until);
        if now < closed_until {
            return Err(Duration::from_nanos(closed_until - now));
        }
        self.probe_until = now + limits.period;
        Ok(())
    }

    fn succeeded(&mut self) {
        if self.open_until != 0 {
            *self = Self::default();
        }
    }

    fn failed(&mut self, limits: Limits, now: u64) {
        if self.open_until != 0 {
            // The one that tried failed too.
            self.open_until = now + limits.period;
            self.probe_until = 0;
            return;
        }
        if now.saturating_sub(self.since) >= limits.period {
            (self.failures, self.since) = (0, now);
        }
        self.failures += 1;
        if self.failures >= limits.failures {
            self.open_until = now + limits.period;
        }
    }

    /// A dispatch that ended without telling anything about the handler's health.
    fn abandoned(&mut self) {
        self.probe_until = 0;
    }
}

/// How a dispatch ended, for the circuit.
#[derive(Clone, Copy)]
enum End {
    Succeeded,
    Failed,
    Abandoned,
}

fn end(circuit: &mut Circuit, limits: Limits, how: End) {
    match how {
        End::Succeeded => circuit.succeeded(),
        End::Failed => circuit.failed(limits, nanos()),
        End::Abandoned => circuit.abandoned(),
    }
}

/// Reports to the circuit when it is dropped: a dispatch that is cancelled or panics
/// must not keep the circuit to itself.
struct Report<F: FnMut(End)> {
    report: F,
    how: End,
}

impl<F: FnMut(End)> Drop for Report<F> {
    fn drop(&mut self) {
        (self.report)(self.how);
    }
}

async fn watch<C: Command>(
    report: impl FnMut(End),
    counts: impl Fn(&Error<C::Error>) -> bool,
    work: impl Future<Output = Answer<C>>,
) -> Answer<C> {
    let mut report = Report {
        report,
        how: End::Abandoned,
    };
    let answer = work.await;
    report.how = match &answer {
        Ok(_) => End::Succeeded,
        Err(error) if counts(error) => End::Failed,
        Err(_) => End::Abandoned,
    };
    answer
}

fn open<C: Command>(retry_after: Duration) -> Error<C::Error> {
    Error::CircuitOpen {
        command: C::DESCRIPTOR,
        retry_after,
    }
}

/// The circuit of one command in this process.
#[derive(Debug)]
pub struct Breaker {
    limits: Limits,
    circuit: Mutex<Circuit>,
}

impl Breaker {
    /// Opens after `failures` in `period` nanoseconds.
    pub const fn new(failures: u32, period: u64) -> Self {
        Self {
            limits: Limits { failures, period },
            circuit: Mutex::new(Circuit {
                failures: 0,
                since: 0,
                open_until: 0,
                probe_until: 0,
            }),
        }
    }

    /// Runs `work` if the circuit is closed; an error for which `counts` is a failure.
    ///
    /// # Errors
    /// `Error::CircuitOpen`, or the work's own.
    pub async fn run<C: Command>(
        &self,
        counts: impl Fn(&Error<C::Error>) -> bool,
        work: impl Future<Output = Answer<C>>,
    ) -> Answer<C> {
        let limits = self.limits;
        let circuit = || self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
        circuit().enter(limits, nanos()).map_err(open::<C>)?;
        watch::<C>(|how| end(&mut circuit(), limits, how), counts, work).await
    }
}

/// The circuits of one command in this process, one a key.
#[derive(Debug)]
pub struct KeyedBreaker {
    limits: Limits,
    circuits: Shards<Circuit>,
}

impl KeyedBreaker {
    /// Each opens after `failures` in `period` nanoseconds.
    pub const fn new(failures: u32, period: u64) -> Self {
        Self {
            limits: Limits { failures, period },
            circuits: Shards::new(),
        }
    }

    /// Runs `work` if the circuit of this key is closed.
    ///
    /// # Errors
    /// `Error::CircuitOpen`, or the work's own.
    pub async fn run<C: Command>(
        &self,
        key: Key,
        counts: impl Fn(&Error<C::Error>) -> bool,
        work: impl Future<Output = Answer<C>>,
    ) -> Answer<C> {
        let limits = self.limits;
        let now = nanos();
        let entered = self.circuits.update(key, now, |circuit| {
            let mut circuit = circuit.unwrap_or_default();
            let entered = circuit.enter(limits, now);
            (circuit, entered)
        });
        entered.map_err(open::<C>)?;
        let report = |how| {
            self.circuits.update(key, nanos(), |circuit| {
                let mut circuit = circuit.unwrap_or_default();
                end(&mut circuit, limits, how);
                (circuit, ())
            });
        };
        watch::<C>(report, counts, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures: 3,
        period: 100,
    };

    #[test]
    fn opens_after_the_failures_and_closes_after_one_success() {
        let mut circuit = Circuit::default();
        for now in 0..3 {
            assert!(circuit.enter(LIMITS, now).is_ok());
            circuit.failed(LIMITS, now);
        }
        assert_eq!(circuit.enter(LIMITS, 50), Err(Duration::from_nanos(52)));
        assert!(circuit.enter(LIMITS, 102).is_ok(), "one may try");
        assert!(circuit.enter(LIMITS, 103).is_err(), "and only one");
        circuit.succeeded();
        assert!(circuit.enter(LIMITS, 104).is_ok());
    }

    #[test]
    fn a_failed_try_opens_it_again_and_an_abandoned_one_lets_another_try() {
        let mut circuit = Circuit {
            open_until: 100,
            ..Circuit::default()
        };
        assert!(circuit.enter(LIMITS, 100).is_ok());
        circuit.failed(LIMITS, 110);
        assert_eq!(circuit.enter(LIMITS, 120), Err(Duration::from_nanos(90)));
        assert!(circuit.enter(LIMITS, 210).is_ok());
        circuit.abandoned();
        assert!(circuit.enter(LIMITS, 211).is_ok());
    }

    #[test]
    fn old_failures_do_not_count() {
        let mut circuit = Circuit::default();
        for now in [0, 60, 120, 180, 240] {
            circuit.failed(LIMITS, now);
            assert!(circuit.enter(LIMITS, now).is_ok(), "at {now}");
        }
    }
}
