//! Layers of tower as middleware, and the bus as a service of tower.
use bus::layers::{Gone, Reply, Ticket};
use bus::prelude::*;
use bus::{Error, ErrorKind};
use bus_tests::Script;
use std::future::{Ready, ready};
use std::task::Poll;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::retry::{Policy, RetryLayer};
use tower::{Service, ServiceBuilder, ServiceExt};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone)]
#[command(output = u32)]
struct Work(u32);

#[handler]
async fn work(cmd: Work, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.0).await
}

#[command(output = u32)]
struct Once(u32);

#[handler]
async fn once(cmd: Once, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.0).await
}

async fn behind(script: &Script, middleware: impl Middleware) -> Bus {
    let bus = Bus::builder().state(script.clone()).middleware(middleware);
    bus.partial().build().await.expect("partial")
}

/// The cause of a rejection.
fn reason<T>(answer: Result<T, Error>) -> bus::BoxError {
    match answer {
        Err(Error::Rejected { reason, .. }) => reason,
        Err(other) => panic!("rejected, not {other:?}"),
        Ok(_) => panic!("rejected, not answered"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_limit_is_one_for_all_dispatches() {
    let script = Script::takes(SECOND);
    let layer = ServiceBuilder::new().concurrency_limit(2);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let begun = Instant::now();
    let mut tasks: JoinSet<_> = (0..100)
        .map(|n| {
            let bus = bus.clone();
            async move { (n, bus.dispatch(Work(n)).await) }
        })
        .collect();
    while let Some(answer) = tasks.join_next().await {
        let (n, answer) = answer.unwrap();
        assert_eq!(answer.unwrap(), n);
    }
    assert_eq!(script.most_at_once(), 2);
    assert_eq!(begun.elapsed(), SECOND * 50);
}

#[tokio::test(start_paused = true)]
async fn cancelled_dispatches_give_back_what_they_reserved() {
    let script = Script::takes(SECOND * 10);
    let layer = ServiceBuilder::new().concurrency_limit(1);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let dispatch = |n| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.dispatch(Work(n)).await })
    };
    let (running, waiting, last) = (dispatch(1), dispatch(2), dispatch(3));
    sleep(SECOND).await;
    waiting.abort();
    running.abort();
    assert_eq!(last.await.unwrap().unwrap(), 3);
    assert_eq!(script.order(), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_time_out_of_tower_rejects_and_drops_the_handler() {
    let script = Script::takes(SECOND * 10);
    let layer = ServiceBuilder::new().timeout(SECOND);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let reason = reason(bus.dispatch(Work(1)).await);
    assert!(reason.is::<tower::timeout::error::Elapsed>());
    assert_eq!((script.runs(), script.running()), (1, 0));
    script.set(&Script::takes(Duration::ZERO));
    assert_eq!(bus.dispatch(Work(2)).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn services_that_are_not_clone_and_buffers_serve_many() {
    let script = Script::takes(Duration::ZERO);
    let layer = ServiceBuilder::new().buffer(16).rate_limit(10, SECOND);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let begun = Instant::now();
    for n in 0..30 {
        assert_eq!(bus.dispatch(Work(n)).await.unwrap(), n);
    }
    assert!(begun.elapsed() >= SECOND * 2, "{:?}", begun.elapsed());
    let bare = ServiceBuilder::new().rate_limit(1, SECOND);
    let bus = behind(&script, bus::layers::tower(bare)).await;
    let (one, two) = tokio::join!(bus.dispatch(Work(1)), bus.dispatch(Work(2)));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn shed_load_is_a_rejection() {
    let script = Script::takes(SECOND);
    let layer = ServiceBuilder::new().load_shed().concurrency_limit(1);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let (one, two) = tokio::join!(bus.dispatch(Work(1)), bus.dispatch(Work(2)));
    assert_eq!(one.unwrap(), 1);
    assert!(reason(two).is::<tower::load_shed::error::Overloaded>());
}

/// Calls again, so many times, while the handler or a service fails.
#[derive(Clone)]
struct Again(u32);

impl<E> Policy<Ticket, Reply, E> for Again {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Ticket, result: &mut Result<Reply, E>) -> Option<Ready<()>> {
        let failed = match result {
            Ok(reply) => reply.failure().map(|failure| failure.kind) == Some(ErrorKind::Handler),
            Err(_) => true,
        };
        (failed && self.0 > 0).then(|| {
            self.0 -= 1;
            ready(())
        })
    }

    fn clone_request(&mut self, ticket: &Ticket) -> Option<Ticket> {
        Some(ticket.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_tower_runs_the_handler_again() {
    let script = Script::fails();
    script.fail_first(2);
    let bus = behind(&script, bus::layers::tower(RetryLayer::new(Again(3)))).await;
    assert_eq!(bus.dispatch(Work(1)).await.unwrap(), 1);
    assert_eq!(script.order(), [1, 1, 1]);
    script.set(&Script::fails());
    let error = bus.dispatch(Work(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Handler, "the handler's own error");
    assert_eq!(script.runs(), 3 + 4);
    // A command that can't be copied runs once; what comes back names the reason.
    let reason = reason(bus.dispatch(Once(3)).await);
    assert_eq!(reason.downcast_ref(), Some(&Gone));
    assert_eq!(script.runs(), 3 + 4 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_tower_has_given_up_makes_way_for_the_next() {
    let script = Script::takes(SECOND * 10);
    let layer = ServiceBuilder::new().retry(Again(2)).timeout(SECOND);
    let bus = behind(&script, bus::layers::tower(layer)).await;
    let begun = Instant::now();
    let reason = reason(bus.dispatch(Work(1)).await);
    assert!(reason.is::<tower::timeout::error::Elapsed>());
    assert_eq!(begun.elapsed(), SECOND * 3);
    assert_eq!((script.runs(), script.running()), (3, 0));
    assert_eq!(script.most_at_once(), 1);
}

/// A layer that answers by a reply that it kept.
#[derive(Clone)]
struct Stale<S> {
    inner: S,
    kept: Option<Reply>,
}

impl<S> Service<Ticket> for Stale<S>
where
    S: Service<Ticket, Response = Reply, Error = Gone, Future: Send + 'static>,
{
    type Response = Reply;
    type Error = Gone;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Reply, Gone>> + Send>>;

    fn poll_ready(&mut self, task: &mut std::task::Context<'_>) -> Poll<Result<(), Gone>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, ticket: Ticket) -> Self::Future {
        match self.kept {
            Some(reply) => Box::pin(ready(Ok(reply))),
            None => Box::pin(self.inner.call(ticket)),
        }
    }
}

#[tokio::test]
async fn a_service_that_answers_by_itself_has_no_answer_to_give() {
    let (replies, kept) = std::sync::mpsc::channel();
    let spy = tower::layer::layer_fn(move |inner| {
        let replies = replies.clone();
        ServiceBuilder::new()
            .map_response(move |reply: Reply| {
                let _ = replies.send(reply);
                reply
            })
            .service(inner)
    });
    let script = Script::takes(Duration::ZERO);
    let bus = behind(&script, bus::layers::tower(spy)).await;
    assert_eq!(bus.dispatch(Work(1)).await.unwrap(), 1);
    let kept = kept.recv().ok();
    assert!(kept.is_some_and(|reply| reply.is_ok()));

    let stale = tower::layer::layer_fn(move |inner| Stale { inner, kept });
    let bus = behind(&script, bus::layers::tower(stale)).await;
    let reason = reason(bus.dispatch(Work(1)).await);
    assert!(reason.to_string().contains("without calling further in"));
    assert_eq!(script.runs(), 1);
}

#[tokio::test]
async fn a_ticket_outlives_its_dispatch_and_is_gone() {
    let (tickets, kept) = std::sync::mpsc::channel();
    let (services, inner) = std::sync::mpsc::channel();
    let spy = tower::layer::layer_fn(move |inner: bus::layers::Inner| {
        let _ = services.send(inner);
        let tickets = tickets.clone();
        ServiceBuilder::new()
            .map_request(move |ticket: Ticket| {
                let _ = tickets.send(ticket.clone());
                ticket
            })
            .service(inner)
    });
    let script = Script::takes(Duration::ZERO);
    let bus = behind(&script, bus::layers::tower(spy)).await;
    let cx = bus.context();
    assert_eq!(cx.dispatch(Work(1)).await.unwrap(), 1);
    let ticket = kept.recv().unwrap();
    assert_eq!(ticket.context().id(), cx.id());
    assert_eq!(ticket.descriptor().short_name(), "Work");
    assert_eq!(inner.recv().unwrap().oneshot(ticket).await, Err(Gone));
    assert_eq!(script.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_bus_is_a_service_behind_layers() {
    let script = Script::takes(SECOND);
    let bus = Bus::builder()
        .state(script.clone())
        .partial()
        .build()
        .await
        .unwrap();
    let service = ServiceBuilder::new().concurrency_limit(1).service(bus);
    let (one, two) = tokio::join!(
        service.clone().oneshot(Work(1)),
        service.clone().oneshot(Work(2)),
    );
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
    assert_eq!(script.most_at_once(), 1);
}
