//! What breaks: connections, rows, a missing schema.

use super::*;

#[tokio::test]
async fn the_driver_survives_the_end_of_all_its_connections() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut wakes = driver.wake();
    // The connection that listens says so when it is open.
    assert_eq!(wakes.next().await, Some(Wake::All));
    driver
        .push(vec![job("mail"), job("mail")], START)
        .await
        .unwrap();
    let held = claim(&driver, worker, 1).await.remove(0);
    assert_eq!(wakes.next().await, Some(Wake::Queues(vec![MAIL])));

    let mut outside = store.database.server().connect().await.unwrap();
    let ended: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1",
    )
    .bind(store.database.name())
    .fetch_one(&mut outside)
    .await
    .unwrap();
    assert!(ended >= 4, "{ended} connections were open");

    let again = job("mail");
    let pushed = until_it_works(async || driver.push(vec![again.clone()], START).await).await;
    assert_eq!(pushed, [Pushed::Stored]);
    let done = [Settlement::completed(held.lease, None, Keep::Drop)];
    let settled = until_it_works(async || driver.settle(worker, &done, START).await).await;
    assert_eq!(settled, [Settled::Applied]);
    let request = ClaimRequest::one(MAIL, 9);
    let claims = until_it_works(async || driver.claim(worker, &request, START).await).await;
    assert_eq!(claims.jobs.len(), 2);
    until_it_works(async || driver.heartbeat(&info(worker), START).await).await;
    // News may have been missed meanwhile.
    while wakes.next().await != Some(Wake::All) {}
}

#[tokio::test]
async fn without_a_schema_the_error_says_what_to_do() {
    let store = ground("").await;
    let driver = bus::drivers::connect(&store.url("bus")).await.unwrap();
    let error = driver.push(vec![job("mail")], START).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert!(error.source().unwrap().to_string().contains("call migrate"));
}

/// Puts rows into the table that no version of this crate writes.
#[tokio::test]
async fn a_damaged_row_is_handed_out_and_stops_nobody() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let jobs: Vec<NewJob> = (0..4).map(|_| job("mail")).collect();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    driver.push(jobs, START).await.unwrap();
    let mut connection = store.connection().await;
    for (set, id) in [
        "kind = 77",
        "extras = '['",
        "headers = 'x', key_id = '\\xff'",
    ]
    .iter()
    .zip(&ids)
    {
        let damage = format!("update bus.jobs set {set} where id = $1");
        sqlx::query(AssertSqlSafe(damage))
            .bind(id.as_uuid())
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let claimed = claim(&driver, worker, 9).await;
    let damage: Vec<bool> = claimed.iter().map(|job| job.damage.is_some()).collect();
    assert_eq!(damage, [true, true, true, false]);
    assert_eq!(claimed[0].envelope.name, CommandName::UNREADABLE);
    let page = driver
        .list(&JobFilter::default(), Page::default())
        .await
        .unwrap();
    assert_eq!(page.jobs.len(), 4, "each can be seen");
    for job in claimed {
        let failure = Failure::new(FailureKind::Parked, "damaged", 0, START);
        let parked = Settlement::parked(job.lease, "damaged".to_owned(), failure);
        assert_eq!(
            driver.settle(worker, &[parked], START).await.unwrap(),
            [Settled::Applied]
        );
    }
    assert_eq!(
        driver.delete(&Selection::Ids(ids), 9, START).await.unwrap(),
        4
    );
}
