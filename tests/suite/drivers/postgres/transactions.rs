//! Jobs inside the caller's own transaction.

use super::*;

#[tokio::test]
async fn a_job_of_a_transaction_exists_if_it_commits() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut connection = store.connection().await;
    for commits in [false, true] {
        let mut tx = connection.begin().await.unwrap();
        let same = job("mail");
        let jobs = vec![same.clone(), same.clone(), job("mail")];
        let pushed = postgres(&driver)
            .push_in(&mut tx, jobs, START)
            .await
            .unwrap();
        let twice = Pushed::Duplicate(same.id);
        assert_eq!(pushed, [Pushed::Stored, twice, Pushed::Stored]);
        assert_eq!(claim(&driver, worker, 9).await, []);
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        let mut wakes = driver.wake();
        postgres(&driver).committed(&[MAIL]);
        assert!(wakes.next().await.is_some());
        assert_eq!(
            claim(&driver, worker, 9).await.len(),
            if commits { 2 } else { 0 }
        );
    }
}

#[tokio::test]
async fn a_job_settled_in_a_transaction_is_done_if_it_commits() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut connection = store.connection().await;
    connection
        .execute("create table effects (n int)")
        .await
        .unwrap();
    driver.push(vec![job("mail")], START).await.unwrap();
    let claimed = claim(&driver, worker, 1).await.remove(0);
    let next = job("mail");
    let done = Settlement::completed(claimed.lease, None, Keep::Drop).with_follow(vec![next]);
    for commits in [false, true] {
        let mut tx = connection.begin().await.unwrap();
        tx.execute("insert into effects values (1)").await.unwrap();
        let driver = postgres(&driver);
        let settled = driver
            .settle_in(&mut tx, worker, &done, START)
            .await
            .unwrap();
        assert_eq!(settled, Settled::Applied);
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    }
    let again = driver
        .settle(worker, std::slice::from_ref(&done), START)
        .await
        .unwrap();
    assert_eq!(again, [Settled::LeaseLost]);
    let effects: i64 = sqlx::query_scalar("select count(*) from effects")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((effects, claim(&driver, worker, 9).await.len()), (1, 1));
}
