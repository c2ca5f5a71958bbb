//! The one task that talks to the store about jobs: outcomes out, new jobs in, with one call where
//! both are due.

use std::sync::Arc;
use std::time::Duration;

use super::config::Config;
use super::execute::Surroundings;
use super::hub::Hub;
use super::outcome::cut_off;
use super::queues::Queues;
use super::settle::{Outbox, Pace};
use super::wait::State;
use super::work::Signals;
use crate::clock;
use crate::driver::{Claims, Driver, DriverError, MAX_BATCH, Wakes};
use crate::queue::cancelled_unbegun;
use crate::registry::with_sources;
use crate::telemetry::{Board, Pulse, Stats};

/// While jobs are at hand and the store has more, outcomes may wait so long for the next claim:
/// then one call does both.
pub(super) const LINGER: Duration = Duration::from_millis(2);
/// How often to look for queues that are new to a worker of all queues.
const DISCOVER: Duration = Duration::from_secs(5);
/// How often to look for jobs at the least, even if wake-ups are complete.
const BACKSTOP: Duration = Duration::from_secs(30);
/// What blocks its thread cannot be ended: after the grace it is left alone so soon.
const STUBBORN: Duration = Duration::from_secs(1);

/// The pump with all it needs.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) hub: Arc<Hub>,
    pub(super) around: Arc<Surroundings>,
    pub(super) board: Arc<Board>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) queues: Queues,
    pub(super) config: Config,
    pub(super) signals: Signals,
    pub(super) wakes: Wakes,
    pub(super) outbox: Outbox,
    pub(super) pace: Pace,
    pub(super) state: State,
}

impl Pump {
    /// Works until told to stop, or until its limits are reached; nothing is in hand then, but what
    /// blocks its thread beyond the grace.
    pub(super) async fn run(&mut self) {
        loop {
            if self.signals.stop.is_cancelled() {
                self.begin_to_drain();
            }
            if self.is_over() && !self.woken_meanwhile() {
                return;
            }
            self.discover().await;
            if self.round().await {
                continue;
            }
            self.wait().await;
        }
    }

    /// One call to the store, if one is due; whether it was.
    async fn round(&mut self) -> bool {
        let certain = self.certain().await;
        let want = self.gather(certain);
        let (settlements, now) = (self.outbox.batch(), self.around.store.now());
        let worker = self.around.worker;
        match (settlements.is_empty(), want) {
            (true, 0) => !certain,
            (true, _) => {
                let request = self.queues.request(want);
                let claims = self.driver.claim(worker, &request, now).await;
                self.claimed(want, claims).await;
                true
            }
            (false, 0) => {
                self.settle().await;
                true
            }
            (false, _) => {
                let request = self.queues.request(want);
                let both = self
                    .driver
                    .settle_and_claim(worker, settlements, &request, now);
                match both.await {
                    Ok((settled, claims)) => {
                        self.settled(&settled);
                        self.claimed(want, claims).await;
                    }
                    Err(error) => {
                        // It may have claimed as well.
                        self.hub.lock().unsure = true;
                        self.not_settled(error).await;
                    }
                }
                true
            }
        }
    }

    /// Moves outcomes to the outbox and says how many jobs to ask for: none while the worker is not
    /// `certain` of what it holds.
    fn gather(&mut self, certain: bool) -> usize {
        let alive = self.pulse.is_alive(self.around.store.now());
        let ahead = self.pace.ahead(self.config.prefetch);
        if !alive {
            self.hub.lapsed();
        }
        let mut inner = self.hub.lock();
        self.hub.listen(&mut inner, None);
        let left = self.state.left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        let hungry = alive && inner.hungry && !inner.closing;
        let want = match certain && hungry && inner.ready.len() <= ahead / 2 {
            true => self.hub.room(&inner, ahead).min(MAX_BATCH).min(left),
            false => 0,
        };
        let soon = want == 0 && hungry && !inner.ready.is_empty();
        let patient = soon && inner.done.len() < MAX_BATCH / 2 && !self.pace.lingered(LINGER);
        if patient {
            self.hub.listen(&mut inner, Some(ahead / 2));
        } else if self.outbox.is_empty() {
            inner.take_done(MAX_BATCH, self.outbox.empty_batch());
            self.pace.done(self.outbox.batch().len());
        }
        want
    }

    /// Makes sure that the worker knows what it holds; false if it has to try again.
    async fn certain(&mut self) -> bool {
        {
            let inner = self.hub.lock();
            if !inner.unsure || inner.reserved > 0 {
                return true;
            }
        }
        let held = self.hub.held();
        let now = self.around.store.now();
        match self.driver.disown(self.around.worker, &held, now).await {
            Ok(_) => {
                self.hub.lock().unsure = false;
                true
            }
            Err(error) => {
                self.failed("disown", &error).await;
                // Outcomes are settled all the same; only claims wait.
                false
            }
        }
    }

    async fn settle(&mut self) {
        let now = self.around.store.now();
        let batch = self.outbox.batch();
        match self.driver.settle(self.around.worker, batch, now).await {
            Ok(settled) => self.settled(&settled),
            Err(error) => self.not_settled(error).await,
        }
    }

