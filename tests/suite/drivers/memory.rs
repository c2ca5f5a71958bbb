//! The store in memory.

use std::sync::Arc;

use bus::driver::{Driver, DriverFuture};
use bus::drivers::MemoryDriver;
use bus::testing::conformance::Ground;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A named store: the driver held here keeps it while others come and go.
#[derive(Debug)]
struct Memory {
    name: String,
    _keeps: MemoryDriver,
}

async fn ground(name: &'static str) -> Memory {
    let name = format!("conformance {name}");
    Memory {
        _keeps: MemoryDriver::named(&name),
        name,
    }
}

impl Ground for Memory {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { Ok(Arc::new(MemoryDriver::named(&self.name)) as Arc<dyn Driver>) })
    }
}
