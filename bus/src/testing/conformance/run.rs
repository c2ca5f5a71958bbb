//! Runs one behaviour on one fresh store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::kit::{Must, Subject};
use super::table::BEHAVIOURS;
use crate::driver::{Driver, DriverFuture};

/// A store that one test has for itself, empty at first. Dropping it may remove the store.
pub trait Ground: fmt::Debug + Send + Sync + 'static {
    /// Opens the store, as another process would. What was stored before is there, also if all
    /// other drivers on it are closed; a store in memory keeps it until `self` is dropped.
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>>;
}

/// A behaviour that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs the behaviour of this name on the store that `ground` makes for it.
///
/// # Panics
/// When the store does not behave so, or there is no such behaviour.
pub fn run<G: Ground>(name: &'static str, ground: impl AsyncFnOnce(&'static str) -> G) {
    let found = BEHAVIOURS.iter().find(|behaviour| behaviour.name == name);
    let behaviour = found.unwrap_or_else(|| panic!("there is no behaviour {name}"));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().must();
    runtime.block_on(async {
        let ground = Arc::new(ground(name).await);
        let subject = Subject::open(ground).await;
        let checked = tokio::time::timeout(LIMIT, (behaviour.check)(subject)).await;
        assert!(checked.is_ok(), "{name} hangs");
    });
}
