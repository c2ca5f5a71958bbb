//! Declarative command bus and durable jobs, checked at build time.
#![forbid(unsafe_code)]
extern crate self as bus;

pub mod clock;
pub mod codec;
pub mod driver;
pub mod id;
pub mod job;
