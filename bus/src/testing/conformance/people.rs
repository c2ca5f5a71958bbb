//! What people see and do.

use super::kit::{START, Subject, at, ids, job, job_due, job_in, jobs, queue};
use crate::codec::Envelope;
use crate::driver::{
    CancelCount, ClaimRequest, JobFilter, Keep, MAX_BATCH, Order, Page, QueueCounts, Selection,
    Settled, Settlement,
};
use crate::id::{CommandName, JobId, QueueName, WorkerId};
use crate::job::{Failure, FailureKind, JobState, NewJob};

fn these(ids: &[JobId]) -> Selection {
    Selection::Ids(ids.to_vec())
}

/// A job in each state, by [`JobState::ALL`]; the last three were one attempt each.
async fn one_of_each(subject: &Subject, worker: WorkerId) -> [JobId; 7] {
    let why = Failure::new(FailureKind::Error, "no", 1, at(1));
    let mut made = Vec::new();
    for state in JobState::ALL {
        let new = match state {
            JobState::Scheduled => job_due(at(600)),
            _ => job_in(state.as_str()),
        };
        let id = new.id;
        let queue = new.queue.clone();
        subject.push(vec![new], START).await;
        made.push(id);
        if matches!(state, JobState::Scheduled | JobState::Available) {
            continue;
        }
        let lease = subject
            .claim_from(worker, &queue, 1, START)
            .await
            .remove(0)
            .lease;
        let settlement = match state {
            JobState::Retryable => Settlement::retry(lease, at(600), why.clone()),
            JobState::Completed => Settlement::completed(lease, Some("7".into()), Keep::Forever),
            JobState::Cancelled => Settlement::cancelled(lease, "no".to_owned(), Keep::Forever),
            JobState::Dead => {
                Settlement::dead(lease, "no".to_owned(), Keep::Until(at(900)), why.clone())
            }
            _ => continue,
        };
        subject.applied(worker, settlement, at(1)).await;
    }
    for (&id, state) in made.iter().zip(JobState::ALL) {
        assert_eq!(subject.state(id).await, Some(state));
    }
    made.try_into().unwrap()
}

pub(super) async fn an_unknown_job_is_none(subject: Subject) {
    assert_eq!(subject.get(JobId::new()).await, None);
    let nobody = these(&[JobId::new()]);
    let driver = &subject.driver;
    assert_eq!(driver.retry(&nobody, 9, START).await.unwrap(), 0);
    assert_eq!(driver.delete(&nobody, 9, START).await.unwrap(), 0);
    let cancelled = driver
        .cancel(&nobody, "", Keep::Drop, 9, START)
        .await
        .unwrap();
    assert_eq!(cancelled, CancelCount::default());
}

pub(super) async fn pages_hold_each_job_once_in_both_orders(subject: Subject) {
    let all = jobs(25);
    let wanted: Vec<JobId> = all.iter().map(|job| job.id).collect();
    subject.push(all, START).await;
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut page = Page {
            after: None,
            limit: 10,
            order,
        };
        let mut got = Vec::new();
        loop {
            let list = subject
                .driver
                .list(&JobFilter::default(), page)
                .await
                .unwrap();
            assert!(list.jobs.len() <= 10);
            got.extend(list.jobs.iter().map(|job| job.id));
            let Some(next) = list.next else { break };
            assert_eq!(Some(&next), got.last());
            page.after = Some(next);
        }
        if order == Order::NewestFirst {
            got.reverse();
        }
        assert_eq!(got, wanted, "{order:?}");
    }
}

pub(super) async fn a_page_goes_on_though_its_last_job_is_gone(subject: Subject) {
    let all = jobs(9);
    let wanted: Vec<JobId> = all.iter().map(|job| job.id).collect();
    subject.push(all, START).await;
    let mut page = Page {
        after: None,
        limit: 3,
        order: Order::OldestFirst,
    };
    let everything = JobFilter::default();
    let first = subject.driver.list(&everything, page).await.unwrap();
    page.after = first.next;
    subject
        .driver
        .delete(&these(&wanted[..3]), 9, START)
        .await
        .unwrap();
    subject.stored(job()).await;
    let second = subject.driver.list(&everything, page).await.unwrap();
    let second: Vec<_> = second.jobs.into_iter().map(|job| job.id).collect();
    assert_eq!(second, wanted[3..6]);
}

