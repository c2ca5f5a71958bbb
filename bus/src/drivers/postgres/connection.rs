//! Connections: one a purpose, opened when first used, replaced when broken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::super::tls;
use super::fault::Fault;
use crate::clock;
use crate::driver::ClientUrl;

/// How to connect to what the URL names.
pub(super) fn options(url: &ClientUrl) -> Result<PgConnectOptions, Fault> {
    let mut options: PgConnectOptions = url.expose().parse()?;
    let demand = match options.get_ssl_mode() {
        PgSslMode::Require => Some("sslmode=require"),
        PgSslMode::VerifyCa => Some("sslmode=verify-ca"),
        PgSslMode::VerifyFull => Some("sslmode=verify-full"),
        _ => None,
    };
    if let Some(root) = tls::root(url, demand).map_err(Fault::permanent)? {
        options = options.ssl_root_cert_from_pem(root);
        // As PostgreSQL's own clients do: who names a root wants it looked at.
        if matches!(options.get_ssl_mode(), PgSslMode::Require) {
            options = options.ssl_mode(PgSslMode::VerifyCa);
        }
    }
    if options.get_application_name().is_none() {
        options = options.application_name("bus");
    }
    Ok(options.disable_statement_logging())
}

/// What is done with a connection.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'c>>;

/// The longest that a connection may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The longest that a call may hold a connection.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A connection that was not used for so long is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_secs(15);

/// What a connection is for, and so how its statements are planned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// A few statements, over and over. Their plans must not change with the statistics of a
    /// table that is empty now and has a million rows later: always by index.
    Hot,
    /// Questions of people: the planner knows best.
    Ask,
}

impl Purpose {
    const fn settings(self) -> &'static str {
        match self {
            Self::Hot => {
                "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; \
                 set enable_hashjoin = off; set enable_mergejoin = off; set jit = off"
            }
            Self::Ask => "set jit = off",
        }
    }
}

/// A connection that calls take one after the other.
#[derive(Debug)]
pub(super) struct Lane {
    options: PgConnectOptions,
    purpose: Purpose,
    closed: AtomicBool,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    connection: PgConnection,
    used: Instant,
}

impl Lane {
    pub(super) fn new(options: PgConnectOptions, purpose: Purpose) -> Arc<Self> {
        Arc::new(Self {
            options,
            purpose,
            closed: AtomicBool::new(false),
            open: Mutex::new(None),
        })
    }

    /// Does the work in a task of its own: a caller that stops waiting never cuts a statement.
    pub(super) async fn run<T, W>(self: &Arc<Self>, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send + 'static,
    {
        let lane = Arc::clone(self);
        let task = tokio::spawn(async move { lane.here(work).await });
        match task.await {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::ended()),
            },
        }
    }

    /// Does the work in this task, which must not be dropped meanwhile.
    pub(super) async fn here<T, W>(&self, work: W) -> Result<T, Fault>
    where
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
    {
        let mut open = self.open.lock().await;
        // Taken out: whatever ends this early leaves no connection with half a statement.
        let mut connection = self.connection(&mut open).await?;
        let done = tokio::time::timeout(ANSWER_WITHIN, work(&mut connection)).await;
        let result = done.unwrap_or_else(|_| Err(Fault::transient("no answer in time")));
        // After an error there may be half an answer or an open transaction.
        if result.is_ok() {
            let used = clock::instant();
            *open = Some(Open { connection, used });
        }
        result
    }

    async fn connection(
        &self,
        open: &mut MutexGuard<'_, Option<Open>>,
    ) -> Result<PgConnection, Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::permanent("the driver is closed"));
        }
        if let Some(mut open) = open.take() {
            if clock::instant() - open.used < ASK_AFTER {
                return Ok(open.connection);
            }
            let asked = tokio::time::timeout(CONNECT_WITHIN, open.connection.ping()).await;
            if matches!(asked, Ok(Ok(()))) {
                return Ok(open.connection);
            }
        }
        let connect = async {
            let mut connection = self.options.connect().await?;
            connection.execute(self.purpose.settings()).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        match tokio::time::timeout(CONNECT_WITHIN, connect).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(Fault::transient("no connection in time")),
        }
    }

    /// Waits for the call under way and hangs up; later calls fail as permanent.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(open) = self.open.lock().await.take() {
            let _ = tokio::time::timeout(CONNECT_WITHIN, open.connection.close()).await;
        }
    }
}
