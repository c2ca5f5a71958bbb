//! What the statements leave behind, and which way the planner takes.
use super::*;

#[tokio::test]
async fn no_call_leaves_a_transaction_open() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    driver.migrate().await.unwrap();
    let by = worker(&driver).await;
    let rescue = Rescue {
        by,
        retry_at: START,
        limit: 9,
    };
    driver.rescue(&rescue, START).await.unwrap();
    driver.push(vec![job("mail")], START).await.unwrap();
    let huge = Selection::Fitting(JobFilter {
        name: Some("a\0b".to_owned()),
        ..JobFilter::default()
    });
    assert_eq!(driver.retry(&huge, 9, START).await.unwrap(), 0);
    let mut connection = store.connection().await;
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity \
         where datname = current_database() and state like 'idle in transaction%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(open, 0);
}

/// The statements that workers run all day walk indexes, whatever the planner has learnt of the
/// table: here that it was empty.
#[tokio::test]
async fn claims_and_settles_never_scan_the_table() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut connection = store.connection().await;
    connection.execute("analyze bus.jobs").await.unwrap();
    for _ in 0..3 {
        driver
            .push((0..500).map(|_| job("mail")).collect(), START)
            .await
            .unwrap();
        for job in claim(&driver, worker, 7).await {
            let done = [Settlement::completed(job.lease, None, Keep::Drop)];
            assert_eq!(
                driver.settle(worker, &done, START).await.unwrap(),
                [Settled::Applied]
            );
        }
        driver.promote(9, START).await.unwrap();
        driver.prune(9, START).await.unwrap();
        driver.disown(worker, &[], START).await.unwrap();
        driver.heartbeat(&info(worker), START).await.unwrap();
        driver
            .rescue(
                &Rescue {
                    by: worker,
                    retry_at: START,
                    limit: 9,
                },
                START,
            )
            .await
            .unwrap();
    }
    // Counters of a session are published when it ends.
    driver.close().await.unwrap();
    let scans: i64 = sqlx::query_scalar(
        "select coalesce(seq_scan, 0) from pg_stat_user_tables \
         where schemaname = 'bus' and relname = 'jobs'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    // Making an index of the empty table counts as a scan, and so does `analyze` nowhere.
    assert!(scans <= 8, "{scans} scans of the whole table");
}

/// A plan is made once, mostly while the table is empty and no index looks better than another. It
/// must not become a walk over all that waits or runs.
#[tokio::test]
async fn plans_that_were_made_for_an_empty_table_stay_good() {
    const JOBS: usize = 4_000;
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let round = async |count: usize| {
        let taken = claim(&driver, worker, count).await;
        let done = |job: Claimed| Settlement::completed(job.lease, None, Keep::Drop);
        let done: Vec<_> = taken.into_iter().map(done).collect();
        driver.settle(worker, &done, START).await.unwrap();
        done.len()
    };
    // Several times: the first plans of a statement are made anew each time.
    for _ in 0..8 {
        driver
            .push(vec![job("mail"), job("mail")], START)
            .await
            .unwrap();
        assert_eq!(round(2).await, 2);
    }
    let jobs = || (0..JOBS).map(|_| job("mail")).collect();
    driver.push(jobs(), START).await.unwrap();
    // So many run all the while.
    assert_eq!(claim(&driver, worker, JOBS / 4).await.len(), JOBS / 4);
    while round(100).await > 0 {}
    // Counters of a session are published when it ends.
    driver.close().await.unwrap();
    let mut connection = store.connection().await;
    let read: Vec<(String, i64)> = sqlx::query_as(
        "select indexrelname::text, idx_tup_read from pg_stat_user_indexes \
         where schemaname = 'bus' and indexrelname in ('jobs_ready', 'jobs_running')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let most = i64::try_from(4 * JOBS).unwrap();
    for (index, read) in read {
        assert!(read <= most, "{read} entries of {index} for {JOBS} jobs");
    }
}