pub(super) async fn each_filter_finds_its_jobs(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let mut odd = job_in("odd");
    odd.envelope = Envelope::new(CommandName::from_static("shop::Odd"), 1, "");
    odd.extras_mut().tags = vec!["a'b".to_owned(), "größe\0".to_owned()];
    subject.push(vec![odd.clone()], at(5)).await;
    let find = async |filter: JobFilter| {
        let list = subject.driver.list(&filter, Page::default()).await.unwrap();
        assert!(list.jobs.iter().all(|job| filter.fits(job)), "{filter:?}");
        let mut found: Vec<_> = list.jobs.into_iter().map(|job| job.id).collect();
        found.reverse();
        found
    };
    let any = JobFilter::default;
    assert_eq!(find(any()).await, [&each[..], &[odd.id]].concat());
    for (state, id) in JobState::ALL.into_iter().zip(each) {
        let found = find(JobFilter::state(state)).await;
        assert!(found.contains(&id), "{state}");
        assert_eq!(
            found.len(),
            1 + usize::from(state == JobState::Available),
            "{state}"
        );
    }
    let two = vec![JobState::Dead, JobState::Running];
    let found = find(JobFilter {
        states: two,
        ..any()
    })
    .await;
    assert_eq!(found, [each[2], each[6]]);
    let in_queue = |name: &str| JobFilter {
        queue: Some(queue(name)),
        ..any()
    };
    assert_eq!(find(in_queue("odd")).await, [odd.id]);
    assert_eq!(find(in_queue("nobody")).await, []);
    let named = |name: &str| JobFilter {
        name: Some(name.to_owned()),
        ..any()
    };
    assert_eq!(find(named("shop::Odd")).await, [odd.id]);
    assert_eq!(find(named("shop::Od")).await, []);
    assert_eq!(find(named("shop::Mail")).await, each);
    let tagged = |tag: &str| JobFilter {
        tag: Some(tag.to_owned()),
        ..any()
    };
    assert_eq!(find(tagged("größe\0")).await, [odd.id]);
    assert_eq!(find(tagged("a'b")).await, [odd.id]);
    assert_eq!(find(tagged("a")).await, []);
    let by = |worker| JobFilter {
        worker: Some(worker),
        ..any()
    };
    assert_eq!(find(by(worker)).await, [each[2]]);
    assert_eq!(find(by(WorkerId::new())).await, []);
    let before = |time| JobFilter {
        created_before: Some(time),
        ..any()
    };
    assert_eq!(find(before(at(5))).await, each);
    assert_eq!(find(before(START)).await, []);
    let ended = |time| JobFilter {
        ended_before: Some(time),
        ..any()
    };
    assert_eq!(find(ended(at(2))).await, each[4..]);
    assert_eq!(find(ended(at(1))).await, []);
    let both = JobFilter {
        name: Some("shop::Mail".to_owned()),
        ..in_queue("odd")
    };
    assert_eq!(find(both).await, []);
}

pub(super) async fn counts_follow_each_move(subject: Subject) {
    let worker = subject.worker(START).await;
    let none = subject.driver.counts(Some(&queue("mail"))).await.unwrap();
    assert_eq!(none, [QueueCounts::empty(queue("mail"))]);
    assert_eq!(subject.driver.counts(None).await.unwrap(), []);
    one_of_each(&subject, worker).await;
    subject
        .push(vec![job_due(at(3)), job_due(at(2)), job_due(at(4))], at(5))
        .await;
    let counts = subject.driver.counts(None).await.unwrap();
    let names: Vec<_> = counts.iter().map(|counts| counts.queue.as_str()).collect();
    let sorted = [
        "available",
        "cancelled",
        "completed",
        "dead",
        "default",
        "retryable",
        "running",
    ];
    assert_eq!(names, sorted);
    for counts in &counts {
        let name = counts.queue.as_str();
        let total: u64 = counts.by_state.iter().sum();
        if name == "default" {
            assert_eq!(counts.get(JobState::Available), 3);
            assert_eq!(counts.get(JobState::Scheduled), 1);
            assert_eq!((total, counts.oldest_due), (4, Some(at(2))));
        } else {
            assert_eq!(total, 1, "{name}");
            assert_eq!(counts.get(name.parse().unwrap()), 1, "{name}");
        }
    }
    let one = subject
        .driver
        .counts(Some(&QueueName::DEFAULT))
        .await
        .unwrap();
    assert_eq!(one, [counts[4].clone()]);
}

