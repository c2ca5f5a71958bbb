//! Enums are commands too, and want a handler.
use bus::prelude::*;

mod orders {
    #[bus::command]
    pub(crate) enum Order {
        Place { quantity: u32 },
        Cancel,
    }
}

fn main() {}
