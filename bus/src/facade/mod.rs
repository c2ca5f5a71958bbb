//! The `Bus` that users hold, and its builder: delegation only.
mod builder;
mod bus;
#[cfg(feature = "tower")]
mod tower;

pub use builder::Builder;
pub use bus::{AlreadyInstalled, Bus, dispatch};
