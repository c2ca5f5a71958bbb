//! A remote command that can't leave its thread, with policies and a plain handler.
use bus::prelude::*;

use std::rc::Rc;

#[derive(Clone)]
#[command(remote, rate = "10/s", timeout = "5s", retries = 3, throttle = "5 failures/10m")]
struct PlaceOrder {
    item: Rc<str>,
}

#[handler]
fn place_order(_: PlaceOrder) {}

fn main() {}
