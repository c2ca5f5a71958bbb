//! `checked!` takes one value.

fn order() {
    bus::checked!()
}

fn main() {}
