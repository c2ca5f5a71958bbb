//! What people see: jobs, pages, numbers, queues; and a job of each state to look at.

use super::kit::{Must, START, Subject, at, job, job_due, job_in, jobs, queue};
use crate::codec::Envelope;
use crate::driver::{
    CancelCount, JobFilter, Keep, Order, Page, QueueCounts, Selection, Settlement,
};
use crate::id::{CommandName, JobId, QueueName, WorkerId};
use crate::job::{Failure, FailureKind, JobState};

pub(super) fn these(ids: &[JobId]) -> Selection {
    Selection::Ids(ids.to_vec())
}

/// A job in each state, by [`JobState::ALL`]; the last three were one attempt each.
pub(super) async fn one_of_each(subject: &Subject, worker: WorkerId) -> [JobId; 7] {
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
    made.try_into().must()
}

pub(super) async fn an_unknown_job_is_none(subject: Subject) {
    assert_eq!(subject.get(JobId::new()).await, None);
    let nobody = these(&[JobId::new()]);
    let driver = &subject.driver;
    assert_eq!(driver.retry(&nobody, 9, START).await.must(), 0);
    assert_eq!(driver.delete(&nobody, 9, START).await.must(), 0);
    let cancelled = driver
        .cancel(&nobody, "", Keep::Drop, 9, START)
        .await
        .must();
    assert_eq!(cancelled, CancelCount::default());
}

pub(super) async fn pages_hold_each_job_once_in_both_orders(subject: Subject) {
    let mut all = jobs(100);
    // Ids that are made one after another, and such as people choose, which lie far apart.
    for (job, byte) in all[25..].iter_mut().zip((0..=u8::MAX).step_by(3)) {
        job.id = JobId::from_bytes([byte.wrapping_mul(7); 16]);
    }
    let mut wanted: Vec<JobId> = all.iter().map(|job| job.id).collect();
    wanted.sort_unstable();
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
                .must();
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
    let first = subject.driver.list(&everything, page).await.must();
    page.after = first.next;
    subject
        .driver
        .delete(&these(&wanted[..3]), 9, START)
        .await
        .must();
    subject.stored(job()).await;
    let second = subject.driver.list(&everything, page).await.must();
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
        let list = subject.driver.list(&filter, Page::default()).await.must();
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
    let none = subject.driver.counts(Some(&queue("mail"))).await.must();
    assert_eq!(none, [QueueCounts::empty(queue("mail"))]);
    assert_eq!(subject.driver.counts(None).await.must(), []);
    one_of_each(&subject, worker).await;
    subject
        .push(vec![job_due(at(3)), job_due(at(2)), job_due(at(4))], at(5))
        .await;
    let counts = subject.driver.counts(None).await.must();
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
            assert_eq!(counts.get(name.parse().must()), 1, "{name}");
        }
    }
    let one = subject
        .driver
        .counts(Some(&QueueName::DEFAULT))
        .await
        .must();
    assert_eq!(one, [counts[4].clone()]);
}

pub(super) async fn queues_are_those_with_jobs_or_a_pause(subject: Subject) {
    assert_eq!(subject.driver.queues().await.must(), []);
    subject.driver.pause(&queue("b"), None, at(1)).await.must();
    let job = subject.stored(job_in("a")).await;
    let names = async || {
        let queues = subject.driver.queues().await.must();
        let names = queues
            .into_iter()
            .map(|queue| queue.name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a", "b"]);
    subject.driver.resume(&queue("b")).await.must();
    subject.driver.delete(&these(&[job]), 1, START).await.must();
    assert_eq!(names().await, Vec::<String>::new());
}
