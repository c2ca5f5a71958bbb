// errors: 3, because the compiler asks at the argument, at the call and at `.await`.
//! A type without `#[command]` is dispatched.

struct PlaceOrder;

async fn shop() {
    let _ = bus::dispatch(PlaceOrder).await;
}

fn main() {}
