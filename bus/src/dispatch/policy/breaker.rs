//! `throttle = "5 failures/10m"`: a circuit breaker (Nygard, Release It!).
use super::keyed::{Entry, Key, Shards};
use super::now::nanos;
use super::timeout::is_too_late;
use crate::command::{Answer, Command, Error};
use std::future::{Future, poll_fn};
use std::pin::pin;
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
#[derive(Clone, Copy, Debug)]
struct Circuit {
    failures: u32,
    /// When the window ends.
    window_until: u64,
    /// Until when all are refused; 0 while closed.
    open_until: u64,
    /// Until when the one that tries has the circuit for itself; 0 if none does.
    probe_until: u64,
}

/// How a dispatch was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// The circuit was closed.
    Closed,
    /// To try whether it may close; with the `probe_until` that it has the circuit until.
    Probe(u64),
}

impl Entry for Circuit {
    fn idle_from(&self) -> u64 {
        self.window_until.max(self.open_until).max(self.probe_until)
    }
}

impl Circuit {
    const CLOSED: Self = Self {
        failures: 0,
        window_until: 0,
        open_until: 0,
        probe_until: 0,
    };

    /// Lets a dispatch through, or says how long to wait. After an open time exactly one
    /// passes; if it never reports back another may try a period later.
    fn enter(&mut self, limits: Limits, now: u64) -> Result<Pass, Duration> {
        if self.open_until == 0 {
            return Ok(Pass::Closed);
        }
        let closed_until = self.open_until.max(self.probe_until);
        if now < closed_until {
            return Err(Duration::from_nanos(closed_until - now));
        }
        self.probe_until = now.saturating_add(limits.period);
        Ok(Pass::Probe(self.probe_until))
    }

    /// Takes the report of a dispatch. One that was let through before the circuit opened
    /// says nothing about the time since, nor does a probe that another has replaced.
    fn leave(&mut self, pass: Pass, how: End, limits: Limits, now: u64) {
        match pass {
            Pass::Closed if self.open_until == 0 && how == End::Failed => {
                self.count_failure(limits, now);
            }
            Pass::Probe(until) if self.probe_until == until => match how {
                End::Succeeded => *self = Self::CLOSED,
                End::Failed => {
                    self.open_until = now.saturating_add(limits.period);
                    self.probe_until = 0;
                }
                // It told nothing about the handler's health: another may try.
                End::Abandoned => self.probe_until = 0,
            },
            _ => {}
        }
    }

    fn count_failure(&mut self, limits: Limits, now: u64) {
        if now >= self.window_until {
            (self.failures, self.window_until) = (0, now.saturating_add(limits.period));
        }
        self.failures += 1;
        if self.failures >= limits.failures {
            self.open_until = now.saturating_add(limits.period);
        }
    }
}

/// How a dispatch ended, for the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum End {
    /// The handler is well.
    Succeeded,
    /// The handler is not: it failed for a reason that counts, took too long, or panicked.
    Failed,
    /// Nothing is known: cancelled, or failed for a reason that does not count.
    Abandoned,
}

/// Reports to the circuit when it is dropped: a dispatch that is cancelled or panics
/// must not keep the circuit to itself.
struct Report<F: FnMut(End), L: Fn() -> End> {
    report: F,
    how: Option<End>,
    /// What to report of one that a time-out around it has ended.
    late: L,
    /// It began in the last step of what took too long already: that is not its fault.
    began_late: bool,
}

impl<F: FnMut(End), L: Fn() -> End> Report<F, L> {
    /// Whether a time-out around it ends it here and now.
    fn is_late(&self) -> bool {
        is_too_late() && !self.began_late
    }
}

impl<F: FnMut(End), L: Fn() -> End> Drop for Report<F, L> {
    fn drop(&mut self) {
        let how = match self.how {
            Some(how) => how,
            None if self.is_late() => (self.late)(),
            None => End::Abandoned,
        };
        (self.report)(how);
    }
}

async fn watch<T>(
    report: impl FnMut(End),
    judge: impl FnOnce(&T) -> End,
    late: impl Fn() -> End,
    work: impl Future<Output = T>,
) -> T {
    let mut report = Report {
        report,
        how: None,
        late,
        began_late: is_too_late(),
    };
    let mut work = pin!(work);
    let answer = poll_fn(|task| {
        // A panic leaves this as it is; being dropped while waiting does not.
        report.how = Some(End::Failed);
        let poll = work.as_mut().poll(task);
        report.how = None;
        poll
    })
    .await;
    // What a worker's time-out let take one last step answers too late.
    report.how = match report.is_late() {
        true => None,
        false => Some(judge(&answer)),
    };
    answer
}

