//! A durable store of a test's own.
use bus::prelude::*;
use bus_tests::{Postgres, Redis, Sqlite};

/// A store that is gone with this value.
#[derive(Debug)]
pub(crate) enum Place {
    Sqlite(Sqlite),
    Postgres(Postgres),
    Redis(Redis),
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(Sqlite::new())
    }

    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::create().await)
    }

    pub(crate) fn redis() -> Self {
        Self::Redis(Redis::new())
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => file.url(),
            Self::Postgres(database) => database.url(),
            Self::Redis(redis) => {
                let server = redis.url().trim_end_matches('/');
                format!("{server}/?prefix={}", redis.prefix())
            }
        }
    }

    /// A bus on it, without state.
    pub(crate) async fn bus(&self) -> Bus {
        bus_on(&self.url()).await
    }
}

/// A bus on this store, without state.
pub(crate) async fn bus_on(url: &str) -> Bus {
    let builder = Bus::builder().partial().store(url);
    builder.build().await.unwrap()
}
