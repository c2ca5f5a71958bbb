//! Storing jobs.

use std::time::Duration;

use super::kit::{Must, START, Subject, at, ids, job, job_due, jobs, queue};
use crate::codec::{Envelope, Headers};
use crate::driver::{ErrorKind, JobFilter, MAX_BATCH, Page, Pushed};
use crate::id::{CommandName, JobId, QueueName};
use crate::job::{JobState, Key, NewJob, Priority, RateLimit, RateUse};

/// A job that uses each field.
fn full() -> NewJob {
    let headers = Headers {
        correlation: Some("request 7".to_owned()),
        baggage: [("tenant".to_owned(), "größe\0".to_owned())].into(),
        ..Headers::default()
    };
    let mut job = job();
    job.envelope.version = u16::MAX;
    job.envelope.key_id = Some("2027-01".into());
    job.envelope = job.envelope.with_headers(headers);
    job.queue = queue("urgent mails {a}:b");
    job.priority = Priority::MIN;
    job.run_at = START + Duration::from_micros(1_500_000);
    job.max_attempts = 25;
    let extras = job.extras_mut();
    extras.timeout = Some(Duration::from_millis(1_500));
    extras.retry_until = Some(at(100));
    extras.retain = Some(Duration::from_secs(9));
    extras.tags = vec!["mail".to_owned(), "a\0b".to_owned()];
    job
}

pub(super) async fn a_stored_job_is_kept_whole(subject: Subject) {
    let job = full();
    let pushed = subject.push(vec![job.clone()], START).await;
    assert_eq!(pushed, [Pushed::Stored]);
    let record = subject.record(job.id).await;
    assert_eq!(record.id, job.id);
    assert_eq!(record.envelope, job.envelope);
    assert_eq!(record.queue, job.queue);
    assert_eq!(record.priority, job.priority);
    assert_eq!(record.state, JobState::Scheduled);
    assert_eq!(record.run_at.as_millis(), job.run_at.as_millis());
    assert_eq!(record.created_at.as_millis(), START.as_millis());
    assert_eq!(record.max_attempts, 25);
    assert_eq!(record.extras, job.extras);
    let counters = (record.deliveries, record.attempts, record.deferrals);
    assert_eq!(counters, (0, 0, 0));
    assert_eq!((record.worker, record.claimed_at), (None, None));
    assert_eq!((record.ended_at, record.keep_until), (None, None));
    assert!(!record.cancel_requested && record.failures.is_empty());
    assert_eq!((record.reason, record.output), (None, None));

    let worker = subject.worker(START).await;
    subject.promote(at(2)).await;
    let claimed = subject.claim_from(worker, &job.queue, 9, at(2)).await;
    let [claimed] = &claimed[..] else {
        panic!("one job is due: {claimed:?}");
    };
    assert_eq!(claimed.envelope, job.envelope);
    assert_eq!(claimed.extras, job.extras);
    assert_eq!(claimed.priority, job.priority);
    assert_eq!(claimed.run_at.as_millis(), job.run_at.as_millis());
    assert_eq!(claimed.created_at.as_millis(), START.as_millis());
    assert_eq!(claimed.damage, None);
}

pub(super) async fn a_repeated_push_is_a_duplicate_and_changes_nothing(subject: Subject) {
    let first = job();
    subject.stored(first.clone()).await;
    let before = subject.record(first.id).await;
    let mut again = first.clone();
    again.envelope.body = "other".into();
    again.run_at = at(9);
    let pushed = subject.push(vec![again, job()], at(1)).await;
    assert_eq!(pushed, [Pushed::Duplicate(first.id), Pushed::Stored]);
    assert_eq!(subject.record(first.id).await, before);
    assert_eq!(subject.count(JobState::Available).await, 2);
}

pub(super) async fn two_jobs_of_one_call_with_one_id_are_one(subject: Subject) {
    let first = job();
    let mut second = first.clone();
    second.envelope.body = "second".into();
    let pushed = subject.push(vec![first.clone(), second], START).await;
    assert_eq!(pushed, [Pushed::Stored, Pushed::Duplicate(first.id)]);
    let record = subject.record(first.id).await;
    assert_eq!(record.envelope.body, first.envelope.body);
}

pub(super) async fn an_empty_push_does_nothing(subject: Subject) {
    assert_eq!(subject.push(Vec::new(), START).await, []);
    assert_eq!(subject.driver.queues().await.must(), []);
}

pub(super) async fn a_job_due_later_is_scheduled(subject: Subject) {
    let now = subject.stored(job_due(START)).await;
    let past = subject
        .stored(job_due(START - Duration::from_secs(60)))
        .await;
    let later = subject.stored(job_due(at(60))).await;
    assert_eq!(subject.state(now).await, Some(JobState::Available));
    assert_eq!(subject.state(past).await, Some(JobState::Available));
    assert_eq!(subject.state(later).await, Some(JobState::Scheduled));
}

