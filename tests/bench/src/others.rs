//! Other ways to write a bus: a map of boxed handlers, tower services, medi-rs.
use crate::{Case, Counter, case};
use bench_contracts::{Refused, price};
use medi_rs::{DecoratorNext, MediCommand, medi_handler, medi_module, mediator};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower::util::BoxService;
use tower::{Service, ServiceExt};

struct Order {
    sku: u32,
    quantity: u32,
}

type Boxed = Box<dyn Any + Send>;
type Handler = Box<dyn Fn(Boxed) -> Pin<Box<dyn Future<Output = Boxed> + Send>> + Send + Sync>;

/// The usual mediator: a map from the command's type to a handler that takes and gives `Any`.
static MAP: LazyLock<HashMap<TypeId, Handler>> = LazyLock::new(|| {
    let handler: Handler = Box::new(|command| {
        Box::pin(async move {
            let order = command.downcast::<Order>().expect("filed under its type");
            Box::new(price(order.sku, order.quantity)) as Boxed
        })
    });
    HashMap::from([(TypeId::of::<Order>(), handler)])
});

async fn by_map(order: Order) -> Result<u64, Refused> {
    let handler = MAP.get(&TypeId::of::<Order>()).expect("registered");
    let answer = handler(Box::new(order)).await;
    *answer.downcast().expect("what the handler answers")
}

/// The handler as a tower service.
struct Price;

impl Service<Order> for Price {
    type Response = u64;
    type Error = Refused;
    type Future = Ready<Result<u64, Refused>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, order: Order) -> Self::Future {
        ready(price(order.sku, order.quantity))
    }
}

/// A middleware as tower's are written when they keep the future's type to themselves.
struct Counted<S>(S, Arc<Counter>);

impl<S> Service<Order> for Counted<S>
where
    S: Service<Order, Response = u64, Error = Refused>,
    S::Future: Send + 'static,
{
    type Response = u64;
    type Error = Refused;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, order: Order) -> Self::Future {
        self.1.count();
        self.0.call(order)
    }
}

type Tower = BoxService<Order, u64, Refused>;

fn counted(inner: Tower) -> Tower {
    BoxService::new(Counted(inner, Arc::default()))
}

static TOWER: LazyLock<[Mutex<Tower>; 3]> = LazyLock::new(|| {
    let bare = || BoxService::new(Price);
    [bare(), counted(bare()), counted(counted(counted(bare())))].map(Mutex::new)
});

/// The services are taken out for a case: their lock is not measured.
fn tower<const INDEX: usize>(n: u64) {
    let mut service = TOWER[INDEX].lock().unwrap_or_else(PoisonError::into_inner);
    let all = async {
        let mut sum = 0_u64;
        for i in 0..n {
            let order = std::hint::black_box(Order {
                sku: i as u32,
                quantity: 2,
            });
            let service = service.ready().await?;
            sum = sum.wrapping_add(std::hint::black_box(service.call(order).await?));
        }
        Ok::<u64, Refused>(sum)
    };
    std::hint::black_box(crate::now(all).is_ok());
}

#[derive(MediCommand)]
#[medi_command(return_type = u64, error_type = &'static str)]
struct Bare {
    sku: u32,
    quantity: u32,
}

#[medi_handler]
async fn bare(order: Bare) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

#[derive(MediCommand)]
#[medi_command(return_type = u64, error_type = &'static str)]
struct Decorated {
    sku: u32,
    quantity: u32,
}

static DECORATED: LazyLock<Counter> = LazyLock::new(Counter::default);

async fn count(
    order: Decorated,
    next: impl DecoratorNext<Decorated, Response = u64, Error = Refused>,
) -> Result<u64, Refused> {
    DECORATED.count();
    next.call(order).await
}

#[medi_handler(decorators = [count, count, count])]
async fn decorated(order: Decorated) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

medi_module! {
    manifest prices;
    commands { Bare => crate::others::bare; Decorated => crate::others::decorated; }
}

mediator! {
    struct Mediator {
        event_queue_capacity: 1;
        event_workers: 1;
        modules: [prices];
    }
}

static MEDIATOR: LazyLock<Mediator> = LazyLock::new(|| Mediator::builder().build());

/// The cases of other ways.
pub(crate) fn cases() -> Vec<Case> {
    vec![
        case!(
            "map of TypeId to Box<dyn Any> handlers",
            Refused,
            |i| Order {
                sku: i,
                quantity: 2
            },
            |c| by_map(c).await
        ),
        ("tower BoxService", tower::<0>),
        ("tower BoxService, 1 boxed layer", tower::<1>),
        ("tower BoxService, 3 boxed layers", tower::<2>),
        case!(
            "medi-rs",
            Refused,
            |i| Bare {
                sku: i,
                quantity: 2
            },
            |c| MEDIATOR.send(c).await
        ),
        case!(
            "medi-rs, 3 decorators",
            Refused,
            |i| Decorated {
                sku: i,
                quantity: 2
            },
            |c| MEDIATOR.send(c).await
        ),
    ]
}
