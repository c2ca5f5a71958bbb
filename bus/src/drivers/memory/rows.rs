//! The rows of the store: numbered places that do not move.

use bytes::Bytes;

use crate::driver::{Claimed, Lease};
use crate::id::{JobId, WorkerId};
use crate::job::JobRecord;

/// A row's number.
pub(super) type Slot = u32;

/// A stored job with what the indexes need to find their entry of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) job: JobRecord,
    /// When it was stored, as a counter: decides between equal priorities and due times.
    pub(super) arrival: u64,
    /// The number of its queue.
    pub(super) queue: u32,
    /// Where it is in its worker's list; only while running.
    pub(super) held_at: u32,
}

impl Row {
    /// Whether this is the delivery the lease means, still in this worker's hands.
    pub(super) fn is_leased(&self, worker: WorkerId, lease: &Lease) -> bool {
        self.job.worker == Some(worker)
            && self.job.id == lease.job
            && self.job.deliveries == lease.delivery
    }

    /// The running job as its worker gets it.
    pub(super) fn claimed(&self, slot: Slot) -> Claimed {
        let job = &self.job;
        Claimed {
            lease: Lease {
                job: job.id,
                queue: job.queue.clone(),
                delivery: job.deliveries,
                token: u64::from(slot),
            },
            envelope: job.envelope.clone(),
            priority: job.priority,
            run_at: job.run_at,
            created_at: job.created_at,
            attempts: job.attempts,
            deferrals: job.deferrals,
            max_attempts: job.max_attempts,
            extras: job.extras.clone(),
            cancel_requested: job.cancel_requested,
            damage: None,
        }
    }
}

/// Rows in blocks, so that growing never moves what is there.
#[derive(Debug, Default)]
pub(super) struct Rows {
    blocks: Vec<Vec<Option<Row>>>,
    free: Vec<Slot>,
}

/// Rows a block.
const BLOCK: usize = 1_024;

fn parts(slot: Slot) -> (usize, usize) {
    let slot = slot as usize;
    (slot / BLOCK, slot % BLOCK)
}

impl Rows {
    #[inline]
    pub(super) fn insert(&mut self, row: Row) -> Slot {
        if let Some(slot) = self.free.pop() {
            let (block, at) = parts(slot);
            self.blocks[block][at] = Some(row);
            return slot;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let number = self.blocks.len() - 1;
        let block = &mut self.blocks[number];
        block.push(Some(row));
        Slot::try_from(number * BLOCK + block.len() - 1)
            .expect("four thousand million rows do not fit into memory")
    }

    /// Drops the row where it is: rows are large, and moving one costs more than finding it. Only
    /// the payload, whose size has no bound, is handed back, to be dropped without the lock.
    pub(super) fn remove(&mut self, slot: Slot) -> (JobId, Bytes) {
        let row = self.get_mut(slot);
        let (id, body) = (row.job.id, std::mem::take(&mut row.job.envelope.body));
        let (block, at) = parts(slot);
        self.blocks[block][at] = None;
        self.free.push(slot);
        (id, body)
    }

    /// The row a foreign number names, if it is one.
    pub(super) fn find(&self, token: u64) -> Option<(Slot, &Row)> {
        let slot = Slot::try_from(token).ok()?;
        let (block, at) = parts(slot);
        Some((slot, self.blocks.get(block)?.get(at)?.as_ref()?))
    }

    pub(super) fn get(&self, slot: Slot) -> &Row {
        let (block, at) = parts(slot);
        self.blocks[block][at]
            .as_ref()
            .expect("an index names only rows that are there")
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Row {
        let (block, at) = parts(slot);
        self.blocks[block][at]
            .as_mut()
            .expect("an index names only rows that are there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::codec::Envelope;
    use crate::id::{CommandName, QueueName};
    use crate::job::{JobState, Priority};

    fn row() -> Row {
        let job = JobRecord {
            id: JobId::new(),
            envelope: Envelope::new(CommandName::from_static("a"), 1, ""),
            queue: QueueName::DEFAULT,
            priority: Priority::NORMAL,
            state: JobState::Available,
            run_at: Timestamp::EPOCH,
            created_at: Timestamp::EPOCH,
            claimed_at: None,
            ended_at: None,
            keep_until: None,
            deliveries: 0,
            attempts: 0,
            deferrals: 0,
            max_attempts: 1,
            extras: None,
            worker: None,
            cancel_requested: false,
            reason: None,
            output: None,
            failures: Vec::new(),
        };
        Row {
            job,
            arrival: 0,
            queue: 0,
            held_at: 0,
        }
    }

    #[test]
    fn a_freed_place_is_used_again_and_a_foreign_number_finds_nothing() {
        let mut rows = Rows::default();
        let slots: Vec<_> = (0..3_000).map(|_| rows.insert(row())).collect();
        assert_eq!(slots, (0..3_000).collect::<Vec<_>>());
        let id = rows.get(1_500).job.id;
        assert_eq!(rows.remove(1_500).0, id);
        assert!(rows.find(1_500).is_none());
        assert!(rows.find(3_000).is_none());
        assert!(rows.find(u64::MAX).is_none());
        assert_eq!(rows.insert(row()), 1_500);
    }
}
