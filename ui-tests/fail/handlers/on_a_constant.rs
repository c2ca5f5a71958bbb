//! Only methods handle.
use bus::prelude::*;

struct Shop;

#[handlers]
impl Shop {
    #[handler]
    const OPEN: bool = true;
}

fn main() {}
