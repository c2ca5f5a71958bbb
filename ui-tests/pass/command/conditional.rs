//! Parts, commands and handlers under a condition.
#![deny(warnings)]
use bus::prelude::*;

#[command(output = u32)]
struct Place {
    #[cfg(any())]
    #[sanitize(trim)]
    absent: NoSuchType,
    #[cfg(all())]
    #[sanitize(trim)]
    present: String,
    #[cfg_attr(all(), allow(dead_code))]
    quantity: u32,
}

#[cfg(all())]
#[handler]
fn place(place: Place) -> u32 {
    assert_eq!(place.present, "a");
    place.quantity
}

#[cfg(any())]
#[handler]
fn place_twice(place: Place) -> NoSuchType {}

#[cfg(any())]
#[command]
struct Absent;

#[command(remote)]
#[cfg(any())]
pub struct AbsentToo {
    #[sanitize(trim)]
    name: String,
}

#[handler]
#[cfg(any())]
fn absent(_: Absent) {}

#[command]
enum Choice {
    #[cfg(any())]
    Absent(#[sanitize(trim)] NoSuchType),
    Present(#[sanitize(trim)] String),
}

#[handler]
fn choice(Choice::Present(text): Choice) {
    assert_eq!(text, "b");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let place = Place { present: " a".into(), quantity: 2 };
    assert_eq!(bus::dispatch(place).await.expect("runs"), 2);
    bus::dispatch(Choice::Present(" b".into())).await.expect("runs");
}
