//! How a worker ends.
use super::work::{beside, only, stored};
use bus::job::JobState;
use bus::prelude::*;
use bus_tests::Probe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

#[job]
struct Long;

#[handler]
async fn long(_: Long, gate: &Semaphore, probe: &Probe<&'static str>) {
    probe.tell("began");
    gate.acquire().await.unwrap().forget();
    probe.tell("ended");
}

async fn scene() -> (Bus, Arc<Semaphore>, Probe<&'static str>) {
    let (gate, probe) = (Arc::new(Semaphore::new(0)), Probe::new());
    let builder = Bus::builder().partial().store("memory:");
    let builder = builder.state_arc(Arc::clone(&gate)).state(probe.clone());
    (builder.build().await.unwrap(), gate, probe)
}

#[tokio::test]
async fn what_runs_is_waited_for_and_nothing_new_begins() {
    let (bus, gate, probe) = scene().await;
    bus.dispatch_all((0..5).map(|_| Long)).await.unwrap();
    let worker = beside(bus.worker().concurrency(2));
    probe.count(2).await;
    worker.stop.cancel();
    gate.add_permits(5);
    worker.ended().await;
    assert_eq!(bus.stats().completed, 2);
    let back = stored(&bus).await;
    assert_eq!(back.len(), 3);
    for job in back {
        assert_eq!((job.state, job.attempts), (JobState::Available, 0));
    }
}

#[tokio::test]
async fn after_the_grace_the_rest_is_given_back_and_costs_no_attempt() {
    let (bus, _gate, probe) = scene().await;
    bus.dispatch(Long).await.unwrap();
    let worker = beside(bus.worker().grace(Duration::from_millis(20)));
    probe.count(1).await;
    worker.end().await;
    let job = only(&bus).await;
    assert_eq!((job.state, job.attempts), (JobState::Available, 0));
    assert_eq!((job.deliveries, bus.stats().released), (1, 1));
    assert_eq!(probe.heard(), ["began"]);
}

#[tokio::test]
async fn max_time_ends_it_as_if_asked() {
    let (bus, gate, _) = scene().await;
    gate.add_permits(1);
    let ticket = bus.dispatch(Long).await.unwrap();
    beside(bus.worker().max_time(Duration::from_millis(50)))
        .ended()
        .await;
    ticket.wait().await.unwrap();
    assert!(bus.health().await.workers.is_empty());
    assert!(
        bus.jobs()
            .await
            .unwrap()
            .workers()
            .await
            .unwrap()
            .is_empty(),
        "it said goodbye"
    );
}
