//! No method is a handler.
use bus::prelude::*;

struct Shop;

#[handlers]
impl Shop {
    fn open(&self) {}
}

fn main() {}
