//! The store on Redis.

use std::sync::Arc;

use bus::driver::{Driver, DriverFuture, StoreUrl};
use bus::drivers::connect;
use bus::id::WorkerId;
use bus::testing::conformance::Ground;
use bus_tests::redis_url;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A prefix of its own; its keys go when it is dropped.
#[derive(Debug)]
struct Space {
    prefix: String,
}

impl Space {
    fn new() -> Self {
        let prefix = format!("test-{}", WorkerId::new());
        Self { prefix }
    }

    fn url(&self) -> StoreUrl {
        format!("{}?prefix={}", redis_url(), self.prefix)
            .parse()
            .unwrap()
    }

    async fn open(&self) -> Arc<dyn Driver> {
        let driver = connect(&self.url()).await.unwrap();
        driver.migrate().await.unwrap();
        driver
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let client = redis::Client::open(redis_url()).unwrap();
        let Ok(mut connection) = client.get_connection() else {
            return;
        };
        let pattern = format!("{{{}}}:*", self.prefix);
        let mut scan = redis::cmd("SCAN");
        let scan = scan
            .cursor_arg(0)
            .arg("MATCH")
            .arg(pattern)
            .arg("COUNT")
            .arg(10_000);
        let keys: Vec<Vec<u8>> = match scan.clone().iter(&mut connection) {
            Ok(keys) => keys.filter_map(Result::ok).collect(),
            Err(_) => return,
        };
        if !keys.is_empty() {
            let _ = redis::cmd("UNLINK").arg(keys).exec(&mut connection);
        }
    }
}

async fn ground(_: &'static str) -> Space {
    Space::new()
}

impl Ground for Space {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { connect(&self.url()).await })
    }
}
