//! Wake-ups and the ends of jobs.

use std::time::Duration;

use super::kit::{Must, START, Subject, at, job, job_due, job_in, queue};
use crate::driver::{Ended, Keep, Rescue, Selection, Settlement, Wake, Wakes};
use crate::id::{JobId, QueueName};
use crate::job::{Failure, FailureKind, JobState};

/// News within a process are at once; this is only where a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until this queue is named; what else is named is needless, which is allowed.
async fn woken(wakes: &mut Wakes, wanted: &QueueName) {
    let named = async {
        loop {
            match wakes.next().await {
                Some(Wake::All) => return,
                Some(Wake::Queues(queues)) if queues.contains(wanted) => return,
                Some(Wake::Queues(_)) => {}
                None => panic!("the driver is open"),
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, named).await;
    assert!(in_time.is_ok(), "nobody was woken for {wanted}");
}

pub(super) async fn a_push_wakes_its_queue(subject: Subject) {
    let mut wakes = [subject.driver.wake(), subject.driver.wake()];
    let pushed = job_in("mail");
    let mail = pushed.queue.clone();
    subject.push(vec![pushed], START).await;
    for wakes in &mut wakes {
        woken(wakes, &mail).await;
    }
}

pub(super) async fn a_promotion_wakes_its_queue(subject: Subject) {
    let mut later = job_in("mail");
    later.run_at = at(10);
    let mail = later.queue.clone();
    subject.push(vec![later], START).await;
    let mut wakes = subject.driver.wake();
    subject.promote(at(10)).await;
    woken(&mut wakes, &mail).await;
}

pub(super) async fn a_settlement_wakes_for_what_it_gives_back_and_stores(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let mut wakes = subject.driver.wake();
    subject
        .applied(worker, Settlement::released(taken.lease), at(1))
        .await;
    woken(&mut wakes, &QueueName::DEFAULT).await;
    let taken = subject.claim(worker, 1, at(2)).await.remove(0);
    let next = job_in("next");
    let queue = next.queue.clone();
    let mut wakes = subject.driver.wake();
    let done = Settlement::completed(taken.lease, None, Keep::Drop).with_follow(vec![next]);
    subject.applied(worker, done, at(3)).await;
    woken(&mut wakes, &queue).await;
}

pub(super) async fn what_people_do_wakes(subject: Subject) {
    let driver = &subject.driver;
    let mail = queue("mail");
    let waiting = job_due(at(60));
    let one = Selection::Ids(vec![waiting.id]);
    subject.stored(waiting).await;
    let mut wakes = driver.wake();
    driver.retry(&one, 1, START).await.must();
    woken(&mut wakes, &QueueName::DEFAULT).await;
    driver.pause(&mail, None, START).await.must();
    subject.stored(job_in("mail")).await;
    let mut wakes = driver.wake();
    driver.resume(&mail).await.must();
    woken(&mut wakes, &mail).await;
}

pub(super) async fn what_a_worker_gives_back_wakes(subject: Subject) {
    let driver = &subject.driver;
    let worker = subject.worker(START).await;
    subject.taken(worker, job(), START).await;
    let mut wakes = driver.wake();
    driver.disown(worker, &[], at(1)).await.must();
    woken(&mut wakes, &QueueName::DEFAULT).await;
    subject.claim(worker, 1, at(2)).await;
    let mut wakes = driver.wake();
    driver.retire(worker, at(3)).await.must();
    woken(&mut wakes, &QueueName::DEFAULT).await;
    let dead = subject.worker(at(4)).await;
    subject.claim(dead, 1, at(4)).await;
    let rescuer = subject.worker(at(90)).await;
    let mut wakes = driver.wake();
    let rescue = Rescue {
        by: rescuer,
        retry_at: at(90),
        limit: 9,
    };
    let rescued = driver.rescue(&rescue, at(90)).await.must();
    let given_back = rescued.retried == 1 && subject.count(JobState::Available).await == 1;
    assert!(given_back, "{rescued:?}");
    woken(&mut wakes, &QueueName::DEFAULT).await;
}

/// The end as a ticket learns it: by the news, or by a look when told to.
async fn end_of(subject: &Subject, watch: &mut crate::driver::EndWatch, job: JobId) -> Ended {
    let end = async {
        loop {
            if let Some(ended) = watch.next().await {
                return ended;
            }
            if let Some(ended) = subject.get(job).await.as_ref().and_then(Ended::of_record) {
                return ended;
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, end).await;
    in_time.expect("who watches learns of the end")
}

pub(super) async fn a_watcher_learns_the_end_and_the_output(subject: Subject) {
    let worker = subject.worker(START).await;
    let why = Failure::new(FailureKind::Error, "no", 1, START);
    for kind in 0..3 {
        let new = job();
        let id = new.id;
        let mut watches = [subject.driver.watch(id), subject.driver.watch(id)];
        let lease = subject.taken(worker, new, START).await.lease;
        let (state, settlement) = match kind {
            0 => {
                let output = Some("[7]".into());
                let done = Settlement::completed(lease, output, Keep::Drop);
                (JobState::Completed, done)
            }
            1 => {
                let reason = "withdrawn".to_owned();
                let end = Settlement::cancelled(lease, reason, Keep::Drop);
                (JobState::Cancelled, end)
            }
            _ => {
                let reason = "withdrawn".to_owned();
                let end = Settlement::dead(lease, reason, Keep::Drop, why.clone());
                (JobState::Dead, end)
            }
        };
        subject.applied(worker, settlement, at(1)).await;
        for watch in &mut watches {
            let ended = end_of(&subject, watch, id).await;
            assert_eq!(ended.state, state);
            assert_eq!(ended.output.is_some(), state == JobState::Completed);
            assert_eq!(ended.reason.is_some(), state != JobState::Completed);
            assert_eq!(ended.failure.is_some(), state == JobState::Dead);
        }
    }
}

pub(super) async fn a_watcher_learns_that_a_waiting_job_was_cancelled(subject: Subject) {
    let id = subject.stored(job_due(at(60))).await;
    let mut watch = subject.driver.watch(id);
    let one = Selection::Ids(vec![id]);
    subject
        .driver
        .cancel(&one, "withdrawn", Keep::Forever, 1, at(1))
        .await
        .must();
    let ended = end_of(&subject, &mut watch, id).await;
    assert_eq!(
        (ended.state, ended.reason.as_deref()),
        (JobState::Cancelled, Some("withdrawn"))
    );
}
