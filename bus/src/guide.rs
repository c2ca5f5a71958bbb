//! From the first command to an application of several crates, in reading order.
//!
//! [delivery]: crate::guide::delivery
//! [drivers]: crate::guide::drivers
//! [errors]: crate::guide::errors
//! [lifecycle]: crate::guide::lifecycle
//! [memory]: crate::guide::stores::memory
//! [postgres]: crate::guide::stores::postgres
//! [redis]: crate::guide::stores::redis
//! [sqlite]: crate::guide::stores::sqlite
//! [workers]: crate::guide::workers
#![doc = include_str!("../../docs/guide.md")]

/// What is promised of a job, and how an effect happens exactly once.
///
/// [memory]: crate::guide::stores::memory
/// [postgres]: crate::guide::stores::postgres
/// [redis]: crate::guide::stores::redis
/// [sqlite]: crate::guide::stores::sqlite
pub mod delivery {
    #![cfg_attr(feature = "sqlite", doc = include_str!("../../docs/delivery.md"))]
}

/// How to write a store of your own.
pub mod drivers {
    #![cfg_attr(feature = "testing", doc = include_str!("../../docs/drivers.md"))]
}

/// Every error of the macros by its number: cause and fix.
pub mod errors {
    // The UI tests compile each of its blocks, the wrong ones too.
    #![cfg_attr(not(doctest), doc = include_str!("../../docs/errors.md"))]
}

/// The states of a job, and every legal move.
pub mod lifecycle {
    #![doc = include_str!("../../docs/lifecycle.md")]
}

/// Each store: its URL, what it promises, what it needs.
pub mod stores {
    /// Jobs in this process.
    pub mod memory {
        #![doc = include_str!("../../docs/stores/memory.md")]
    }

    /// Jobs on PostgreSQL, for many machines.
    pub mod postgres {
        #![doc = include_str!("../../docs/stores/postgres.md")]
    }

    /// Jobs on Redis, for many machines.
    pub mod redis {
        #![doc = include_str!("../../docs/stores/redis.md")]
    }

    /// Jobs in one file.
    pub mod sqlite {
        #![doc = include_str!("../../docs/stores/sqlite.md")]
    }
}

/// Queues, leases, stopping, supervisors, health: running workers on one machine or many.
///
/// [clocks]: crate::guide::delivery#clocks
/// [counted]: crate::guide::delivery#at-least-once
pub mod workers {
    #![doc = include_str!("../../docs/workers.md")]
}
