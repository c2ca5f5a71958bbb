//! A struct without `#[command]` has no rules to ask for.

struct Order {
    quantity: u32,
}

fn order() -> Order {
    bus::checked!(Order { quantity: 1 })
}

fn main() {}
