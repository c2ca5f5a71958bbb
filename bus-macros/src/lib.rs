//! The attribute macros of bus; use them through the bus crate.
