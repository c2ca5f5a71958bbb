//! `fail/command/middleware_is_none.rs`, put right.
use bus::prelude::*;

#[command(middleware = [Audit])]
struct PlaceOrder;

struct Audit;

impl Middleware for Audit {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        println!("{}", call.descriptor().name);
        next.run().await
    }
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
