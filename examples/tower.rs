//! tower and the bus: a tower layer as middleware, the bus as a tower service.
//!
//! `cargo run --example tower`
use bus::prelude::*;
use bus::{BoxError, Error};
use tower::{Service, ServiceBuilder, ServiceExt};

/// Doubles a number, at its leisure.
#[command(output = u32)]
struct Double(u32);

#[handler]
async fn double(double: Double) -> u32 {
    tokio::task::yield_now().await;
    double.0 * 2
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // Any `tower::Layer` around every dispatch of a bus: two at once, the rest is turned away.
    let shedding = ServiceBuilder::new().load_shed().concurrency_limit(2);
    let bus = Bus::builder()
        .middleware(bus::layers::tower(shedding))
        .build()
        .await?;
    let answers = tokio::join!(
        bus.dispatch(Double(1)),
        bus.dispatch(Double(2)),
        bus.dispatch(Double(3)),
    );
    assert_eq!((answers.0?, answers.1?), (2, 4));
    match answers.2 {
        Err(Error::Rejected { reason, .. }) => {
            println!("the third is turned away: {reason}");
            assert!(reason.is::<tower::load_shed::error::Overloaded>());
        }
        other => panic!("{other:?}"),
    }

    // The bus is a service of every command, for what asks for one.
    let mut service = ServiceBuilder::new()
        .concurrency_limit(1)
        .map_request(Double)
        .service(bus);
    let answer = ServiceExt::<u32>::ready(&mut service)
        .await?
        .call(21)
        .await?;
    println!("the service answers {answer}");
    assert_eq!(answer, 42);
    Ok(())
}