pub(super) async fn queues_are_those_with_jobs_or_a_pause(subject: Subject) {
    assert_eq!(subject.driver.queues().await.unwrap(), []);
    subject
        .driver
        .pause(&queue("b"), None, at(1))
        .await
        .unwrap();
    let job = subject.stored(job_in("a")).await;
    let names = async || {
        let queues = subject.driver.queues().await.unwrap();
        let names = queues
            .into_iter()
            .map(|queue| queue.name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a", "b"]);
    subject.driver.resume(&queue("b")).await.unwrap();
    subject
        .driver
        .delete(&these(&[job]), 1, START)
        .await
        .unwrap();
    assert_eq!(names().await, Vec::<String>::new());
}

pub(super) async fn a_person_retries_whatever_does_not_run(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let before = subject.record(each[6]).await;
    let retried = subject
        .driver
        .retry(&these(&each), 99, at(10))
        .await
        .unwrap();
    assert_eq!(retried, 5, "not the available and the running one");
    for (state, id) in JobState::ALL.into_iter().zip(each) {
        let record = subject.record(id).await;
        match state {
            JobState::Running => assert_eq!(record.state, JobState::Running),
            JobState::Available => assert_eq!(record.run_at, START, "left as it was"),
            _ => {
                assert_eq!((record.state, record.run_at), (JobState::Available, at(10)));
                assert_eq!((record.attempts, record.reason), (0, None));
                assert_eq!((record.output, record.ended_at), (None, None));
                assert_eq!((record.keep_until, record.worker), (None, None));
            }
        }
    }
    let after = subject.record(each[6]).await;
    assert_eq!(after.failures, before.failures, "the history stays");
    assert_eq!(after.deliveries, 1);
    let again = subject.claim_from(worker, &queue("dead"), 1, at(10)).await;
    assert_eq!((again[0].lease.delivery, again[0].attempts), (2, 0));
    assert_eq!(
        subject.driver.prune(99, at(999)).await.unwrap(),
        0,
        "kept no longer by the old time"
    );
}

pub(super) async fn a_person_cancels_what_waits(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let driver = &subject.driver;
    let keep = Keep::Until(at(100));
    let count = driver
        .cancel(&these(&each), "größe \0", keep, 99, at(10))
        .await
        .unwrap();
    assert_eq!((count.cancelled, count.requested), (3, 1));
    for number in [0, 1, 3] {
        let record = subject.record(each[number]).await;
        assert_eq!(record.state, JobState::Cancelled);
        assert_eq!(record.reason.as_deref(), Some("größe \0"));
        assert_eq!(
            (record.ended_at, record.keep_until),
            (Some(at(10)), Some(at(100)))
        );
    }
    assert_eq!(
        subject.record(each[5]).await.reason.as_deref(),
        Some("no"),
        "ended before"
    );
    let again = driver
        .cancel(&these(&each), "again", keep, 99, at(11))
        .await
        .unwrap();
    assert_eq!(again, CancelCount::default());
    subject.promote(at(700)).await;
    assert_eq!(subject.claim(worker, 9, at(700)).await, []);
    assert_eq!(driver.prune(99, at(100)).await.unwrap(), 3);

    let brief = subject.stored(job()).await;
    driver
        .cancel(&these(&[brief]), "", Keep::Drop, 9, at(20))
        .await
        .unwrap();
    driver.prune(99, at(20)).await.unwrap();
    assert_eq!(
        subject.get(brief).await,
        None,
        "to drop is to keep until now"
    );
}

/// A running job is asked to end: its worker hears of it until it has settled.
pub(super) async fn a_person_cancels_what_runs(subject: Subject) {
    let (worker, other) = (subject.worker(START).await, subject.worker(START).await);
    let taken = subject.taken(worker, job(), START).await;
    let free = subject.taken(worker, job(), START).await;
    let one = these(&[taken.id()]);
    let count = subject
        .driver
        .cancel(&one, "stop", Keep::Forever, 9, at(1))
        .await
        .unwrap();
    assert_eq!((count.cancelled, count.requested), (0, 1));
    let record = subject.record(taken.id()).await;
    assert_eq!(
        (record.state, record.cancel_requested),
        (JobState::Running, true)
    );
    for now in [at(2), at(3)] {
        assert_eq!(subject.beat(worker, now).await.cancelled, [taken.id()]);
    }
    assert_eq!(subject.beat(other, at(3)).await.cancelled, []);
    let request = ClaimRequest::one(QueueName::DEFAULT, 9);
    let claims = subject.driver.claim(worker, &request, at(4)).await.unwrap();
    assert!(claims.cancelled.is_empty() || claims.cancelled == [taken.id()]);
    // A release leaves the request in force: who takes the job next is told.
    subject
        .applied(worker, Settlement::released(taken.lease.clone()), at(5))
        .await;
    assert_eq!(subject.beat(worker, at(5)).await.cancelled, []);
    let again = subject.claim(other, 1, at(6)).await.remove(0);
    assert!(again.cancel_requested);
    let end = Settlement::cancelled(again.lease, "stop".to_owned(), Keep::Forever);
    subject.applied(other, end, at(7)).await;
    assert_eq!(subject.beat(other, at(8)).await.cancelled, []);
    assert_eq!(subject.state(taken.id()).await, Some(JobState::Cancelled));
    subject
        .applied(worker, Settlement::released(free.lease), at(8))
        .await;
    let retried = subject.driver.retry(&one, 9, at(9)).await.unwrap();
    assert_eq!(retried, 1);
    assert!(!subject.record(taken.id()).await.cancel_requested);
}

/// The handler was quicker than the request to end.
pub(super) async fn a_job_may_complete_though_it_was_to_end(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let one = these(&[taken.id()]);
    subject
        .driver
        .cancel(&one, "stop", Keep::Forever, 9, at(1))
        .await
        .unwrap();
    let done = Settlement::completed(taken.lease.clone(), None, Keep::Forever);
    subject.applied(worker, done, at(2)).await;
    assert_eq!(subject.state(taken.id()).await, Some(JobState::Completed));
    assert_eq!(subject.beat(worker, at(3)).await.cancelled, []);
}

pub(super) async fn a_person_deletes_whatever_does_not_run(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let deleted = subject
        .driver
        .delete(&these(&each), 99, at(10))
        .await
        .unwrap();
    assert_eq!(deleted, 6);
    for (state, id) in JobState::ALL.into_iter().zip(each) {
        assert_eq!(
            subject.get(id).await.is_some(),
            state == JobState::Running,
            "{state}"
        );
    }
    subject.promote(at(700)).await;
    assert_eq!(subject.claim(worker, 9, at(700)).await, []);
    assert_eq!(subject.driver.prune(99, at(999)).await.unwrap(), 0);
    let counts = subject.driver.counts(None).await.unwrap();
    assert_eq!(
        counts
            .iter()
            .map(|counts| counts.by_state.iter().sum::<u64>())
            .sum::<u64>(),
        1
    );
}

/// The limit bounds what is changed, not what is looked at: calling again always ends.
pub(super) async fn a_selection_is_worked_through_call_by_call(subject: Subject) {
    let worker = subject.worker(START).await;
    subject.push(jobs(50), START).await;
    let ended: Vec<_> = subject.claim(worker, 50, START).await;
    let end = |job: &crate::driver::Claimed| {
        Settlement::completed(job.lease.clone(), None, Keep::Forever)
    };
    let settled = subject
        .settle(worker, &ended.iter().map(end).collect::<Vec<_>>(), START)
        .await;
    assert!(settled.iter().all(|settled| *settled == Settled::Applied));
    subject.push(jobs(2_500), START).await;
    let driver = &subject.driver;
    let all = Selection::Fitting(JobFilter::default());
    let mut calls = Vec::new();
    loop {
        let count = driver
            .cancel(&all, "", Keep::Forever, MAX_BATCH, at(1))
            .await
            .unwrap();
        calls.push(count.cancelled);
        if count.cancelled == 0 {
            break;
        }
        assert!(calls.len() < 99, "it never ends: {calls:?}");
    }
    assert!(
        calls.iter().all(|&count| count <= MAX_BATCH as u64),
        "{calls:?}"
    );
    assert_eq!(calls.iter().sum::<u64>(), 2_500);
    assert_eq!(subject.count(JobState::Cancelled).await, 2_500);
    let cancelled = Selection::Fitting(JobFilter::state(JobState::Cancelled));
    assert_eq!(driver.retry(&cancelled, 3, at(2)).await.unwrap(), 3);
    assert_eq!(driver.delete(&cancelled, 7, at(2)).await.unwrap(), 7);
    assert_eq!(driver.delete(&cancelled, 0, at(2)).await.unwrap(), 0);
    assert_eq!(subject.count(JobState::Cancelled).await, 2_490);
    assert_eq!(subject.count(JobState::Completed).await, 50);
}

pub(super) async fn a_retried_job_takes_its_place_by_its_new_time(subject: Subject) {
    let worker = subject.worker(START).await;
    let old = subject.taken(worker, job(), START).await;
    let why = Failure::new(FailureKind::Error, "no", 1, START);
    let dead = Settlement::dead(old.lease.clone(), "no".to_owned(), Keep::Forever, why);
    subject.applied(worker, dead, START).await;
    let waiting: Vec<NewJob> = vec![job_due(at(1)), job_due(at(5))];
    let wanted = [waiting[0].id, old.id(), waiting[1].id];
    subject.push(waiting, at(5)).await;
    subject
        .driver
        .retry(&these(&[old.id()]), 1, at(3))
        .await
        .unwrap();
    assert_eq!(ids(&subject.claim(worker, 9, at(5)).await), wanted);
}
