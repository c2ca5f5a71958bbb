//! From a URL to an open store.

use std::sync::Arc;

use super::memory::MemoryDriver;
use crate::driver::{Driver, DriverError, StoreUrl};

/// Opens the store that the URL names. Its schema may be missing or old: call
/// [`migrate`](Driver::migrate) first.
///
/// ```
/// # tokio_test(async {
/// let store = bus::drivers::connect(&"memory:".parse()?).await?;
/// store.migrate().await?;
/// assert_eq!(store.name(), "memory");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # });
/// # fn tokio_test(test: impl Future<Output = Result<(), Box<dyn std::error::Error>>>) {
/// #     tokio::runtime::Runtime::new().unwrap().block_on(test).unwrap();
/// # }
/// ```
///
/// # Errors
/// When the store cannot be reached, or this build does not have it: see the crate's features.
pub async fn connect(url: &StoreUrl) -> Result<Arc<dyn Driver>, DriverError> {
    match url {
        StoreUrl::Memory { name: None } => Ok(Arc::new(MemoryDriver::new())),
        StoreUrl::Memory { name: Some(name) } => Ok(Arc::new(MemoryDriver::named(name))),
        StoreUrl::Sqlite { .. } => Err(DriverError::unsupported("sqlite", "connect")),
        StoreUrl::Postgres { .. } => Err(DriverError::unsupported("postgres", "connect")),
        StoreUrl::Redis { .. } => Err(DriverError::unsupported("redis", "connect")),
    }
}
