//! What each store must do, as named behaviours that any driver runs.
//!
//! Responsible for: the table of behaviours, running one on a store ([`run`]), and the macro that
//! makes a test of each ([`driver_conformance!`](crate::driver_conformance)).
//!
//! Not responsible for: what is particular to one store (a lost connection, a second process).
//!
//! Invariants:
//! - A behaviour uses the contract alone ([`crate::driver`]) and asks [`Capabilities`] where the
//!   contract leaves a choice.
//! - A function that is missing in the table is dead code, so the compiler finds it.
//!
//! To test a store of your own, tell how to make an empty one for each test:
//!
//! ```
//! use std::sync::Arc;
//! use bus::driver::{Driver, DriverFuture};
//! use bus::drivers::MemoryDriver;
//! use bus::testing::conformance::Ground;
//!
//! #[derive(Debug)]
//! struct Memory(MemoryDriver, &'static str);
//!
//! impl Ground for Memory {
//!     fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
//!         Box::pin(async { Ok(Arc::new(MemoryDriver::named(self.1)) as Arc<dyn Driver>) })
//!     }
//! }
//!
//! // `name` is the behaviour's: good for a file, a schema or a prefix of its own.
//! async fn ground(name: &'static str) -> Memory {
//!     Memory(MemoryDriver::named(name), name)
//! }
//!
//! bus::driver_conformance!(ground); // a #[test] for each behaviour
//! ```
//!
//! [`Capabilities`]: crate::driver::Capabilities

mod chance;
mod claiming;
mod fencing;
mod handing;
mod kit;
mod looking;
mod model;
mod model_law;
mod model_look;
mod news;
mod people;
mod race;
mod rescuing;
mod run;
mod settling;
mod storing;
mod table;
mod upkeep;

pub use run::{Ground, run};
pub use table::{BEHAVIOURS, Behaviour};
