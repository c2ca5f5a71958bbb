//! The `Bus` that users hold, and its builder: delegation only.
mod builder;
mod bus;
mod jobs;
#[cfg(feature = "tower")]
mod tower;

pub use builder::Builder;
pub use bus::{AlreadyInstalled, Bus, dispatch};
pub use jobs::{after_commit, dispatch_all, dispatch_now};
