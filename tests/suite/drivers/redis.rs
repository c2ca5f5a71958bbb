//! The store on Redis.

use std::sync::Arc;

use bus::driver::{Driver, DriverFuture, StoreUrl};
use bus::drivers::connect;
use bus::id::WorkerId;
use bus::testing::conformance::Ground;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// Where the server is: `BUS_TEST_REDIS`, or this machine.
fn server() -> String {
    std::env::var("BUS_TEST_REDIS").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
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
        format!("{}?prefix={}", server(), self.prefix)
            .parse()
            .unwrap()
    }

    async fn open(&self) -> Arc<dyn Driver> {
        let driver = connect(&self.url()).await.expect(
            "these tests need a Redis server, 6.2 or later: start redis-server, or name one in \
             BUS_TEST_REDIS",
        );
        driver.migrate().await.unwrap();
        driver
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let client = redis::Client::open(server()).unwrap();
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