pub(super) async fn a_hundred_thousand_jobs_in_one_call_are_all_stored(subject: Subject) {
    let all = jobs(100_000);
    let wanted: Vec<JobId> = all.iter().map(|job| job.id).collect();
    let pushed = subject.push(all, START).await;
    assert_eq!(pushed.len(), wanted.len());
    assert!(pushed.iter().all(|pushed| *pushed == Pushed::Stored));
    assert_eq!(subject.count(JobState::Available).await, 100_000);
    let page = Page {
        limit: MAX_BATCH,
        ..Page::default()
    };
    let list = subject.driver.list(&JobFilter::default(), page).await;
    let newest = list.must().jobs.into_iter().map(|job| job.id);
    assert!(newest.eq(wanted.iter().rev().take(MAX_BATCH).copied()));
    let worker = subject.worker(START).await;
    let claimed = subject.claim(worker, MAX_BATCH, START).await;
    assert_eq!(ids(&claimed), wanted[..MAX_BATCH], "in the order stored");
}

pub(super) async fn bodies_from_nothing_to_eight_mebibytes_come_back(subject: Subject) {
    let worker = subject.worker(START).await;
    for length in [0, 1, 255, 4_096, 65_536, 1 << 20, 8 << 20] {
        let body: Vec<u8> = (0..length).map(|at: usize| (at * 31 % 251) as u8).collect();
        let mut job = job();
        job.envelope.body = body.into();
        let claimed = subject.taken(worker, job.clone(), START).await;
        assert!(claimed.envelope == job.envelope, "a body of {length} bytes");
        let record = subject.record(job.id).await;
        assert!(record.envelope == job.envelope, "a body of {length} bytes");
    }
}

pub(super) async fn any_bytes_and_any_letters_come_back(subject: Subject) {
    let worker = subject.worker(START).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let bodies: [&[u8]; 5] = [
        b"",
        b"\0\0\0",
        "größe 邮件 🦀 e\u{301}\0".as_bytes(),
        b"\xff\xfe\xc3\x28",
        &every_byte,
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        let mut job = job();
        let name = CommandName::new("größe::邮件🦀'\"\\;--").must();
        job.envelope = Envelope::new(name, 3, body.to_vec());
        job.queue = queue(["größe", "邮件", "🦀", "it's", "a\\b\"c%_*?[]"][number]);
        job.extras_mut().tags = vec!["größe\0🦀'\"\\".to_owned(), String::new()];
        let claimed = subject.taken(worker, job.clone(), START).await;
        assert_eq!(claimed.envelope, job.envelope);
        assert_eq!(claimed.lease.queue, job.queue);
        assert_eq!(claimed.extras, job.extras);
        let record = subject.record(job.id).await;
        assert_eq!((record.envelope, record.queue), (job.envelope, job.queue));
        assert_eq!(record.extras, job.extras);
    }
}

pub(super) async fn the_longest_names_are_kept(subject: Subject) {
    let worker = subject.worker(START).await;
    let mut job = job();
    job.queue = queue(&"q".repeat(QueueName::MAX_BYTES));
    job.envelope.name = CommandName::new("n".repeat(CommandName::MAX_BYTES)).must();
    // Names that agree in all but the last byte are different queues.
    let mut near = job.clone();
    near.id = JobId::new();
    near.queue = queue(&format!("{}r", "q".repeat(QueueName::MAX_BYTES - 1)));
    subject.stored(near.clone()).await;
    let claimed = subject.taken(worker, job.clone(), START).await;
    assert_eq!(claimed.envelope.name, job.envelope.name);
    let queues = subject.driver.queues().await.must();
    let names: Vec<_> = queues.into_iter().map(|queue| queue.name).collect();
    assert_eq!(names, [job.queue, near.queue]);
}

pub(super) async fn what_the_store_cannot_keep_is_refused_whole(subject: Subject) {
    if subject.driver.capabilities().limits {
        return;
    }
    let mut limited = job();
    let rate = RateUse {
        key: Key::new("mail").must(),
        limit: RateLimit {
            count: 1,
            per: Duration::from_secs(1),
        },
        cost: 1,
    };
    limited.extras_mut().links.rates = vec![rate];
    let plain = job();
    let refused = subject
        .driver
        .push(vec![plain.clone(), limited], START)
        .await;
    assert_eq!(refused.expect_err("refused").kind(), ErrorKind::Unsupported);
    assert_eq!(subject.get(plain.id).await, None);
}
