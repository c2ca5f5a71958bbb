//! Patterns, mutable and unused arguments, paths, qualifiers, attributes.
#![deny(warnings)]
use bus::prelude::*;
use std::collections::BTreeMap;

mod orders {
    #[bus::command(output = u32)]
    pub struct Mutable(pub u32);

    #[bus::command(output = u32)]
    pub struct Pattern {
        pub one: u32,
        pub rest: (u32, u32),
    }

    #[bus::command(output = (u32, String))]
    pub struct Nothing;
}

struct Prices(BTreeMap<&'static str, u32>);

#[handler]
async fn mutable(mut order: orders::Mutable, prices: &Prices, mut state: State<Prices>) -> u32 {
    order.0 += prices.0["a"];
    let other = State(std::sync::Arc::new(Prices(BTreeMap::from([("a", 1)]))));
    state = if order.0 > 100 { state } else { other };
    order.0 + state.0.0["a"]
}

#[handler]
#[inline]
#[must_use]
pub(crate) async fn pattern(
    orders::Pattern { mut one, rest: (_, last) }: orders::Pattern,
    &Prices(ref prices): &Prices,
    _: &Context,
    _unused: Option<&String>,
) -> u32 {
    one += last;
    one + prices["a"]
}

#[handler]
extern "Rust" fn nothing(_: crate::orders::Nothing) -> (u32, String) {
    (1, String::new())
}

#[command(output = [u8; 2])]
struct Array;

#[handler]
const fn array(_: Array) -> [u8; 2] {
    [1, 2]
}

#[command(output = Option<std::sync::Arc<dyn Fn() -> u8 + Send + Sync>>)]
struct Boxed;

#[handler]
fn boxed(_: Boxed) -> Option<std::sync::Arc<dyn Fn() -> u8 + Send + Sync>> {
    Some(std::sync::Arc::new(|| 3))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let prices = Prices(BTreeMap::from([("a", 10)]));
    let bus = Bus::builder().state(prices).build().await.expect("all is there");
    assert_eq!(bus.dispatch(orders::Mutable(1)).await.expect("runs"), 12);
    let pattern = orders::Pattern { one: 1, rest: (2, 3) };
    assert_eq!(bus.dispatch(pattern).await.expect("runs"), 14);
    assert_eq!(bus.dispatch(orders::Nothing).await.expect("runs").0, 1);
    assert_eq!(bus.dispatch(Array).await.expect("runs"), [1, 2]);
    assert_eq!(bus.dispatch(Boxed).await.expect("runs").expect("is some")(), 3);
}
