//! Rows that nobody can read, and rows that leave nothing behind.

use bus::driver::{ClaimRequest, Driver, Inspect, JobFilter, Keep, Page, Selection, Settlement};
use bus::id::{CommandName, QueueName};
use bus::job::{Failure, FailureKind};

use super::{Place, START, job, stored, worker};

#[tokio::test]
async fn rows_that_cannot_be_read_are_handed_out_shown_and_deleted() {
    let place = Place::new("damage");
    let driver = place.migrated().await;
    let spoils = [
        "name = ''",
        "name = CAST(x'ff00' AS TEXT)",
        "headers = '{'",
        "extras = '['",
        "version = 70000",
        "max_attempts = -1",
        "rank = 100000",
        "body = NULL",
    ];
    for spoil in spoils {
        let id = stored(&driver, job()).await;
        let sql = format!("UPDATE bus_jobs SET {spoil} WHERE id = ?1");
        assert_eq!(place.raw().execute(&sql, [id.as_bytes()]).unwrap(), 1);
    }
    let good = stored(&driver, job()).await;

    let listed = driver
        .list(&JobFilter::default(), Page::default())
        .await
        .unwrap();
    assert_eq!(listed.jobs.len(), spoils.len() + 1);
    let tagged = JobFilter {
        tag: Some("none".to_owned()),
        ..JobFilter::default()
    };
    let tagged = driver.list(&tagged, Page::default()).await.unwrap();
    assert_eq!(
        tagged.jobs,
        [],
        "a broken row has no tags and breaks no search"
    );

    let worker = worker(&driver).await;
    let request = ClaimRequest::one(QueueName::DEFAULT, 100);
    let claims = driver.claim(worker, &request, START).await.unwrap();
    assert_eq!(claims.jobs.len(), spoils.len() + 1);
    let (sound, damaged): (Vec<_>, Vec<_>) = claims
        .jobs
        .into_iter()
        .partition(|job| job.damage.is_none());
    assert_eq!(sound.len(), 1);
    assert_eq!(sound[0].id(), good);
    let nameless = damaged
        .iter()
        .filter(|job| job.envelope.name == CommandName::UNREADABLE);
    assert_eq!(nameless.count(), 2);
    let parked: Vec<_> = damaged
        .into_iter()
        .map(|job| {
            let why = job.damage.unwrap();
            let failure = Failure::new(FailureKind::Parked, why.clone(), 0, START);
            Settlement::parked(job.lease, why, failure)
        })
        .collect();
    let ids = parked
        .iter()
        .map(|settlement| settlement.lease.job)
        .collect();
    let settled = driver.settle(worker, &parked, START).await.unwrap();
    assert_eq!(settled.len(), spoils.len());
    let deleted = driver
        .delete(&Selection::Ids(ids), 100, START)
        .await
        .unwrap();
    assert_eq!(deleted, spoils.len() as u64);
}

#[tokio::test]
async fn jobs_that_are_gone_leave_nothing_behind() {
    let place = Place::new("leftovers");
    let driver = place.migrated().await;
    let worker = worker(&driver).await;
    let request = ClaimRequest::one(QueueName::DEFAULT, 10);
    for _ in 0..3 {
        let mut large = job();
        large.envelope.body = vec![b'x'; 100_000].into();
        stored(&driver, large).await;
    }
    let failure = Failure::new(FailureKind::Error, "no", 1, START);
    let claims = driver.claim(worker, &request, START).await.unwrap();
    let failed = claims.jobs.into_iter();
    let failed = failed.map(|job| Settlement::retry(job.lease, START, failure.clone()));
    let failed: Vec<_> = failed.collect();
    driver.settle(worker, &failed, START).await.unwrap();

    // One ends and is not kept, one ends and is pruned, one is deleted.
    let mut jobs = driver.claim(worker, &request, START).await.unwrap().jobs;
    assert!(jobs.iter().all(|job| job.envelope.body.len() == 100_000));
    let deleted = jobs.pop().unwrap().lease;
    let ends = [
        Settlement::completed(jobs.pop().unwrap().lease, None, Keep::Drop),
        Settlement::completed(jobs.pop().unwrap().lease, None, Keep::Until(START)),
        Settlement::released(deleted.clone()),
    ];
    driver.settle(worker, &ends, START).await.unwrap();
    assert_eq!(driver.prune(10, START).await.unwrap(), 1);
    let one = Selection::Ids(vec![deleted.job]);
    assert_eq!(driver.delete(&one, 10, START).await.unwrap(), 1);

    for table in ["bus_jobs", "bus_bodies", "bus_failures"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let left: i64 = place.raw().query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
