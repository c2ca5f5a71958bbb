//! A connection that is made when needed and again when it is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, PushInfo, PushKind, RedisError, ServerErrorKind, Value,
};

use super::super::tls;
use super::scripts::Lua;
use crate::driver::{ClientUrl, DriverError};

/// The longest to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest to wait for an answer: far above what a script takes, so that only a server that is
/// gone or stuck exceeds it.
const ANSWER: Duration = Duration::from_secs(15);

/// The store's name in errors.
pub(super) const STORE: &str = "redis";

/// What an error of the client means for the caller.
pub(super) fn failed(operation: &'static str, error: RedisError) -> DriverError {
    use ServerErrorKind as Server;
    let transient = match error.kind() {
        ErrorKind::Io | ErrorKind::Parse => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            Server::BusyLoading
                | Server::TryAgain
                | Server::ClusterDown
                | Server::MasterDown
                | Server::ReadOnly
                | Server::NoScript
        ),
        ErrorKind::Extension => matches!(
            error.code(),
            Some("OOM" | "BUSY" | "MISCONF" | "NOREPLICAS" | "UNKILLABLE")
        ),
        _ => false,
    };
    if transient {
        DriverError::transient(STORE, operation, error)
    } else {
        DriverError::permanent(STORE, operation, error)
    }
}

/// The error of a driver that was closed.
pub(super) fn closed(operation: &'static str) -> DriverError {
    DriverError::permanent(STORE, operation, "the store is closed")
}

/// Opens connections.
#[derive(Debug, Clone)]
pub(super) struct Opener {
    client: Client,
}

impl Opener {
    pub(super) fn new(url: &ClientUrl) -> Result<Self, DriverError> {
        let demand = url.expose().starts_with("rediss:").then_some("rediss://");
        let root = tls::root(url, demand)
            .map_err(|error| DriverError::permanent(STORE, "connect", error))?;
        let client = Self::client(url, root).map_err(|error| failed("connect", error))?;
        Ok(Self { client })
    }

    fn client(url: &ClientUrl, root: Option<Vec<u8>>) -> Result<Client, RedisError> {
        let info = url.expose().into_connection_info()?;
        // The newer protocol tells of lost connections and carries wake-ups beside answers.
        let settings = info.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP3);
        trusting(info.set_redis_settings(settings), root)
    }

    /// A new connection; what the server sends unasked goes to `news`.
    pub(super) async fn open(
        &self,
        news: impl Fn(PushInfo) -> Result<(), redis::aio::SendError> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_write_backpressure_boundary(256 * 1024)
            .set_push_sender(news);
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}

/// A client that trusts the given root, else those of the platform.
#[cfg(feature = "tls")]
fn trusting(info: ConnectionInfo, root: Option<Vec<u8>>) -> Result<Client, RedisError> {
    match root {
        None => Client::open(info),
        root_cert => Client::build_with_tls(
            info,
            redis::TlsCertificates {
                client_tls: None,
                root_cert,
            },
        ),
    }
}

/// Without TLS there is no root: [`tls::root`] has refused it.
#[cfg(not(feature = "tls"))]
fn trusting(info: ConnectionInfo, _: Option<Vec<u8>>) -> Result<Client, RedisError> {
    Client::open(info)
}

/// A connection and whether it is lost.
#[derive(Debug, Clone)]
struct Line {
    connection: MultiplexedConnection,
    lost: Arc<AtomicBool>,
}

/// One connection at a time, shared by all who ask; requests do not wait for each other's answers.
#[derive(Debug)]
pub(super) struct Link {
    opener: Opener,
    line: Mutex<Option<Line>>,
    opening: tokio::sync::Mutex<()>,
}

impl Link {
    pub(super) fn new(opener: Opener) -> Self {
        Self {
            opener,
            line: Mutex::new(None),
            opening: tokio::sync::Mutex::new(()),
        }
    }

    fn current(&self) -> Option<Line> {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.as_ref()
            .filter(|line| !line.lost.load(Ordering::Acquire))
            .cloned()
    }

    async fn line(&self) -> Result<Line, RedisError> {
        if let Some(line) = self.current() {
            return Ok(line);
        }
        let _one_at_a_time = self.opening.lock().await;
        if let Some(line) = self.current() {
            return Ok(line);
        }
        let lost = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&lost);
        let news = move |news: PushInfo| {
            if news.kind == PushKind::Disconnection {
                flag.store(true, Ordering::Release);
            }
            Ok(())
        };
        let connection = self.opener.open(news).await?;
        let line = Line { connection, lost };
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
        Ok(line)
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut line = self.line().await?;
        let answer = line.connection.req_packed_command(command).await;
        match answer {
            Ok(Value::ServerError(error)) => Err(error.into()),
            Ok(value) => Ok(value),
            Err(error) => {
                // After a lost answer the connection is in doubt: the next request gets a new one.
                if matches!(error.kind(), ErrorKind::Io | ErrorKind::Parse) {
                    line.lost.store(true, Ordering::Release);
                }
                Err(error)
            }
        }
    }

    /// Runs a script; `command` was begun by [`begin`]. A server that does not know the script
    /// (it was restarted, or another took over) is taught it.
    pub(super) async fn run(&self, lua: &Lua, command: &Cmd) -> Result<Value, RedisError> {
        match self.send(command).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let mut load = redis::cmd("SCRIPT");
                self.send(load.arg("LOAD").arg(lua.code)).await?;
                self.send(command).await
            }
            answer => answer,
        }
    }

    /// Ends the connection once what is on its way is answered.
    pub(super) fn close(&self) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The beginning of a script's call.
pub(super) fn begin(lua: &Lua, base: &[u8], arguments: usize, bytes: usize) -> Cmd {
    let mut command = Cmd::with_capacity(arguments + 4, bytes + base.len() + 64);
    command.arg("EVALSHA").arg(&lua.hash).arg(1).arg(base);
    command
}
