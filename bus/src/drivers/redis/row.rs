//! How a job lies in Redis: its row, which never changes, and its head, which does.
//!
//! `scripts/lib.lua` reads both by position: the two files change together.

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::codec::Envelope;
use crate::id::{CommandName, JobId, QueueName, WorkerId};
use crate::job::{Failure, JobExtras, JobState, NewJob, Priority};

/// The first byte of a row.
const FORMAT: u8 = 1;
/// Where the name of the queue begins in a row.
const QUEUE: usize = 25;
/// Where the name of the queue begins in a head.
const HEAD_QUEUE: usize = 49;
/// Ranks are stored as unsigned bytes.
const RANK_ZERO: i16 = 128;

/// Eight bytes whose order is that of the times; scripts only carry them.
pub(super) fn time(at: Timestamp) -> [u8; 8] {
    (at.as_micros().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// What [`time`] made; all zero is no time.
fn read_time(bytes: [u8; 8]) -> Option<Timestamp> {
    let micros = (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed();
    (micros != i64::MIN).then(|| Timestamp::from_micros(micros))
}

/// A time at the front of `bytes`.
pub(super) fn due(bytes: &[u8]) -> Option<Timestamp> {
    chunk(bytes, 0).and_then(read_time)
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn priority(rank: u8) -> Priority {
    Priority::from_rank(i16::from(rank) - RANK_ZERO)
}

fn rank(priority: Priority) -> u8 {
    u8::try_from(priority.rank() + RANK_ZERO).expect("ranks are -100 to 100")
}

/// The row of a job that is stored `now`.
pub(super) fn encode(job: &NewJob, now: Timestamp) -> Vec<u8> {
    let extras = job.extras.as_ref().map(|extras| extras.to_json());
    let extras = extras.as_deref().unwrap_or_default().as_bytes();
    let queue = job.queue.as_str().as_bytes();
    let size = QUEUE + queue.len() + 4 + extras.len() + job.envelope.packed_len();
    let mut row = Vec::with_capacity(size + 64);
    row.push(FORMAT);
    row.extend_from_slice(&job.max_attempts.to_be_bytes());
    row.push(rank(job.priority));
    row.extend_from_slice(&time(job.run_at));
    row.extend_from_slice(&time(now));
    row.extend_from_slice(&[0; 4]);
    row.push(u8::try_from(queue.len()).expect("names of queues are at most 128 bytes"));
    row.extend_from_slice(queue);
    let length = u32::try_from(extras.len()).expect("extras are far below 4 GiB");
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(extras);
    job.envelope.pack_into(&mut row);
    let bodiless = u32::try_from(row.len() - job.envelope.body.len());
    let bodiless = bodiless.expect("headers are far below 4 GiB");
    row[20..24].copy_from_slice(&bodiless.to_be_bytes());
    row
}

/// What a row holds, as far as it can be read.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) created_at: Timestamp,
    pub(super) extras: Option<Box<JobExtras>>,
    pub(super) envelope: Envelope,
    /// What could not be read.
    pub(super) damage: Option<String>,
}

impl Row {
    /// Reads a row; never fails, but says what is damaged.
    pub(super) fn decode(row: Bytes) -> Self {
        let mut read = Self {
            created_at: chunk(&row, 12)
                .and_then(read_time)
                .unwrap_or(Timestamp::EPOCH),
            extras: None,
            envelope: Envelope::new(CommandName::UNREADABLE, 0, Bytes::new()),
            damage: None,
        };
        if let Err(damage) = read.fill(&row) {
            read.damage = Some(damage);
            if read.envelope.name == CommandName::UNREADABLE {
                read.envelope.body = row;
            }
        }
        read
    }

    fn fill(&mut self, row: &Bytes) -> Result<(), String> {
        let cut = || "the row is cut short".to_owned();
        match row.first() {
            Some(&FORMAT) => {}
            Some(_) => return Err("the row's format is newer than this version".to_owned()),
            None => return Err("the row is missing".to_owned()),
        }
        let after = QUEUE + usize::from(*row.get(QUEUE - 1).ok_or_else(cut)?);
        let length = u32::from_be_bytes(chunk(row, after).ok_or_else(cut)?);
        let start = after + 4;
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length));
        let end = end.filter(|&end| end <= row.len()).ok_or_else(cut)?;
        let envelope = Envelope::unpack(&row.slice(end..));
        self.envelope = envelope.map_err(|error| error.to_string())?;
        if end > start {
            let extras = JobExtras::from_json(&row[start..end]);
            self.extras = Some(Box::new(extras.map_err(|error| error.to_string())?));
        }
        Ok(())
    }
}

/// What changes in a job's life.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) deliveries: u32,
    pub(super) attempts: u32,
    pub(super) deferrals: u32,
    pub(super) cancel_requested: bool,
    pub(super) run_at: Timestamp,
    pub(super) claimed_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) keep_until: Option<Timestamp>,
    pub(super) priority: Priority,
    pub(super) max_attempts: u16,
    pub(super) queue: QueueName,
}

