//! The store in one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bus::driver::{Driver, DriverFuture, Synchronous};
use bus::drivers::SqliteDriver;
use bus::testing::conformance::Ground;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A directory of its own for each test, gone when the test is over.
#[derive(Debug)]
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("sqlite-{}-{name}", std::process::id());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&place).unwrap();
        Self(place)
    }

    fn file(&self) -> PathBuf {
        self.0.join("jobs.db")
    }

    /// A driver of its own on the file: to the file the same as another process.
    async fn open(&self) -> Arc<SqliteDriver> {
        let driver = SqliteDriver::open(self.file(), Synchronous::Full);
        Arc::new(driver.await.unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Windows may still hold the file; the directory is in the target directory anyway.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn ground(name: &'static str) -> Place {
    Place::new(name)
}

impl Ground for Place {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { Ok(Place::open(self).await as Arc<dyn Driver>) })
    }
}
