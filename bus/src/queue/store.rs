//! The store of a bus, opened when it is first needed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::error::StoreError;
use super::principal::PrincipalCodec;
use super::skew::Skew;
use crate::clock::{self, SharedClock, Sleep, SystemClock, Timestamp};
use crate::driver::{Driver, DriverError, StoreUrl};
use crate::drivers;

/// Where the store comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// `BUS_URL`, else a file beside the program.
    Environment,
    /// This URL.
    Url(String),
    /// It is open already.
    Open(Arc<dyn Driver>),
}

/// The store of a bus with what belongs to it. Part of the bus's state; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    source: Source,
    migrate: bool,
    opened: OnceCell<Arc<dyn Driver>>,
    clock: SharedClock,
    principal: Option<PrincipalCodec>,
    skew: Skew,
}

/// Where jobs go if nobody says anything else.
const DEFAULT_URL: &str = "sqlite://bus.db";

impl Store {
    pub(crate) fn new(
        source: Source,
        migrate: bool,
        clock: Option<SharedClock>,
        principal: Option<PrincipalCodec>,
    ) -> Self {
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        let inner = Inner {
            source,
            migrate,
            opened: OnceCell::new(),
            skew: Skew::new(clock.follows_store()),
            clock,
            principal,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The open store. The first call opens it, and brings its schema up to date unless the
    /// builder said not to; one that failed is tried again by the next call.
    pub(crate) async fn driver(&self) -> Result<&Arc<dyn Driver>, StoreError> {
        let open = || async {
            let driver = self.open().await?;
            if self.inner.migrate {
                driver.migrate().await?;
            }
            self.keep_time(&*driver).await;
            Ok(driver)
        };
        self.inner.opened.get_or_try_init(open).await
    }

    /// The open store, if it was opened.
    pub(crate) fn opened(&self) -> Option<&Arc<dyn Driver>> {
        self.inner.opened.get()
    }

    async fn open(&self) -> Result<Arc<dyn Driver>, StoreError> {
        let url = match &self.inner.source {
            Source::Open(driver) => return Ok(Arc::clone(driver)),
            Source::Url(url) => url.clone(),
            Source::Environment => {
                std::env::var("BUS_URL").unwrap_or_else(|_| DEFAULT_URL.to_owned())
            }
        };
        let url: StoreUrl = url.parse()?;
        Ok(drivers::connect(&url).await?)
    }

    /// The clock of this machine, for pauses; what is stored is told by [`now`](Self::now).
    pub(crate) fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }

    /// The store's time: that of this machine, corrected.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.skew.there(self.inner.clock.now())
    }

    /// Waits until the store's time is `at`.
    pub(crate) fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        self.inner.clock.sleep_until(self.inner.skew.here(at))
    }

    /// The store told its time in an answer to what was sent when this machine's clock showed
    /// `sent`. How far the correction moved.
    pub(crate) fn heard_time(&self, store: Option<Timestamp>, sent: Timestamp) -> Duration {
        let inner = &self.inner;
        let (answered, now) = (inner.clock.now(), clock::instant());
        inner.skew.measured(store, sent, answered, now)
    }

    /// Asks the store for its time now: before what a wrong clock would spoil.
    pub(crate) async fn ask_time(&self, driver: &dyn Driver) -> Result<(), DriverError> {
        if self.inner.skew.is_on() {
            let sent = self.inner.clock.now();
            self.heard_time(driver.ping().await?, sent);
        }
        Ok(())
    }

    /// Asks the store for its time if that is due.
    pub(super) async fn keep_time(&self, driver: &dyn Driver) {
        if self.inner.skew.is_due(clock::instant())
            && let Err(error) = self.ask_time(driver).await
        {
            tracing::debug!(%error, "the store did not tell its time");
        }
    }

    pub(crate) fn principal(&self) -> Option<&PrincipalCodec> {
        self.inner.principal.as_ref()
    }
}

/// The pauses between looks at a store that does not tell: 20 ms, doubling, at most `longest`.
pub(super) fn pauses(longest: Duration) -> impl FnMut() -> Duration {
    let mut next = Duration::from_millis(20).min(longest);
    move || {
        let pause = next;
        next = (next * 2).min(longest);
        pause
    }
}

/// Whether it is worth asking the store again.
pub(super) fn passing(error: &DriverError) -> bool {
    error.is_transient()
}
