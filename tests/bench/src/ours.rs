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
            let all = async {
                for i in 0..n {
                    let i = i as u32;
                    let order = std::hint::black_box(new!(Plain, i));
                    std::hint::black_box(bus::dispatch(order).await.is_ok());
                }
            };
            crate::now(BUS.scope(all));
        }),
    ]
}
