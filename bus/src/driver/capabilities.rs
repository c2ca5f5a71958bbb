//! What a store can do; asked, never assumed.

use std::time::Duration;

/// How other processes' settles reach [`Driver::watch`](super::Driver::watch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndNotice {
    /// Jobs settled through this driver value only; for others, look now and then.
    Local,
    /// Also jobs settled by other processes.
    Remote,
}

/// What a store can do. A driver starts from [`NONE`](Self::NONE) and sets what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Jobs survive the end of the process.
    pub durable: bool,
    /// Several processes may work on the store at once.
    pub shared: bool,
    /// A push of any length is one atomic step; otherwise each
    /// [`MAX_BATCH`](super::MAX_BATCH) are.
    pub atomic_push: bool,
    /// Settle and claim share one round trip or transaction.
    pub fused: bool,
    /// [`Driver::offer`](super::Driver::offer) has an effect.
    pub hand_off: bool,
    /// Jobs can be stored and settled inside the caller's own transaction (by the driver's own
    /// type, see [`Driver`](super::Driver)).
    pub transactions: bool,
    /// Unique keys are kept. Without it, a push that carries one is refused as unsupported.
    pub unique: bool,
    /// Rate limits and concurrency keys are kept. Without it, such a push is refused likewise.
    pub limits: bool,
    /// Batches are counted. Without it, a push of a member is refused likewise.
    pub batches: bool,
    /// Schedules are kept.
    pub schedules: bool,
    /// Who learns of a job's end.
    pub end_notice: EndNotice,
    /// How often to look for jobs when no wake-up comes; `None`: wake-ups are complete.
    pub poll: Option<Duration>,
}

impl Capabilities {
    /// A store that can do the least: volatile, alone, woken only from within.
    pub const NONE: Self = Self {
        durable: false,
        shared: false,
        atomic_push: false,
        fused: false,
        hand_off: false,
        transactions: false,
        unique: false,
        limits: false,
        batches: false,
        schedules: false,
        end_notice: EndNotice::Local,
        poll: None,
    };
}
