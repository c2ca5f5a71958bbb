//! The context: what a request carries to all that its handlers dispatch.
//!
//! `cargo run --example context`
use bus::prelude::*;
use bus::{BoxError, Error, MessageId};
use std::time::Duration;

/// The tenant of the request; an extension is any type of yours.
#[derive(Clone, Debug, PartialEq)]
struct Tenant(&'static str);

/// Checks out: dispatches two others.
#[command(output = Vec<String>)]
struct CheckOut;

/// Writes one line of the log that this example shows.
#[command(output = String)]
struct Note(&'static str);

#[handler]
async fn check_out(_: CheckOut, cx: &Context) -> Result<Vec<String>, BoxError> {
    // Inside a handler `bus::dispatch` inherits the context, across `.await` too.
    let reserved = bus::dispatch(Note("reserved")).await?;
    // A spawned task is outside; it is handed the context.
    let charged = tokio::spawn(
        cx.clone()
            .scope(async { bus::dispatch(Note("charged")).await }),
    );
    Ok(vec![reserved, charged.await??])
}

#[handler]
fn note(note: Note, cx: &Context) -> String {
    let tenant = cx.extension::<Tenant>().expect("the request has one");
    let user = cx.principal::<&'static str>().expect("somebody asks");
    assert!(cx.causation_id().is_some(), "a handler dispatched this");
    format!("{} {user}@{}: {}", cx.correlation_id(), tenant.0, note.0)
}

/// Works until it is told to stop.
#[command(output = u32)]
struct Crawl;

#[handler]
async fn crawl(_: Crawl, cx: &Context) -> u32 {
    let mut pages = 0;
    while !cx.is_cancelled() {
        pages += 1;
        tokio::task::yield_now().await;
    }
    pages
}

/// Takes as long as it is let.
#[command]
struct Dawdle;

#[handler]
async fn dawdle(_: Dawdle) {
    std::future::pending().await
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let bus = Bus::builder().build().await?;

    // What came with a request goes in once, here.
    let trace: MessageId = "4bf92f3577b34da6a3ce929d0e0e4736".parse()?;
    let cx = bus
        .context()
        .with_correlation_id(trace)
        .with_principal("ann")
        .with_extension(Tenant("acme"));
    let log = cx.dispatch(CheckOut).await?;
    for line in &log {
        println!("{line}");
    }
    assert_eq!(
        log,
        [
            "4bf92f3577b34da6a3ce929d0e0e4736 ann@acme: reserved",
            "4bf92f3577b34da6a3ce929d0e0e4736 ann@acme: charged",
        ]
    );

    // A deadline is the whole request's, whatever is dispatched inside.
    let limited = bus.context().with_timeout(Duration::from_millis(20));
    let late = limited.dispatch(Dawdle).await;
    assert!(matches!(late, Err(Error::TimedOut { .. })));

    // Cancellation asks; the handler decides where it stops.
    let token = tokio_util::sync::CancellationToken::new();
    let crawling = bus.context().with_cancellation(token.clone());
    let (pages, ()) = tokio::join!(crawling.dispatch(Crawl), async {
        tokio::task::yield_now().await;
        token.cancel();
    });
    println!("{} pages before the cancellation", pages?);
    Ok(())
}
