//! The cases of bus itself, and the direct call.
use crate::{Case, Counter, case};
use bench_contracts::{Refused, RemoteAsync, RemoteSync, price};
use bus::Error;
use bus::prelude::*;
use std::sync::LazyLock;

/// No policy, no middleware.
#[command(output = u64, error = Refused)]
struct Plain {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn plain(order: Plain) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

fn sync(order: Plain) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

/// The same with 40 bytes more to carry.
#[command(output = u64, error = Refused)]
struct Large {
    sku: u32,
    quantity: u32,
    rest: [u64; 5],
}

#[handler]
async fn large(order: Large) -> Result<u64, Refused> {
    Ok(price(order.sku, order.quantity)? + order.rest[0])
}

/// What must be dropped: the command, the output, and an error of any type.
#[command(output = u64, error = Refused)]
struct Named {
    sku: u32,
    quantity: u32,
    name: String,
}

#[handler]
async fn named(order: Named) -> Result<u64, Refused> {
    Ok(price(order.sku, order.quantity)? + order.name.len() as u64)
}

#[command(output = String, error = Refused)]
struct Label {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn label(order: Label) -> Result<String, Refused> {
    match order.quantity {
        0 => Err("nothing"),
        n => Ok(String::with_capacity((order.sku + n) as usize)),
    }
}

#[command(output = u64)]
struct Fallible {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn fallible(order: Fallible) -> Result<u64, bus::BoxError> {
    Ok(price(order.sku, order.quantity)?)
}

#[command(output = String)]
struct Owned {
    name: String,
}

#[handler]
async fn owned(order: Owned) -> Result<String, bus::BoxError> {
    match order.name.as_str() {
        "" => Err("nothing".into()),
        _ => Ok(order.name),
    }
}

/// Three policies.
#[command(output = u64, error = Refused, rate = "4000000000/s", timeout = "5s")]
struct Guarded {
    sku: u32,
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
}

#[handler]
async fn guarded(order: Guarded) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

/// A middleware of each kind below.
#[derive(Default)]
struct Count(Counter);

impl Middleware for Count {
    async fn handle(&self, _: Call<'_>, next: Next<'_>) -> Verdict {
        self.0.count();
        next.run().await
    }
}

#[command(output = u64, error = Refused, middleware = [Count::default()])]
struct Once {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn once(order: Once) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

#[command(output = u64, error = Refused, middleware = [Count::default(), Count::default(), Count::default()])]
struct Thrice {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn thrice(order: Thrice) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

/// Takes state.
struct Prices;

#[command(output = u64, error = Refused)]
struct Stated {
    sku: u32,
    quantity: u32,
}

#[handler]
async fn stated(order: Stated, _: &Prices) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

/// A command whose numbers do not matter.
macro_rules! new {
    ($type:ident, $i:ident) => {
        $type {
            sku: $i,
            quantity: 2,
        }
    };
}

fn named_order(sku: u32) -> Named {
    Named {
        sku,
        quantity: 2,
        name: String::with_capacity(8),
    }
}

fn owned_order(_: u32) -> Owned {
    Owned {
        name: String::from("receipt"),
    }
}

/// Looked at, so that the compiler can't do without the allocation.
fn length(text: String) -> u64 {
    std::hint::black_box(text).len() as u64
}

/// The cases that nothing makes look for a context.
pub(crate) fn straight() -> Vec<Case> {
    vec![
        case!(
            "direct call of a fn",
            Refused,
            |i| new!(Plain, i),
            |c| sync(c)
        ),
        case!("direct .await", Refused, |i| new!(Plain, i), |c| plain(c)
            .await),
        case!("dispatch", Error<Refused>, |i| new!(Plain, i), |c| {
            bus::dispatch(c).await
        }),
        case!(
            "direct .await, 48 bytes",
            Refused,
            |i| Large {
                sku: i,
                quantity: 2,
                rest: [1; 5]
            },
            |c| large(c).await
        ),
        case!(
            "dispatch, 48 bytes",
            Error<Refused>,
            |i| Large {
                sku: i,
                quantity: 2,
                rest: [1; 5]
            },
            |c| bus::dispatch(c).await
        ),
        case!(
            "direct .await, a String in the command",
            Refused,
            |i| named_order(i),
            |c| named(c).await
        ),
        case!(
            "dispatch, a String in the command",
            Error<Refused>,
            |i| named_order(i),
            |c| bus::dispatch(c).await
        ),
        case!(
            "direct .await, a String as output",
            Refused,
            |i| new!(Label, i),
            |c| label(c).await.map(length)
        ),
        case!(
            "dispatch, a String as output",
            Error<Refused>,
            |i| new!(Label, i),
            |c| bus::dispatch(c).await.map(length)
        ),
        case!(
            "direct .await, BoxError",
            bus::BoxError,
            |i| new!(Fallible, i),
            |c| fallible(c).await
        ),
        case!("dispatch, BoxError", Error, |i| new!(Fallible, i), |c| {
            bus::dispatch(c).await
        }),
        case!(
            "direct .await, a String through, BoxError",
            bus::BoxError,
            |i| owned_order(i),
            |c| owned(c).await.map(length)
        ),
        case!(
            "dispatch, a String through, BoxError",
            Error,
            |i| owned_order(i),
            |c| bus::dispatch(c).await.map(length)
        ),
        case!(
            "dispatch, validate + rate + timeout",
            Error<Refused>,
            |i| new!(Guarded, i),
            |c| bus::dispatch(c).await
        ),
        case!(
            "dispatch, remote fn",
            Error<Refused>,
            |i| new!(RemoteSync, i),
            |c| bus::dispatch(c).await
        ),
        case!(
            "dispatch, remote async fn",
            Error<Refused>,
            |i| new!(RemoteAsync, i),
            |c| bus::dispatch(c).await
        ),
        case!(
            "dispatch, 1 middleware",
            Error<Refused>,
            |i| new!(Once, i),
            |c| bus::dispatch(c).await
        ),
        case!(
            "dispatch, 3 middleware",
            Error<Refused>,
            |i| new!(Thrice, i),
            |c| bus::dispatch(c).await
        ),
    ]
}

static BUS: LazyLock<Bus> =
    LazyLock::new(|| crate::now(Bus::builder().state(Prices).build()).expect("all state is given"));

static LAYERED: LazyLock<Bus> = LazyLock::new(|| {
    let builder = Bus::builder().state(Prices);
    let builder = builder
        .middleware(Count::default())
        .middleware(Count::default());
    crate::now(builder.middleware(Count::default()).build()).expect("all state is given")
});

/// The cases with a bus, whose dispatches have a context: ids, and what they inherit.
pub(crate) fn in_context() -> Vec<Case> {
    vec![
        case!("bus.dispatch", Error<Refused>, |i| new!(Plain, i), |c| BUS
            .dispatch(c)
            .await),
        case!(
            "bus.dispatch, state",
            Error<Refused>,
            |i| new!(Stated, i),
            |c| BUS.dispatch(c).await
        ),
        case!(
            "bus.dispatch, 3 middleware of the bus",
            Error<Refused>,
            |i| new!(Plain, i),
            |c| LAYERED.dispatch(c).await
        ),
        ("dispatch in a scope", |n| {
            crate::now(BUS.scope(plain_orders(n)))
        }),
        ("dispatch in a scope, 3 middleware of the bus", |n| {
            crate::now(LAYERED.scope(plain_orders(n)))
        }),
        // The last: from here on every dispatch of the process meets the middleware.
        ("dispatch, installed bus with 3 middleware", |n| {
            // Unless an earlier run did.
            let _ = LAYERED.install();
            crate::now(plain_orders(n));
        }),
    ]
}

/// So many dispatches on the current bus.
async fn plain_orders(n: u64) {
    for i in 0..n {
        let i = i as u32;
        let order = std::hint::black_box(new!(Plain, i));
        std::hint::black_box(bus::dispatch(order).await.is_ok());
    }
}