    fn settled(&mut self, settled: &[crate::driver::Settled]) {
        let stats = self.outbox.settled(settled);
        self.board.counters.add(&stats);
        let mut inner = self.hub.lock();
        if self.outbox.is_empty() {
            inner.settled();
        }
        // It was taken for lost: the store may count as its own what it does not know of.
        inner.unsure |= stats.lease_lost > 0;
        drop(inner);
        self.recovered();
    }

    async fn not_settled(&mut self, error: DriverError) {
        if !error.is_transient() && self.outbox.batch().len() == 1 {
            // The one that cannot be settled is left to its lease; the others go on.
            let lost = self.outbox.give_up();
            tracing::error!(job = ?lost, error = with_sources(&error), "an outcome cannot be settled");
            if self.outbox.is_empty() {
                self.hub.lock().settled();
            }
        } else if !error.is_transient() {
            self.outbox.split();
        }
        self.failed("settle", &error).await;
    }

    async fn claimed(&mut self, want: usize, claims: Result<Claims, DriverError>) {
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => {
                self.hub.lock().unsure |= error.is_transient();
                return self.failed("claim", &error).await;
            }
        };
        self.recovered();
        let count = u64::try_from(claims.jobs.len()).unwrap_or(u64::MAX);
        let more = Stats {
            claimed: count,
            ..Stats::default()
        };
        self.board.counters.add(&more);
        if let Some(left) = &mut self.state.left {
            *left = left.saturating_sub(count);
        }
        self.hub.lock().hungry = claims.jobs.len() >= want;
        self.state.next_due = claims.next_due;
        self.state.next_poll = clock::instant() + self.poll();
        self.hub.add(claims.jobs, false);
        self.end_unbegun(&claims.cancelled);
    }

    fn end_unbegun(&self, asked: &[crate::id::JobId]) {
        let now = self.around.store.now();
        let unbegun = self.hub.cancel(asked).into_iter();
        let over = unbegun.map(|job| cancelled_unbegun(job.lease, now));
        self.hub.lock().done.extend(over);
    }

    fn recovered(&mut self) {
        if self.state.failures > 0 {
            self.state.failures = 0;
            self.pulse.store_error(None);
        }
    }

    /// The store failed: the worker waits a while, each time longer, and goes on.
    async fn failed(&mut self, what: &str, error: &DriverError) {
        let text = with_sources(error);
        tracing::warn!(
            what,
            error = text,
            "the store failed, the worker tries again"
        );
        self.pulse.store_error(Some(text));
        let more = Stats {
            store_errors: 1,
            ..Stats::default()
        };
        self.board.counters.add(&more);
        let pause = Duration::from_millis(100) * (1 << self.state.failures.min(6));
        self.state.failures += 1;
        tokio::select! {
            () = tokio::time::sleep(pause.min(Duration::from_secs(5))) => {}
            () = self.signals.now.cancelled() => {}
        }
    }

    pub(super) fn poll(&self) -> Duration {
        let driver = self.driver.capabilities().poll.unwrap_or(BACKSTOP);
        self.config.poll.unwrap_or(driver)
    }

    async fn discover(&mut self) {
        if !self.queues.takes_all() || clock::instant() < self.state.next_discovery {
            return;
        }
        self.state.discovered = clock::instant();
        self.state.next_discovery = self.state.discovered + DISCOVER;
        match self.driver.queues().await {
            Ok(found) => {
                let names = found.into_iter().map(|queue| queue.name);
                if self.queues.discovered(names) {
                    self.hub.lock().hungry = true;
                }
            }
            Err(error) => self.failed("queues", &error).await,
        }
    }

    /// No new jobs from now on; what is not begun goes back.
    fn begin_to_drain(&mut self) {
        let at = clock::instant();
        if self.state.grace_ends.is_none() {
            self.state.grace_ends = Some(at + self.config.grace);
            let mut inner = self.hub.lock();
            inner.closing = true;
            let back = self.hub.unbegun(&mut inner);
            let released = back
                .into_iter()
                .map(|job| crate::driver::Settlement::released(job.lease));
            inner.done.extend(released);
        }
        let over = self.state.grace_ends.is_some_and(|end| at >= end);
        if over || self.signals.now.is_cancelled() {
            let mut inner = self.hub.lock();
            let cut = inner.abandon();
            if !cut.is_empty() {
                tracing::warn!(jobs = cut.len(), "jobs are cut off unfinished");
            }
            // An end may make a job that follows, by the user's code: not while the lock is held.
            drop(inner);
            let over: Vec<_> = cut.iter().map(|job| cut_off(job, &self.around)).collect();
            self.hub.lock().done.extend(over);
        }
    }

    fn is_over(&self) -> bool {
        let inner = self.hub.lock();
        if !self.outbox.is_empty() {
            return self.signals.now.is_cancelled() && self.state.failures > 0;
        }
        if inner.closing {
            let stubborn = self.state.grace_ends.map(|end| end + STUBBORN);
            let left_alone = !self.hub.has_outcomes(&inner)
                && (self.signals.now.is_cancelled()
                    || stubborn.is_some_and(|end| clock::instant() >= end));
            return self.hub.is_idle(&inner) || left_alone;
        }
        self.hub.is_idle(&inner)
            && (self.state.left == Some(0) || (self.config.until_empty && !inner.hungry))
    }
}
