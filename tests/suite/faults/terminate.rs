//! Connections that a Postgres server ends, under load.
use super::audit::{all_over, audit};
use super::load::Load;
use super::place::Place;
use bus_tests::{Dice, Postgres};
use sqlx::ConnectOptions;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_survives_the_end_of_its_connections_again_and_again() {
    let database = Postgres::create().await;
    let mut above = database.server().connect().await.unwrap();
    let name = database.name().to_owned();
    let place = Place::Postgres(database);
    let load = Load::start(&place.url(), &mut Dice::new()).await;
    let mut ended = 0;
    for _ in 0..20 {
        load.more(40).await;
        let end =
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
        let end = sqlx::query_scalar(end).bind(&name);
        ended += end.fetch_one(&mut above).await.unwrap_or(0_i64);
    }
    assert!(ended >= 20, "{ended} connections ended");
    load.is_well().await;
    let (bus, told) = load.end().await;
    all_over(&bus).await;
    assert!(bus.stats().store_errors > 0, "the worker saw nothing of it");
    audit(&bus, &told).await;
    told.report(&format!("{ended} connections ended, {:?}", bus.stats()));
}
