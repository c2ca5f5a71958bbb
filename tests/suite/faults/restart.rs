//! Servers that are stopped hard and started again, under load.
use super::audit::audit;
use super::load::Load;
use bus_tests::{Dice, OwnServer};

const TIMES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_resumes_by_itself_when_postgres_is_back() {
    resumes(OwnServer::postgres()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_resumes_by_itself_when_redis_is_back() {
    resumes(OwnServer::redis()).await;
}

async fn resumes(mut server: OwnServer) {
    let mut dice = Dice::new();
    let load = Load::start(server.url(), &mut dice).await;
    for _ in 0..TIMES {
        load.more(100).await;
        server.stop();
        load.is_ill().await;
        tokio::time::sleep(dice.milliseconds(500)).await;
        server.start();
        load.more(100).await;
        load.is_well().await;
    }
    let (bus, told) = load.end().await;
    assert!(bus.stats().store_errors >= TIMES as u64);
    let rows = audit(&bus, &told).await;
    told.report(&format!("{TIMES} restarts, {} jobs", rows.len()));
}
