//! Every key of `#[command]`, in a crate that denies what it can.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, warnings)]
use bus::prelude::*;
use std::time::Duration;

/// Why an order is not placed.
#[derive(Debug)]
pub enum OrderError {
    /// The store is away.
    Store,
    /// Sold out.
    SoldOut {
        /// How many are left.
        left: u32,
    },
}

/// Places an order.
#[command(
    name = "orders.place",
    version = 2,
    output = u32,
    error = OrderError,
    authorize = known,
    rate = "100/h burst 3 per account, note",
    timeout = "1m 30s",
    retries = 1,
    backoff = pause,
    throttle("50 failures/10m", only(OrderError::Store, OrderError::SoldOut)),
    middleware = [pass, Through],
)]
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
    #[sanitize(trim, lowercase)]
    #[validate(email)]
    email: String,
    #[sanitize(collapse_whitespace, with = cut)]
    note: Option<String>,
    account: u64,
}

fn cut(note: &mut Option<String>) {
    note.iter_mut().for_each(|note| note.truncate(10));
}

fn known(order: &PlaceOrder, _: &Context) -> bool {
    order.account != 0
}

fn pause(_: u32) -> Duration {
    Duration::ZERO
}

async fn pass(_: Call<'_>, next: Next<'_>) -> Verdict {
    next.run().await
}

struct Through;

impl Middleware for Through {
    async fn handle(&self, _: Call<'_>, next: Next<'_>) -> Verdict {
        next.run().await
    }
}

#[handler]
async fn place_order(order: PlaceOrder) -> Result<u32, OrderError> {
    assert_eq!(order.email, "a@b.example");
    assert_eq!(order.note.as_deref(), Some("a note tha"));
    match order.quantity {
        99 => Err(OrderError::SoldOut { left: 1 }),
        quantity => Ok(quantity),
    }
}

/// Rules by hand.
#[command(validate, retries = 2, backoff = "exponential(1ms, max = 1h, jitter)")]
#[derive(Clone, Debug)]
pub enum Kind {
    /// With a field.
    Text {
        /// Cleaned.
        #[sanitize(uppercase)]
        text: String,
    },
    /// With two.
    Pair(u8, #[sanitize(trim)] String),
    /// Without.
    Unit,
}

impl bus::__private::validator::Validate for Kind {
    fn validate(&self) -> Result<(), bus::__private::validator::ValidationErrors> {
        Ok(())
    }
}

#[handler]
fn kind(kind: Kind) {
    match kind {
        Kind::Text { text } => assert_eq!(text, "A"),
        Kind::Pair(_, text) => assert_eq!(text, "b"),
        Kind::Unit => {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let order = |quantity, account| PlaceOrder {
        quantity,
        account,
        email: " A@B.example ".into(),
        note: Some("a   note that is long".into()),
    };
    assert!(matches!(bus::dispatch(order(2, 1)).await, Ok(2)));
    assert!(matches!(bus::dispatch(order(0, 1)).await, Err(bus::Error::Invalid(_))));
    assert!(matches!(bus::dispatch(order(2, 0)).await, Err(bus::Error::Denied(_))));
    let sold = bus::dispatch(order(99, 1)).await;
    assert!(matches!(sold, Err(bus::Error::Handler(OrderError::SoldOut { left: 1 }))));
    assert!(matches!(bus::dispatch(order(99, 1)).await, Err(bus::Error::Handler(_))));
    assert!(matches!(bus::dispatch(order(2, 1)).await, Err(bus::Error::RateLimited { .. })));
    for kind in [Kind::Text { text: "a".into() }, Kind::Pair(1, " b".into()), Kind::Unit] {
        bus::dispatch(kind).await.expect("valid");
    }
    assert_eq!(PlaceOrder::DESCRIPTOR.name, "orders.place");
    assert_eq!(PlaceOrder::DESCRIPTOR.version, 2);
    let _ = OrderError::Store;
}
