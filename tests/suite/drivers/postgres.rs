//! The store on PostgreSQL.

use std::sync::Arc;

use bus::driver::{Driver, DriverFuture, StoreUrl};
use bus::testing::conformance::Ground;
use bus_tests::Postgres;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A schema in a database of its own.
#[derive(Debug)]
struct Store {
    database: Postgres,
}

async fn ground(_: &'static str) -> Store {
    let database = Postgres::create().await;
    Store { database }
}

impl Store {
    fn url(&self, schema: &str) -> StoreUrl {
        let url = self.database.url();
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}schema={schema}").parse().unwrap()
    }
}

impl Ground for Store {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { bus::drivers::connect(&self.url("bus")).await })
    }
}
