//! Shared by the suite: scripted commands, servers, a database of its own for each test, and
//! probes.
//!
//! A server that is not there is a failure with instructions, never a silent skip; the
//! script `tests/run` finds or starts what is needed.
mod alone;
mod certificate;
mod child;
mod dice;
mod log;
mod name;
mod own_server;
mod postgres;
mod probe;
mod redis;
mod script;
mod server;
mod sqlite;
mod timed;
mod until;

pub use alone::{alone, alone_with};
pub use child::{Child, say, signal, told};
pub use dice::{Dice, amount};
pub use log::Log;
pub use own_server::OwnServer;
pub use postgres::{Postgres, postgres_url};
pub use probe::Probe;
pub use redis::{Redis, redis_url};
pub use script::Script;
pub use sqlite::Sqlite;
pub use timed::{Skewed, Timed};
pub use until::until;