fn judge<C: Command>(counts: impl Fn(&Error<C::Error>) -> bool) -> impl FnOnce(&Answer<C>) -> End {
    move |answer| match answer {
        Ok(_) => End::Succeeded,
        Err(error) if counts(error) => End::Failed,
        Err(_) => End::Abandoned,
    }
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
            circuit: Mutex::new(Circuit::CLOSED),
        }
    }

    /// Runs `work` if the circuit is closed; an error for which `counts` is a failure, and
    /// so are a panic and a time-out around it.
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
        let pass = circuit().enter(limits, nanos()).map_err(open::<C>)?;
        let report = |how| circuit().leave(pass, how, limits, nanos());
        watch(report, judge::<C>(counts), || End::Failed, work).await
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
        self.guard(key, judge::<C>(counts), || End::Failed, work)
            .await
            .map_err(open::<C>)?
    }

    /// Runs any `work` if the circuit of this key is closed, else says how long it is open;
    /// `late` says what it means that a time-out around it has ended it.
    pub(in super::super) async fn guard<T>(
        &self,
        key: Key,
        judge: impl FnOnce(&T) -> End,
        late: impl Fn() -> End,
        work: impl Future<Output = T>,
    ) -> Result<T, Duration> {
        let limits = self.limits;
        let now = nanos();
        let pass = self.circuits.update(key, now, |circuit| {
            let mut circuit = circuit.unwrap_or(Circuit::CLOSED);
            let pass = circuit.enter(limits, now);
            (circuit, pass)
        })?;
        let report = |how| {
            let now = nanos();
            self.circuits.update(key, now, |circuit| {
                let mut circuit = circuit.unwrap_or(Circuit::CLOSED);
                circuit.leave(pass, how, limits, now);
                (circuit, ())
            });
        };
        Ok(watch(report, judge, late, work).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures: 3,
        period: 100,
    };

    impl Circuit {
        fn end(&mut self, pass: Pass, how: End, now: u64) {
            self.leave(pass, how, LIMITS, now);
        }
    }

    fn opened(at: u64) -> Circuit {
        let mut circuit = Circuit::CLOSED;
        for _ in 0..LIMITS.failures {
            circuit.end(Pass::Closed, End::Failed, at);
        }
        circuit
    }

    #[test]
    fn opens_after_the_failures_and_closes_after_one_success() {
        let mut circuit = Circuit::CLOSED;
        for now in 0..3 {
            let pass = circuit.enter(LIMITS, now).unwrap();
            circuit.end(pass, End::Failed, now);
        }
        assert_eq!(circuit.enter(LIMITS, 50), Err(Duration::from_nanos(52)));
        let probe = circuit.enter(LIMITS, 102).expect("one may try");
        assert!(circuit.enter(LIMITS, 103).is_err(), "and only one");
        circuit.end(probe, End::Succeeded, 103);
        assert_eq!(circuit.enter(LIMITS, 104), Ok(Pass::Closed));
    }

    #[test]
    fn a_failed_try_opens_it_again_and_an_abandoned_one_lets_another_try() {
        let mut circuit = opened(0);
        let probe = circuit.enter(LIMITS, 100).unwrap();
        circuit.end(probe, End::Failed, 110);
        assert_eq!(circuit.enter(LIMITS, 120), Err(Duration::from_nanos(90)));
        let probe = circuit.enter(LIMITS, 210).unwrap();
        circuit.end(probe, End::Abandoned, 210);
        assert!(circuit.enter(LIMITS, 211).is_ok());
    }

    #[test]
    fn stragglers_from_before_it_opened_change_nothing() {
        let mut circuit = opened(0);
        circuit.end(Pass::Closed, End::Succeeded, 10);
        circuit.end(Pass::Closed, End::Failed, 90);
        assert_eq!(circuit.enter(LIMITS, 99), Err(Duration::from_nanos(1)));
        let probe = circuit.enter(LIMITS, 100).unwrap();
        circuit.end(Pass::Closed, End::Abandoned, 101);
        assert!(circuit.enter(LIMITS, 102).is_err(), "the probe is out");
        // It is late, so another tries; what the first says then does not count.
        let second = circuit.enter(LIMITS, 250).unwrap();
        circuit.end(probe, End::Succeeded, 251);
        assert!(circuit.enter(LIMITS, 252).is_err());
        circuit.end(second, End::Succeeded, 253);
        assert_eq!(circuit.enter(LIMITS, 254), Ok(Pass::Closed));
    }

    #[test]
    fn old_failures_do_not_count() {
        let mut circuit = Circuit::CLOSED;
        for now in [0, 60, 120, 180, 240] {
            circuit.end(Pass::Closed, End::Failed, now);
            assert!(circuit.enter(LIMITS, now).is_ok(), "at {now}");
        }
    }
}
