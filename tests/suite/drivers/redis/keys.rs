//! What is in Redis, and what if others put it there.

use bus::driver::{ClaimRequest, ErrorKind, JobFilter, Keep, Page, Selection, Settlement};
use bus::id::{CommandName, QueueName};
use bus_tests::Redis;

use super::{at, claim, job, job_of, open, url, worker};

#[tokio::test]
async fn stores_with_different_prefixes_know_nothing_of_each_other() {
    let redis = Redis::new();
    // One prefix is the beginning of the other.
    let longer = format!("{}:b", redis.prefix());
    let one = open(redis.url(), redis.prefix()).await;
    let two = open(redis.url(), &longer).await;
    let id = job().id;
    let with_id = || bus::job::NewJob { id, ..job() };
    one.push(vec![with_id()], at(0)).await.unwrap();
    assert_eq!(two.get(id).await.unwrap(), None);
    let worker = worker(&two).await;
    assert_eq!(claim(&two, worker, 9, at(0)).await, []);
    two.push(vec![with_id()], at(0)).await.unwrap();
    assert_eq!(claim(&two, worker, 9, at(0)).await.len(), 1);
    assert_eq!(one.workers().await.unwrap(), []);
}

#[tokio::test]
async fn all_keys_share_one_hash_tag_and_only_the_ledger_is_left_of_a_life() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let worker = worker(&driver).await;
    driver
        .push(vec![job(), job_of(3, 60)], at(0))
        .await
        .unwrap();
    let taken = claim(&driver, worker, 1, at(1)).await.remove(0);
    let why = bus::job::Failure::new(bus::job::FailureKind::Error, "no", 1, at(1));
    let until = Keep::Until(at(70));
    let dead = Settlement::dead(taken.lease, "no".to_owned(), until, why);
    driver.settle(worker, &[dead], at(2)).await.unwrap();
    let mut connection = redis.connection().await;
    let mut all = redis::cmd("KEYS");
    all.arg(format!("*{}*", redis.prefix()));
    let keys: Vec<String> = all.query_async(&mut connection).await.unwrap();
    let tag = format!("{{{}}}:", redis.prefix());
    assert!(
        keys.len() > 8 && keys.iter().all(|key| key.starts_with(&tag)),
        "{keys:?}"
    );

    let taken = claim(&driver, worker, 9, at(60)).await.remove(0);
    let done = Settlement::completed(taken.lease, None, Keep::Drop);
    driver.settle(worker, &[done], at(61)).await.unwrap();
    assert_eq!(driver.prune(9, at(70)).await.unwrap(), 1);
    driver.retire(worker, at(70)).await.unwrap();
    let keys: Vec<String> = all.query_async(&mut connection).await.unwrap();
    assert_eq!(keys, [format!("{tag}schema")]);
}

#[tokio::test]
async fn many_processes_migrate_at_once_and_a_newer_store_is_refused() {
    let redis = Redis::new();
    let url = url(redis.url(), redis.prefix());
    let first = bus::drivers::connect(&url).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let driver = bus::drivers::connect(&url).await.unwrap();
                driver.migrate().await.unwrap().from
            })
        })
        .collect();
    let mut from_nothing = 0;
    for task in tasks {
        from_nothing += usize::from(task.await.unwrap() == 0);
    }
    assert_eq!(from_nothing, 1, "one did it");
    let mut connection = redis.connection().await;
    let key = format!("{{{}}}:schema", redis.prefix());
    let mut newer = redis::cmd("SET");
    let () = newer
        .arg(key)
        .arg(99)
        .query_async(&mut connection)
        .await
        .unwrap();
    let error = first.migrate().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
}

