//! One middleware among several that is none.
use bus::layers::Trace;
use bus::prelude::*;

#[command(middleware = [Trace::new(), Audit { deep: true }, through])]
struct PlaceOrder;

struct Audit {
    deep: bool,
}

async fn through(_: Call<'_>, next: Next<'_>) -> Verdict {
    next.run().await
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
