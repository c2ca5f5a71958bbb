//! Which store a bus opens, when, and who makes its tables.
use super::work::{drain, only};
use bus::driver::Driver;
use bus::drivers::MemoryDriver;
use bus::prelude::*;
use bus::{Bus, Error};
use bus_tests::{Sqlite, alone_with};
use std::sync::Arc;

#[job(output = u32)]
struct Add(u32, u32);

#[handler]
async fn add(job: Add) -> u32 {
    job.0 + job.1
}

/// A bus that was told nothing does the whole life of a job.
fn untold() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let bus = Bus::builder().partial().build().await.unwrap();
        assert_eq!(
            bus.health().await.store,
            None,
            "it is opened when first used"
        );
        let ticket = bus.dispatch(Add(1, 2)).await.unwrap();
        drain(&bus).await;
        assert_eq!(ticket.wait().await.unwrap(), 3);
        println!("the store is {}", bus.health().await.store.unwrap());
    });
}

#[test]
fn without_any_word_it_is_a_file_beside_the_program() {
    let place = Sqlite::new();
    let name = concat!(
        module_path!(),
        "::without_any_word_it_is_a_file_beside_the_program"
    );
    alone_with(
        name,
        |command| {
            command.current_dir(place.folder()).env_remove("BUS_URL");
        },
        untold,
    );
    if std::env::var_os("BUS_TEST_ALONE").is_none() {
        assert!(place.folder().join("bus.db").exists());
    }
}

#[test]
fn the_environment_names_the_store() {
    let place = Sqlite::new();
    let name = concat!(module_path!(), "::the_environment_names_the_store");
    alone_with(
        name,
        |command| {
            command
                .current_dir(place.folder())
                .env("BUS_URL", place.url());
        },
        untold,
    );
    if std::env::var_os("BUS_TEST_ALONE").is_none() {
        assert!(place.path().exists() && !place.folder().join("bus.db").exists());
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_told_when_the_bus_is_built() {
    let error = Bus::builder().partial().store("mysql://db").build().await;
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("mysql://db") && text.contains("write memory:"),
        "{text}"
    );
}

#[tokio::test]
async fn tables_are_made_by_hand_if_that_was_said() {
    let place = Sqlite::new();
    let builder = || {
        Bus::builder()
            .partial()
            .store(place.url())
            .manual_migration()
    };
    let bus = builder().build().await.unwrap();
    let refused = bus.dispatch(Add(1, 2)).await;
    assert!(matches!(refused, Err(Error::Store { .. })), "{refused:?}");
    let migrated = bus.migrate().await.unwrap();
    assert_eq!(migrated.from, 0);
    let again = builder().build().await.unwrap().migrate().await.unwrap();
    assert_eq!((again.from, again.to), (migrated.to, migrated.to));
    let ticket = bus.dispatch(Add(1, 2)).await.unwrap();
    assert_eq!(only(&bus).await.id, ticket.id());
}

#[tokio::test]
async fn health_says_why_the_store_does_not_answer() {
    let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new());
    let builder = Bus::builder().partial().driver(Arc::clone(&driver));
    let bus = builder.build().await.unwrap();
    assert!(bus.health().await.is_ok());
    driver.close().await.unwrap();
    let health = bus.health().await;
    assert!(!health.is_ok());
    assert!(health.ping.unwrap_err().starts_with("memory: ping failed"));
}