#[tokio::test]
async fn damaged_rows_are_handed_out_as_such_shown_and_deleted() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let jobs: Vec<_> = (0..4).map(|_| job()).collect();
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    driver.push(jobs, at(0)).await.unwrap();
    let mut connection = redis.connection().await;
    let rows = format!("{{{}}}:job", redis.prefix());
    let damages: [&[u8]; 2] = [b"", b"\xff not a row, but long enough to pass for one \xff"];
    for (id, damage) in ids.iter().zip(damages) {
        let mut set = redis::cmd("HSET");
        let set = set.arg(&rows).arg(id.as_bytes()).arg(damage);
        let () = set.query_async(&mut connection).await.unwrap();
    }
    let mut gone = redis::cmd("HDEL");
    let gone = gone.arg(&rows).arg(ids[2].as_bytes());
    let () = gone.query_async(&mut connection).await.unwrap();

    let page = driver
        .list(&JobFilter::default(), Page::default())
        .await
        .unwrap();
    assert_eq!(page.jobs.len(), 4, "no row is left out");
    let worker = worker(&driver).await;
    let claimed = claim(&driver, worker, 9, at(0)).await;
    assert_eq!(claimed.len(), 4);
    for job in &claimed {
        let damaged = ids[..3].contains(&job.id());
        assert_eq!(job.damage.is_some(), damaged, "{job:?}");
        assert_eq!(job.envelope.name == CommandName::UNREADABLE, damaged);
    }
    let park = claimed.into_iter().map(|job| {
        let why = bus::job::Failure::new(bus::job::FailureKind::Parked, "damaged", 0, at(1));
        Settlement::parked(job.lease, "damaged".to_owned(), why)
    });
    let settled = driver
        .settle(worker, &park.collect::<Vec<_>>(), at(1))
        .await
        .unwrap();
    assert!(
        settled
            .iter()
            .all(|settled| *settled == bus::driver::Settled::Applied)
    );
    assert!(driver.get(ids[2]).await.unwrap().is_some());
    let all = Selection::Ids(ids.clone());
    assert_eq!(driver.delete(&all, 9, at(2)).await.unwrap(), 4);
    assert_eq!(driver.get(ids[2]).await.unwrap(), None);
    assert_eq!(driver.counts(None).await.unwrap(), []);
}

#[tokio::test]
async fn a_job_of_a_clock_that_is_ahead_hides_no_other() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let ahead: Vec<_> = (0..40).map(|_| job_of(9, 100)).collect();
    driver.push(ahead, at(100)).await.unwrap();
    let due: Vec<_> = (0..40).map(|number| job_of(number % 2, 0)).collect();
    driver.push(due, at(0)).await.unwrap();
    let worker = worker(&driver).await;
    let early = claim(&driver, worker, 30, at(1)).await;
    assert_eq!(early.len(), 30);
    assert!(early.iter().all(|job| job.run_at == at(0)));
    assert_eq!(claim(&driver, worker, 30, at(1)).await.len(), 10);
    assert_eq!(claim(&driver, worker, 30, at(1)).await, []);
    assert_eq!(claim(&driver, worker, 50, at(100)).await.len(), 40);
}

#[tokio::test]
async fn a_claim_with_huge_payloads_comes_in_parts_and_whole() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let body = vec![7_u8; 1 << 20];
    let jobs: Vec<_> = (0..40)
        .map(|_| {
            let mut job = job();
            job.envelope.body = body.clone().into();
            job
        })
        .collect();
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    driver.push(jobs, at(0)).await.unwrap();
    let worker = worker(&driver).await;
    let claimed = claim(&driver, worker, 38, at(0)).await;
    let got: Vec<_> = claimed.iter().map(bus::driver::Claimed::id).collect();
    assert_eq!(got, ids[..38]);
    assert!(claimed.iter().all(|job| job.envelope.body == body));
    assert_eq!(claim(&driver, worker, 9, at(0)).await.len(), 2);
}

#[tokio::test]
async fn a_claim_that_came_too_early_says_when_to_come_again() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let worker = worker(&driver).await;
    // Stored as due by a clock that is ahead; many wait already, so nobody is woken.
    let many = (0..40).map(|_| job_of(0, 9)).chain([job_of(3, 7), job()]);
    driver.push(many.collect(), at(9)).await.unwrap();
    let request = ClaimRequest::one(QueueName::DEFAULT, 9);
    let claims = driver.claim(worker, &request, at(5)).await.unwrap();
    assert_eq!(claims.jobs.len(), 1);
    assert_eq!(claims.next_due, Some(at(7)));
    let claims = driver.claim(worker, &request, at(7)).await.unwrap();
    assert_eq!((claims.jobs.len(), claims.next_due), (1, Some(at(9))));
    assert_eq!(claim(&driver, worker, 99, at(9)).await.len(), 40);
}
