//! Declarative command bus and durable jobs, checked at build time.
#![forbid(unsafe_code)]
extern crate self as bus;
