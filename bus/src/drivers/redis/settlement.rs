//! Outcomes as the tick script takes them.

use redis::Cmd;

use super::jobs::{Due, id_bytes};
use super::row;
use crate::clock::Timestamp;
use crate::driver::{Counted, Ending, Keep, Settlement};
use crate::job::JobState;

/// Keeps until somebody deletes it.
const FOREVER: [u8; 8] = [0; 8];

/// About how many bytes a settlement takes on its way.
pub(super) fn weight(settlement: &Settlement) -> usize {
    let text = match &settlement.ending {
        Ending::Completed { output, .. } => output.as_ref().map_or(0, |output| output.len()),
        Ending::Cancelled { reason, .. } | Ending::Dead { reason, .. } => reason.len(),
        Ending::Retry { .. } | Ending::Defer { .. } | Ending::Release => 0,
    };
    let failure = settlement
        .failure
        .as_ref()
        .map_or(0, |failure| failure.message.len() + 128);
    let follow = settlement.follow.iter();
    let follow: usize = follow.map(|job| job.envelope.body.len() + 256).sum();
    64 + text + failure + follow
}

/// How many arguments a settlement is.
pub(super) fn arguments(settlement: &Settlement) -> usize {
    5 + 3 * settlement.follow.len()
}

/// Appends a settlement to the arguments of the tick script, which says what they mean.
pub(super) fn append(command: &mut Cmd, settlement: &Settlement, now: Timestamp) {
    let (kind, state, time, score) = match (&settlement.ending, settlement.target(now)) {
        (_, None) => (b'x', b'0', FOREVER, String::new()),
        (Ending::Completed { keep, .. }, Some(state))
        | (Ending::Cancelled { keep, .. }, Some(state))
        | (Ending::Dead { keep, .. }, Some(state)) => {
            let (until, score) = kept(*keep);
            (b'e', row::digit(state), until, score)
        }
        (Ending::Release, Some(_)) => (b'r', b'0', FOREVER, String::new()),
        (Ending::Retry { at } | Ending::Defer { at }, Some(JobState::Available)) => {
            (b'a', b'0', row::time(*at), String::new())
        }
        (Ending::Retry { at } | Ending::Defer { at }, Some(state)) => {
            (b'w', row::digit(state), row::time(*at), score_of(*at))
        }
    };
    let bare = kind == b'x' && settlement.follow.is_empty();
    let mut head = [0; 31];
    head[0] = if bare { b'X' } else { kind };
    head[1] = match settlement.counted {
        Counted::Nothing => b'0',
        Counted::Attempt => b'1',
        Counted::Deferral => b'2',
    };
    head[2..6].copy_from_slice(&settlement.lease.delivery.to_be_bytes());
    head[6..22].copy_from_slice(settlement.lease.job.as_bytes());
    head[22] = state;
    head[23..].copy_from_slice(&time);
    if bare {
        command.arg(&head[..22]);
        return;
    }
    command.arg(&head[..]).arg(score);
    let failure = settlement.failure.as_ref().map(|failure| failure.to_json());
    command.arg(failure.unwrap_or_default());
    command.arg(result(&settlement.ending));
    command.arg(settlement.follow.len());
    for job in &settlement.follow {
        command.arg(id_bytes(&job.id));
        command.arg(Due::of(job, now).how());
        command.arg(row::encode(job, now));
    }
}

/// The output or the reason, with a letter in front that says which.
fn result(ending: &Ending) -> Vec<u8> {
    match ending {
        Ending::Completed {
            output: Some(output),
            ..
        } => [b"o", &**output].concat(),
        Ending::Cancelled { reason, .. } | Ending::Dead { reason, .. } => {
            [b"r", reason.as_bytes()].concat()
        }
        Ending::Completed { output: None, .. }
        | Ending::Retry { .. }
        | Ending::Defer { .. }
        | Ending::Release => Vec::new(),
    }
}

/// Until when something is kept, as bytes and as a score.
pub(super) fn kept(keep: Keep) -> ([u8; 8], String) {
    match keep {
        Keep::Until(until) => (row::time(until), score_of(until)),
        Keep::Forever | Keep::Drop => (FOREVER, String::new()),
    }
}

/// A time as a score: exact to the microsecond until the year 2255.
pub(super) fn score_of(at: Timestamp) -> String {
    at.as_micros().to_string()
}
