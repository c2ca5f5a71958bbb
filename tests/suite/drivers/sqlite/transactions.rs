//! Jobs stored and settled inside the user's own transaction.

use bus::driver::{ClaimRequest, Driver, Inspect, Keep, Pushed, Settled, Settlement};
use bus::id::QueueName;
use bus::job::JobState;
use rusqlite::TransactionBehavior;

use super::{Place, START, job, stored, worker};

#[tokio::test]
async fn a_job_is_there_if_and_only_if_the_transaction_commits() {
    let place = Place::new("push-in");
    let driver = place.migrated().await;
    let mut mine = driver.connection().unwrap();
    mine.execute("CREATE TABLE orders (number INTEGER)", [])
        .unwrap();
    for commits in [false, true] {
        let job = job();
        let id = job.id;
        let tx = mine
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        tx.execute("INSERT INTO orders VALUES (7)", []).unwrap();
        let pushed = driver.push_in(&tx, &[job.clone(), job], START).unwrap();
        assert_eq!(pushed, [Pushed::Stored, Pushed::Duplicate(id)]);
        assert_eq!(driver.get(id).await.unwrap(), None);
        if commits {
            tx.commit().unwrap();
            driver.committed(&[QueueName::DEFAULT]);
        } else {
            tx.rollback().unwrap();
        }
        let found = driver.get(id).await.unwrap();
        assert_eq!(found.is_some(), commits);
    }
    let request = ClaimRequest::one(QueueName::DEFAULT, 10);
    let worker = worker(&driver).await;
    let claims = driver.claim(worker, &request, START).await.unwrap();
    assert_eq!(claims.jobs.len(), 1);
}

#[tokio::test]
async fn an_effect_and_its_outcome_commit_together() {
    let place = Place::new("settle-in");
    let driver = place.migrated().await;
    let worker = worker(&driver).await;
    let id = stored(&driver, job()).await;
    let request = ClaimRequest::one(QueueName::DEFAULT, 1);
    let claims = driver.claim(worker, &request, START).await.unwrap();
    let lease = claims.jobs[0].lease.clone();
    let mut mine = driver.connection().unwrap();
    mine.execute("CREATE TABLE counter (n INTEGER)", [])
        .unwrap();
    mine.execute("INSERT INTO counter VALUES (0)", []).unwrap();
    let done = Settlement::completed(lease, None, Keep::Forever);
    let expected = [
        (false, Settled::Applied, JobState::Running),
        (true, Settled::Applied, JobState::Completed),
        (false, Settled::LeaseLost, JobState::Completed),
    ];
    for (commits, answer, state) in expected {
        let tx = mine
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        tx.execute("UPDATE counter SET n = n + 1", []).unwrap();
        assert_eq!(driver.settle_in(&tx, worker, &done, START).unwrap(), answer);
        if commits {
            tx.commit().unwrap();
        } else {
            tx.rollback().unwrap();
        }
        assert_eq!(driver.get(id).await.unwrap().unwrap().state, state);
    }
    let count: i64 = mine
        .query_row("SELECT n FROM counter", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
}
