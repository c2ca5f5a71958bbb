//! From a URL to an open store.

use std::path::Path;
use std::sync::Arc;

use super::memory::MemoryDriver;
use crate::driver::{ClientUrl, Driver, DriverError, StoreUrl, Synchronous};

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
        StoreUrl::Sqlite { path, synchronous } => sqlite(path, *synchronous).await,
        StoreUrl::Postgres { url, schema } => postgres(url, schema).await,
        StoreUrl::Redis { url, prefix } => redis(url, prefix).await,
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(path: &Path, synchronous: Synchronous) -> Result<Arc<dyn Driver>, DriverError> {
    Ok(Arc::new(
        super::sqlite::SqliteDriver::open(path, synchronous).await?,
    ))
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_: &Path, _: Synchronous) -> Result<Arc<dyn Driver>, DriverError> {
    Err(DriverError::unsupported("sqlite", "connect"))
}

#[cfg(feature = "postgres")]
async fn postgres(url: &ClientUrl, schema: &str) -> Result<Arc<dyn Driver>, DriverError> {
    Ok(Arc::new(super::postgres::PostgresDriver::open(
        url, schema,
    )?))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_: &ClientUrl, _: &str) -> Result<Arc<dyn Driver>, DriverError> {
    Err(DriverError::unsupported("postgres", "connect"))
}

#[cfg(feature = "redis")]
async fn redis(url: &ClientUrl, prefix: &str) -> Result<Arc<dyn Driver>, DriverError> {
    Ok(Arc::new(
        super::redis::RedisDriver::connect(url, prefix).await?,
    ))
}

#[cfg(not(feature = "redis"))]
async fn redis(_: &ClientUrl, _: &str) -> Result<Arc<dyn Driver>, DriverError> {
    Err(DriverError::unsupported("redis", "connect"))
}
