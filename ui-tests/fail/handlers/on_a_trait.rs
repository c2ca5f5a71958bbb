//! `#[handlers]` goes on the block of a type itself.
use bus::prelude::*;

trait Shop {
    fn open(&self);
}

struct Corner;

#[handlers]
impl Shop for Corner {
    fn open(&self) {}
}

fn main() {}
