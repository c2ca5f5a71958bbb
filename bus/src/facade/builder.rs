//! Puts a bus together and checks that every linked handler finds what it needs.
use super::bus::Bus;
use crate::clock::{Clock, SharedClock};
use crate::dispatch::{Middleware, Row, Stack};
use crate::driver::Driver;
use crate::extensions::Extensions;
use crate::queue::{PrincipalCodec, Source, Store};
use crate::registry::{Problem, Unwired, missing_state, with_sources};
use crate::telemetry::Board;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// Puts a [`Bus`] together.
///
/// `M` are the middleware given so far, as types: a dispatch then goes through all of them with
/// one allocation. One that is there on a condition is an `Option` (`.middleware(on.then(Trace::new))`).
#[derive(Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder<M = ()> {
    state: Extensions,
    middleware: M,
    partial: bool,
    source: Option<Source>,
    manual_migration: bool,
    clock: Option<SharedClock>,
    principal: Option<PrincipalCodec>,
}

impl<M> Builder<M> {
    /// Gives the bus a value for handlers to take as `&T` or `State<T>`; one of the same
    /// type is replaced.
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.state.insert(state);
        self
    }

    /// Gives the bus a value that is shared already.
    pub fn state_arc<T: Send + Sync + 'static>(mut self, state: Arc<T>) -> Self {
        self.state.insert_arc(state);
        self
    }

    /// Puts a middleware around every dispatch, inside those given before.
    pub fn middleware<N: Middleware>(self, middleware: N) -> Builder<(M, N)> {
        Builder {
            state: self.state,
            middleware: (self.middleware, middleware),
            partial: self.partial,
            source: self.source,
            manual_migration: self.manual_migration,
            clock: self.clock,
            principal: self.principal,
        }
    }

    /// Admits handlers whose state is not given: dispatching to one answers
    /// `Error::Missing`. For tests that exercise a part of a program.
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Where jobs are stored: `memory:`, `sqlite://path`, `postgres://…` or `redis://…`.
    /// [`build`](Self::build) opens it and brings its schema up to date.
    ///
    /// Without it the store is the one that the environment variable `BUS_URL` names, else the
    /// file `bus.db` beside the program; it is opened when the first job is dispatched or the
    /// first worker starts.
    pub fn store(mut self, url: impl Into<String>) -> Self {
        self.source = Some(Source::Url(url.into()));
        self
    }

    /// Where jobs are stored, as an open driver: one of the user's own, or one that several buses
    /// share.
    pub fn driver(mut self, driver: Arc<dyn Driver>) -> Self {
        self.source = Some(Source::Open(driver));
        self
    }

    /// Leaves the store's schema as it is, for programs that may not change it: another calls
    /// [`Bus::migrate`] when a new version is deployed.
    pub fn manual_migration(mut self) -> Self {
        self.manual_migration = true;
        self
    }

    /// Tells the time of everything that is stored: when jobs are due, leases, retention. For
    /// tests, which turn it by hand. Timeouts are measured by tokio's clock.
    ///
    /// Without it the machine's clock does, corrected by that of the store where the store has one
    /// (PostgreSQL, Redis): machines whose clocks differ agree on what is due and who is late.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Lets principals of this type travel with jobs: a job that is dispatched on behalf of
    /// someone is run on behalf of the same. They are stored in the clear, as JSON.
    pub fn principal<P: Serialize + DeserializeOwned + Send + Sync + 'static>(mut self) -> Self {
        self.principal = Some(PrincipalCodec::of::<P>());
        self
    }

    /// Checks the wiring and makes the bus.
    ///
    /// # Errors
    /// [`Unwired`] with everything that is missing, each with its file and line; with the reason,
    /// if the store cannot be opened.
    pub async fn build(mut self) -> Result<Bus, Unwired>
    where
        M: Row,
    {
        let lazy = self.source.is_none();
        let source = self.source.unwrap_or(Source::Environment);
        let store = Store::new(source, !self.manual_migration, self.clock, self.principal);
        // A handler may need it, as all other state.
        self.state.insert(store.clone());
        let mut problems = Vec::new();
        if !self.partial {
            problems = missing_state(&self.state);
        }
        if !lazy && let Err(error) = store.driver().await {
            problems.push(Problem::NoStore(with_sources(&error)));
        }
        if !problems.is_empty() {
            return Err(Unwired::new(problems));
        }
        if let Some(stack) = Stack::new(self.middleware) {
            self.state.set_around(stack);
        }
        self.state.insert_arc(Arc::new(Board::default()));
        Ok(Bus::new(self.state))
    }
}

impl<M> fmt::Debug for Builder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("state", &self.state)
            .field("middleware", &std::any::type_name::<M>())
            .field("partial", &self.partial)
            .finish_non_exhaustive()
    }
}
