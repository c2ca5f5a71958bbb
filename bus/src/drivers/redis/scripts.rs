//! The scripts, each with what it shares with others in front, known to the server by their hash.
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
    ($($(#[$doc:meta])* $name:ident = [$($file:literal),+], $operation:literal, $flags:literal;)*) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Lua> = LazyLock::new(|| {
            let code = concat!(
                $flags,
                $(include_str!(concat!("scripts/", $file)),)+
            );
            let hash = Script::new(code).get_hash().to_owned();
            Lua { operation: $operation, code, hash }
        });
    )*};
}

scripts! {
    /// Stores jobs.
    PUSH = ["lib.lua", "push.lua"], "push", "#!lua\n";
    /// Settles, promotes and claims.
    TICK = ["lib.lua", "moves.lua", "tick.lua"], "settle and claim", "#!lua flags=allow-oom\n";
    /// Makes due jobs available.
    PROMOTE = ["lib.lua", "moves.lua", "promote.lua"], "promote", "#!lua flags=allow-oom\n";
    /// A worker lives.
    HEARTBEAT = ["lib.lua", "heartbeat.lua"], "heartbeat", "#!lua flags=allow-oom\n";
    /// Gives back what a worker does not hold.
    DISOWN = ["lib.lua", "moves.lua", "disown.lua"], "disown", "#!lua flags=allow-oom\n";
    /// Takes jobs from workers that are gone.
    RESCUE = ["lib.lua", "moves.lua", "rescue.lua"], "rescue", "#!lua flags=allow-oom\n";
    /// Removes what was kept long enough.
    PRUNE = ["lib.lua", "moves.lua", "prune.lua"], "prune", "#!lua flags=allow-oom\n";
    /// Shows jobs.
    LOOK = ["lib.lua", "moves.lua", "look.lua"], "look", "#!lua flags=no-writes\n";
    /// Retries, cancels, deletes.
    ACT = ["lib.lua", "moves.lua", "act.lua"], "act", "#!lua flags=allow-oom\n";
    /// Counts jobs.
    COUNTS = ["lib.lua", "counts.lua"], "counts", "#!lua flags=no-writes\n";
    /// Brings the ledger up to date.
    MIGRATE = ["lib.lua", "migrate.lua"], "migrate", "#!lua\n";
}
