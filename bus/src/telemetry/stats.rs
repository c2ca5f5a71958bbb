//! What the workers of this process did, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the workers of this process did since it started. Counters only rise; those of
        /// several processes add up.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// Where the workers count.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
        }

        impl Counters {
            /// The numbers now.
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }

            /// Adds each of these.
            pub(crate) fn add(&self, more: &Stats) {
                $(if more.$name > 0 {
                    self.$name.fetch_add(more.$name, Ordering::Relaxed);
                })*
            }
        }
    };
}

counters! {
    /// Jobs taken from the store.
    claimed,
    /// Jobs that came by hand-off, without being taken.
    handed_off,
    /// Jobs completed.
    completed,
    /// Failures after which the job is tried again.
    retried,
    /// Jobs put off at no cost.
    deferred,
    /// Jobs given back unfinished at a shutdown.
    released,
    /// Jobs cancelled.
    cancelled,
    /// Jobs that became dead, parked ones included.
    dead,
    /// Jobs that nobody here can run.
    parked,
    /// Outcomes that came too late: the job was somebody else's already.
    lease_lost,
    /// Jobs taken from workers that stopped without a word.
    rescued,
    /// Jobs whose due time came.
    promoted,
    /// Ended jobs removed after their time of keeping.
    pruned,
    /// Calls that the store failed.
    store_errors,
}
