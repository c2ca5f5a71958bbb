//! What must hold of a store when all its work is done, whatever happened meanwhile.
use super::crew::{Told, Work};
use bus::driver::{JobFilter, MAX_BATCH, Order, Page};
use bus::job::{Failure, FailureKind, JobRecord, JobState};
use bus::prelude::*;
use bus_tests::until;
use std::collections::HashMap;

/// All rows, by age.
pub(crate) async fn rows(bus: &Bus) -> Vec<JobRecord> {
    let jobs = bus.jobs().await.unwrap();
    let mut page = Page {
        limit: MAX_BATCH,
        order: Order::OldestFirst,
        ..Page::default()
    };
    let mut rows = Vec::new();
    loop {
        let found = jobs.list(&JobFilter::default(), page).await.unwrap();
        rows.extend(found.jobs);
        page.after = found.next;
        if page.after.is_none() {
            return rows;
        }
    }
}

/// How many jobs are in each state, over all queues.
pub(crate) async fn counted(bus: &Bus) -> Result<HashMap<JobState, u64>, String> {
    let jobs = bus.jobs().await.map_err(|error| error.to_string())?;
    let queues = jobs.counts().await.map_err(|error| error.to_string())?;
    let mut counts = HashMap::new();
    for (queue, state) in queues
        .iter()
        .flat_map(|queue| JobState::ALL.map(|state| (queue, state)))
    {
        *counts.entry(state).or_default() += queue.get(state);
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

/// Waits until no job has anything before it.
pub(crate) async fn all_over(bus: &Bus) {
    until("all jobs end", async || {
        let counts = counted(bus).await?;
        match counts.keys().all(|state| state.is_final()) {
            true => Ok(()),
            false => Err(format!("{counts:?}")),
        }
    })
    .await;
}

/// All jobs were done, each once, and what the store says of them fits with what those who took
/// part say. Gives the rows.
pub(crate) async fn audit(bus: &Bus, told: &Told) -> Vec<JobRecord> {
    let rows = rows(bus).await;
    for row in &rows {
        settled_once(row, told);
    }
    let ids: std::collections::HashSet<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows.len(), "a job is listed twice");
    let lost: Vec<_> = told.stored.difference(&ids).collect();
    assert!(lost.is_empty(), "{} jobs are lost: {lost:?}", lost.len());
    let counts = counted(bus).await.unwrap();
    let all = u64::try_from(rows.len()).unwrap();
    assert_eq!(counts, HashMap::from([(JobState::Completed, all)]));
    whole_groups(&rows);
    rows
}

fn settled_once(row: &JobRecord, told: &Told) {
    assert_eq!(row.state, JobState::Completed, "{row:?}");
    assert_eq!(row.worker, None, "{row:?}");
    // Each attempt but the last one failed, and the history says why.
    let failures = row.failures.len();
    if failures < Failure::KEPT {
        assert_eq!(row.attempts as usize, failures + 1, "{row:?}");
    }
    for (before, failure) in row.failures.iter().enumerate() {
        let known = matches!(failure.kind, FailureKind::Lost | FailureKind::Error);
        assert!(known, "{row:?}");
        if failures < Failure::KEPT {
            assert_eq!(failure.attempt as usize, before + 1, "{row:?}");
        }
    }
    // A delivery may cost no attempt (given back), an attempt has had a delivery.
    assert!(row.attempts <= row.deliveries, "{row:?}");
    // It is the newest delivery that counts, and it was executed.
    let output = row.output.as_deref().unwrap_or_default();
    assert_eq!(output, row.deliveries.to_string().as_bytes(), "{row:?}");
    let executed = told.executed.get(&row.id);
    assert!(
        executed.is_some_and(|deliveries| deliveries.contains(&row.deliveries)),
        "completed by a delivery that nobody executed: {row:?}, executed {executed:?}"
    );
}

/// The jobs of one dispatch are there together, acknowledged or not.
fn whole_groups(rows: &[JobRecord]) {
    let mut groups: HashMap<(u64, usize), usize> = HashMap::new();
    for row in rows
        .iter()
        .filter(|row| row.envelope.name.as_str() == Work::DESCRIPTOR.name)
    {
        let job: Work = serde_json::from_slice(&row.envelope.body).unwrap();
        *groups.entry((job.group, job.of)).or_default() += 1;
    }
    for ((group, of), found) in groups {
        assert!(
            of == 0 || of == found,
            "{found} of {of} jobs of group {group:x}"
        );
    }
}
