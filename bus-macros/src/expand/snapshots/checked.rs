//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
fn value() -> PlaceOrder {
    {
        PlaceOrder! {
            @ rules { ::bus::__private::rules } { quantity(2) email("a@b") }
        }
        PlaceOrder {
            quantity: 2,
            email: ::core::convert::Into::into("a@b"),
            address,
        }
    }
}
