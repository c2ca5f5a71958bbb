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
