//! The scripts, each with what they share in front, known to the server by their hash.
//!
//! The first line says what a server does whose memory is full: it refuses what stores jobs before
//! that has written anything, and lets through what workers need to make room.

use std::sync::LazyLock;

use redis::Script;

/// A script and its name in errors.
#[derive(Debug)]
pub(super) struct Lua {
    pub(super) operation: &'static str,
    pub(super) code: &'static str,
    pub(super) hash: String,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal, $operation:literal, $flags:literal;)*) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Lua> = LazyLock::new(|| {
            let code = concat!(
                $flags,
                include_str!("scripts/lib.lua"),
                include_str!(concat!("scripts/", $file)),
            );
            let hash = Script::new(code).get_hash().to_owned();
            Lua { operation: $operation, code, hash }
        });
    )*};
}

scripts! {
    /// Stores jobs.
    PUSH = "push.lua", "push", "#!lua\n";
    /// Settles, promotes and claims.
    TICK = "tick.lua", "settle and claim", "#!lua flags=allow-oom\n";
    /// Makes due jobs available.
    PROMOTE = "promote.lua", "promote", "#!lua flags=allow-oom\n";
    /// A worker lives.
    HEARTBEAT = "heartbeat.lua", "heartbeat", "#!lua flags=allow-oom\n";
    /// Gives back what a worker does not hold.
    DISOWN = "disown.lua", "disown", "#!lua flags=allow-oom\n";
    /// Takes jobs from workers that are gone.
    RESCUE = "rescue.lua", "rescue", "#!lua flags=allow-oom\n";
    /// Removes what was kept long enough.
    PRUNE = "prune.lua", "prune", "#!lua flags=allow-oom\n";
    /// Shows jobs.
    LOOK = "look.lua", "look", "#!lua flags=no-writes\n";
    /// Retries, cancels, deletes.
    ACT = "act.lua", "act", "#!lua flags=allow-oom\n";
    /// Counts jobs.
    COUNTS = "counts.lua", "counts", "#!lua flags=no-writes\n";
    /// Brings the ledger up to date.
    MIGRATE = "migrate.lua", "migrate", "#!lua\n";
}
