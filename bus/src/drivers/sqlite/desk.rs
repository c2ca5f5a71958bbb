//! What work has before it: the transaction, and a list of what to tell after the commit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Statement};

use super::fault::Fault;
use super::wake::Hubs;
use crate::driver::{Claimed, HandOff, Settled, Settlement};
use crate::id::{JobId, QueueName, WorkerId};

/// A queue's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    pub(super) seq: i64,
    pub(super) paused: bool,
}

/// Jobs that a worker of this process has agreed to take, and those it gets.
#[derive(Debug)]
struct Reserved {
    worker: Arc<dyn HandOff>,
    queue: QueueName,
    left: usize,
    jobs: Vec<Claimed>,
}

/// What others learn once it is committed.
#[derive(Debug, Default)]
pub(super) struct Effects {
    woken: BTreeSet<QueueName>,
    settled: Vec<(Arc<[Settlement]>, Vec<Settled>)>,
    ended: Vec<JobId>,
    reserved: Vec<Reserved>,
}

impl Effects {
    /// It is committed.
    pub(super) fn tell(self, hubs: &Hubs) {
        for reserved in self.reserved {
            if reserved.left > 0 {
                let (queue, left) = (&reserved.queue, reserved.left);
                reserved.worker.release(queue, left, false);
            }
            if !reserved.jobs.is_empty() {
                reserved.worker.deliver(reserved.jobs);
            }
        }
        if !self.woken.is_empty() {
            let woken: Vec<QueueName> = self.woken.into_iter().collect();
            hubs.wakes.wake(&woken);
        }
        for (settlements, answers) in &self.settled {
            let applied = settlements.iter().zip(answers);
            let applied = applied.filter(|(_, answer)| **answer == Settled::Applied);
            hubs.ends.settled(applied.map(|(settlement, _)| settlement));
        }
        self.ended.iter().for_each(|&job| hubs.ends.look(job));
    }

    /// It is rolled back; `unsure`: perhaps it is not.
    pub(super) fn undone(self, unsure: bool) {
        for reserved in self.reserved {
            let count = reserved.left + reserved.jobs.len();
            reserved.worker.release(&reserved.queue, count, unsure);
        }
    }
}

/// One transaction, begun when the first work needs it: work that finds nothing to do costs no
/// commit.
pub(super) struct Desk<'a> {
    connection: &'a Connection,
    hubs: Option<&'a Hubs>,
    begun: bool,
    refused: bool,
    queues: HashMap<QueueName, Queue>,
    effects: Effects,
}

impl<'a> Desk<'a> {
    pub(super) fn new(connection: &'a Connection, hubs: &'a Hubs) -> Self {
        Self {
            connection,
            hubs: Some(hubs),
            begun: false,
            refused: false,
            queues: HashMap::new(),
            effects: Effects::default(),
        }
    }

    /// Within a transaction of the user's: the commit is theirs, nothing is handed off.
    pub(super) fn within(connection: &'a Connection) -> Self {
        Self {
            connection,
            hubs: None,
            begun: true,
            refused: false,
            queues: HashMap::new(),
            effects: Effects::default(),
        }
    }

    pub(super) const fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// A statement that is kept between calls.
    pub(super) fn statement(&self, sql: &str) -> Result<rusqlite::CachedStatement<'a>, Fault> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// Runs a statement once.
    pub(super) fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Fault> {
        let mut statement = self.statement(sql)?;
        let statement: &mut Statement<'_> = &mut statement;
        Ok(statement.execute(params)?)
    }

    /// The transaction could not be begun: no fault of the work that needed it.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// What was read before may be old, what is read from here on is not.
    pub(super) fn begin(&mut self) -> Result<(), Fault> {
        if !self.begun {
            let begun = self.execute("BEGIN IMMEDIATE", []);
            self.refused = begun.is_err();
            begun?;
            self.begun = true;
            self.queues.clear();
        }
        Ok(())
    }

    pub(super) fn commit(self) -> Result<Effects, (Fault, Effects)> {
        if !self.begun {
            return Ok(self.effects);
        }
        match self.execute("COMMIT", []) {
            Ok(_) => Ok(self.effects),
            Err(fault) => Err((fault, self.abandon())),
        }
    }

    pub(super) fn abandon(self) -> Effects {
        // Some errors have rolled back already; then this one says so, and that is well.
        if !self.connection.is_autocommit() {
            let _ = self.execute("ROLLBACK", []);
        }
        self.effects
    }