impl Head {
    /// Stands for a head that cannot be read.
    pub(super) fn unreadable(now: Timestamp) -> Self {
        Self {
            deliveries: 0,
            attempts: 0,
            deferrals: 0,
            cancel_requested: false,
            run_at: now,
            claimed_at: None,
            ended_at: None,
            keep_until: None,
            priority: Priority::NORMAL,
            max_attempts: 1,
            queue: QueueName::DEFAULT,
        }
    }

    /// Reads a head; `None`: it is none.
    pub(super) fn decode(head: &[u8]) -> Option<Self> {
        let number = |at| chunk(head, at).map(u32::from_be_bytes);
        let at = |at| chunk(head, at).map(read_time);
        let queue = std::str::from_utf8(head.get(HEAD_QUEUE..)?).ok()?;
        Some(Self {
            deliveries: number(1)?,
            attempts: number(5)?,
            deferrals: number(9)?,
            cancel_requested: head[13] & 1 != 0,
            run_at: at(14)?.unwrap_or(Timestamp::EPOCH),
            claimed_at: at(22)?,
            ended_at: at(30)?,
            keep_until: at(38)?,
            priority: priority(head[46]),
            max_attempts: u16::from_be_bytes([head[47], head[48]]),
            queue: QueueName::new(queue).ok()?,
        })
    }
}

/// The state of a digit; what is none counts as available, so that a person sees the job.
pub(super) fn state(digit: u8) -> JobState {
    JobState::from_code(digit.wrapping_sub(b'0')).unwrap_or(JobState::Available)
}

/// The digit of a state.
pub(super) fn digit(state: JobState) -> u8 {
    b'0' + state.code()
}

/// An id of sixteen bytes at the front of `bytes`.
pub(super) fn job_id(bytes: &[u8]) -> Option<JobId> {
    bytes.first_chunk().copied().map(JobId::from_bytes)
}

/// A worker's id.
pub(super) fn worker_id(bytes: &[u8]) -> Option<WorkerId> {
    bytes.try_into().ok().map(WorkerId::from_bytes)
}

/// Reads a history. A rescue leaves only what is needed to tell of a lost attempt: `L`, worker,
/// attempt, time; all else is JSON. What cannot be read is passed over.
pub(super) fn history(mut bytes: &[u8]) -> Vec<Failure> {
    let mut failures = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((entry, left)) = rest.split_at_checked(length) else {
            break;
        };
        bytes = left;
        let failure = match entry {
            [b'L', lost @ ..] => lost_attempt(lost),
            json => serde_json::from_slice(json).ok(),
        };
        failures.extend(failure);
    }
    failures
}

fn lost_attempt(bytes: &[u8]) -> Option<Failure> {
    let worker = worker_id(bytes.get(..16)?)?;
    let attempt = u32::from_be_bytes(chunk(bytes, 16)?);
    let at = read_time(chunk(bytes, 20)?)?;
    Some(Failure::lost(worker, attempt, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::job::JobOptions;

    fn job(body: &'static str) -> NewJob {
        let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 2, body);
        NewJob::new(envelope, &JobOptions::DEFAULT, Timestamp::from_millis(7))
    }

    proptest! {
        #[test]
        fn times_keep_their_order_and_lead_back(one: i64, two: i64) {
            let (one, two) = (Timestamp::from_micros(one), Timestamp::from_micros(two));
            prop_assert_eq!(one.cmp(&two), time(one).cmp(&time(two)));
            prop_assert_eq!(read_time(time(one)), Some(one));
        }

        #[test]
        fn garbage_is_damage_and_never_a_panic(bytes: Vec<u8>) {
            let _ = (Row::decode(bytes.clone().into()), Head::decode(&bytes), history(&bytes));
            let framed = [&[FORMAT], bytes.as_slice()].concat();
            let _ = Row::decode(framed.into());
        }
    }

    #[test]
    fn a_row_comes_back_whole_and_without_its_body_too() {
        let mut job = job("a body");
        job.extras_mut().tags.push("größe\0".to_owned());
        let now = Timestamp::from_millis(9);
        let bytes = encode(&job, now);
        let row = Row::decode(bytes.clone().into());
        assert_eq!((row.created_at, &row.damage), (now, &None));
        assert_eq!(
            (row.envelope, row.extras),
            (job.envelope.clone(), job.extras.clone())
        );
        let bodiless = usize::try_from(u32::from_be_bytes(chunk(&bytes, 20).unwrap())).unwrap();
        let row = Row::decode(Bytes::from(bytes).slice(..bodiless));
        assert_eq!(
            (row.envelope.name, row.extras),
            (job.envelope.name, job.extras)
        );
        assert!(row.envelope.body.is_empty() && row.damage.is_none());
    }

    #[test]
    fn a_cut_row_says_so_and_keeps_its_bytes() {
        let bytes = encode(&job(""), Timestamp::EPOCH);
        for end in 0..bytes.len() {
            let row = Row::decode(Bytes::copy_from_slice(&bytes[..end]));
            assert!(row.damage.is_some(), "cut at {end}");
            assert_eq!(row.envelope.name, CommandName::UNREADABLE);
            assert_eq!(row.envelope.body.len(), end);
        }
    }
}
