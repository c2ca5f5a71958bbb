//! A contract and its wiring in one crate: each remote command has one handler.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, warnings)]
use bus::prelude::*;

/// Charges.
#[command(remote, output = u8)]
#[derive(Debug)]
pub struct Charge;

/// Elsewhere.
pub mod orders {
    use bus::prelude::*;

    /// Places.
    #[command(remote)]
    #[derive(Debug)]
    pub struct Place;

    #[handler]
    async fn place(_: Place) {}
}

#[handler]
fn charge(_: Charge) -> u8 {
    7
}

bus::contract! { Charge, orders::Place }
bus::wire!(; crate);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    bus::verify().expect("every command is handled");
    assert!(matches!(bus::dispatch(Charge).await, Ok(7)));
    bus::dispatch(orders::Place).await.expect("places");
}