    /// A queue that exists.
    pub(super) fn queue(&mut self, name: &QueueName) -> Result<Option<Queue>, Fault> {
        if let Some(queue) = self.queues.get(name) {
            return Ok(Some(*queue));
        }
        let sql = "SELECT seq, paused_at IS NOT NULL FROM bus_queues WHERE name = ?1";
        let mut statement = self.statement(sql)?;
        let found = statement
            .query_row([name.as_str()], |row| {
                let (seq, paused) = (row.get(0)?, row.get(1)?);
                Ok(Queue { seq, paused })
            })
            .optional()?;
        if let Some(queue) = found {
            self.queues.insert(name.clone(), queue);
        }
        Ok(found)
    }

    /// A queue that is made if need be.
    pub(super) fn queue_or_new(&mut self, name: &QueueName) -> Result<Queue, Fault> {
        if let Some(queue) = self.queue(name)? {
            return Ok(queue);
        }
        let sql = "INSERT INTO bus_queues (name) VALUES (?1)";
        let seq = self.statement(sql)?.insert([name.as_str()])?;
        let queue = Queue { seq, paused: false };
        self.queues.insert(name.clone(), queue);
        Ok(queue)
    }

    /// What is known of a queue may have changed.
    pub(super) fn forget_queue(&mut self, name: &QueueName) {
        self.queues.remove(name);
    }

    /// The name of a queue's number; a row without a readable one shows as the default queue.
    pub(super) fn queue_name(&self, seq: i64) -> Result<QueueName, Fault> {
        let known = self.queues.iter().find(|(_, queue)| queue.seq == seq);
        if let Some((name, _)) = known {
            return Ok(name.clone());
        }
        let mut statement = self.statement("SELECT name FROM bus_queues WHERE seq = ?1")?;
        let name: Option<String> = statement.query_row([seq], |row| row.get(0)).optional()?;
        let name = name.and_then(|name| QueueName::new(name).ok());
        Ok(name.unwrap_or(QueueName::DEFAULT))
    }

    /// There are jobs in this queue, once it is committed.
    pub(super) fn wake(&mut self, queue: &QueueName) {
        if !self.effects.woken.contains(queue) {
            self.effects.woken.insert(queue.clone());
        }
    }

    /// These were settled so, once it is committed.
    pub(super) fn settled(&mut self, settlements: &Arc<[Settlement]>, answers: &[Settled]) {
        if self.hubs.is_some_and(|hubs| !hubs.ends.is_idle()) {
            let told = (Arc::clone(settlements), answers.to_vec());
            self.effects.settled.push(told);
        }
    }

    /// Whether any worker of this process takes jobs at once.
    pub(super) fn has_takers(&self) -> bool {
        self.hubs.is_some_and(Hubs::has_offers)
    }

    /// This job came to an end otherwise, once it is committed.
    pub(super) fn ended(&mut self, job: JobId) {
        if self.hubs.is_some_and(|hubs| !hubs.ends.is_idle()) {
            self.effects.ended.push(job);
        }
    }

    /// Asks the workers of this process to take `wanted` jobs of a queue at once; says how many
    /// they take.
    pub(super) fn reserve(&mut self, queue: &QueueName, wanted: usize) -> usize {
        let Some(hubs) = self.hubs else {
            return 0;
        };
        let mut left = wanted;
        for worker in hubs.offers() {
            if left == 0 {
                break;
            }
            let taken = worker.reserve(queue, left).min(left);
            left -= taken;
            if taken > 0 {
                self.effects.reserved.push(Reserved {
                    worker,
                    queue: queue.clone(),
                    left: taken,
                    jobs: Vec::new(),
                });
            }
        }
        wanted - left
    }

    /// Who takes the next job of this queue.
    pub(super) fn taker(&self, queue: &QueueName) -> Option<WorkerId> {
        let mut reserved = self.effects.reserved.iter();
        reserved
            .find(|reserved| reserved.left > 0 && reserved.queue == *queue)
            .map(|reserved| reserved.worker.worker())
    }

    /// Hands the job to its [`taker`](Self::taker), once it is committed.
    pub(super) fn hand_off(&mut self, job: Claimed) {
        let mut reserved = self.effects.reserved.iter_mut();
        let taker = reserved.find(|one| one.left > 0 && one.queue == job.lease.queue);
        let taker = taker.expect("a job is handed off only to a taker that was found");
        taker.left -= 1;
        taker.jobs.push(job);
    }
}
