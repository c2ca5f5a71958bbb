//! What people do to jobs: retry, cancel, delete.

use std::collections::HashSet;

use super::connection::begin;
use super::inspect::Source;
use super::row;
use super::scripts::ACT;
use super::settlement::kept;
use super::tick::queue_name;
use crate::clock::Timestamp;
use crate::driver::{CancelCount, DriverError, JobFilter, Keep, MAX_BATCH, Selection};
use crate::id::JobId;
use crate::job::{Cause, JobState, MOVES};

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action<'a> {
    Retry,
    Cancel { reason: &'a str, keep: Keep },
    Delete,
}

impl Action<'_> {
    const fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel { .. } => "cancel",
            Self::Delete => "delete",
        }
    }

    /// The states it may act on.
    fn states(self) -> Vec<JobState> {
        let cause = match self {
            Self::Retry => Cause::Retry,
            Self::Cancel { .. } => Cause::Cancel,
            Self::Delete => Cause::Delete,
        };
        let from = MOVES.iter().filter(|step| step.cause == cause);
        from.filter_map(|step| step.from).collect()
    }
}

impl super::RedisDriver {
    /// Acts on a selection; what was moved is counted as cancelled, whatever the action.
    pub(super) async fn act(
        &self,
        action: Action<'_>,
        selection: &Selection,
        limit: usize,
        now: Timestamp,
    ) -> Result<CancelCount, DriverError> {
        let limit = limit.min(MAX_BATCH);
        let mut states = action.states();
        let found;
        let ids = match selection {
            Selection::Ids(ids) => ids,
            Selection::Fitting(filter) => {
                states.retain(|state| filter.states.is_empty() || filter.states.contains(state));
                found = self.candidates(action, &states, filter, limit).await?;
                &found
            }
        };
        let mut total = CancelCount::default();
        let mut left = limit;
        for part in ids.chunks(MAX_BATCH) {
            if left == 0 {
                break;
            }
            let count = self.act_on(action, &states, part, left, now).await?;
            total.cancelled += count.cancelled;
            total.requested += count.requested;
            let used = usize::try_from(count.cancelled + count.requested).unwrap_or(left);
            left = left.saturating_sub(used);
        }
        Ok(total)
    }

    async fn act_on(
        &self,
        action: Action<'_>,
        states: &[JobState],
        ids: &[JobId],
        limit: usize,
        now: Timestamp,
    ) -> Result<CancelCount, DriverError> {
        let (reason, keep) = match action {
            // Not to be kept is to be kept until now: the next pruning takes it.
            Action::Cancel {
                reason,
                keep: Keep::Drop,
            } => (reason, Keep::Until(now)),
            Action::Cancel { reason, keep } => (reason, keep),
            Action::Retry | Action::Delete => ("", Keep::Forever),
        };
        let (until, score) = kept(keep);
        let digits: Vec<u8> = states.iter().copied().map(row::digit).collect();
        let mut command = begin(&ACT, &self.core.base, 8 + ids.len(), 256 + 16 * ids.len());
        command.arg(&row::time(now)[..]).arg(&self.core.sender[..]);
        command
            .arg(action.word())
            .arg(digits)
            .arg(reason)
            .arg(&until[..])
            .arg(score);
        command.arg(limit);
        for id in ids {
            command.arg(&id.as_bytes()[..]);
        }
        let done = self.ask(&ACT, &command, |mut reply| {
            let count = CancelCount {
                cancelled: reply.number()?,
                requested: reply.number()?,
            };
            Ok((count, reply.each(queue_name)?))
        });
        let (count, queues) = done.await?;
        self.core.wakes.wake(&queues);
        if !matches!(action, Action::Retry) {
            ids.iter().for_each(|id| self.core.ends.look(*id));
        }
        Ok(count)
    }

    /// Jobs that fit and that the action may be able to move, up to the limit; from where jobs of
    /// each state are, so that what is done does not hide what is left to do.
    async fn candidates(
        &self,
        action: Action<'_>,
        states: &[JobState],
        filter: &JobFilter,
        limit: usize,
    ) -> Result<Vec<JobId>, DriverError> {
        let mut ids = Vec::new();
        let mut seen = HashSet::new();
        let cancels = matches!(action, Action::Cancel { .. });
        for mut source in self.sources(states, filter).await? {
            while ids.len() < limit {
                let found = self.look_for(&source, states, filter).await?;
                let movable = found.jobs.iter();
                let movable = movable
                    .filter(|job| !(cancels && job.cancel_requested && job.worker.is_some()));
                ids.extend(movable.map(|job| job.id).filter(|id| seen.insert(*id)));
                match &mut source {
                    _ if found.count == 0 => break,
                    Source::Held => break,
                    Source::Index { start, .. } => *start += found.count,
                    Source::Lex { from, .. } => match found.last {
                        Some(last) => *from = [b"(", &last.as_bytes()[..]].concat(),
                        None => break,
                    },
                }
            }
        }
        ids.truncate(limit);
        Ok(ids)
    }

    async fn sources(
        &self,
        states: &[JobState],
        filter: &JobFilter,
    ) -> Result<Vec<Source>, DriverError> {
        let mut sources = Vec::new();
        for state in states.iter().filter(|state| state.is_final()) {
            sources.push(Source::Lex {
                key: format!("ended:{}", state.code()),
                down: false,
                from: b"-".to_vec(),
            });
        }
        if states.contains(&JobState::Scheduled) || states.contains(&JobState::Retryable) {
            sources.push(Source::Index {
                key: "delayed".to_owned(),
                id_at: 0,
                start: 0,
            });
        }
        if states.contains(&JobState::Available) {
            let queues = match &filter.queue {
                Some(queue) => vec![queue.clone()],
                None => {
                    let counts = self.numbers(None).await?.into_iter();
                    counts.map(|counts| counts.queue).collect()
                }
            };
            sources.extend(queues.iter().map(|queue| Source::Index {
                key: format!("ready:{queue}"),
                id_at: 8,
                start: 0,
            }));
        }
        if states.contains(&JobState::Running) {
            sources.push(Source::Held);
        }
        Ok(sources)
    }
}
