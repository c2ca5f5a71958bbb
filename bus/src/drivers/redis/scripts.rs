//! The scripts, each with what they share in front, known to the server by their hash.

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
    ($($(#[$doc:meta])* $name:ident = $file:literal, $operation:literal;)*) => {$(
        $(#[$doc])*
        pub(super) static $name: LazyLock<Lua> = LazyLock::new(|| {
            let code = concat!(
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
    PUSH = "push.lua", "push";
    /// Settles, promotes and claims.
    TICK = "tick.lua", "settle and claim";
    /// Makes due jobs available.
    PROMOTE = "promote.lua", "promote";
    /// A worker lives.
    HEARTBEAT = "heartbeat.lua", "heartbeat";
    /// Gives back what a worker does not hold.
    DISOWN = "disown.lua", "disown";
    /// Takes jobs from workers that are gone.
    RESCUE = "rescue.lua", "rescue";
    /// Removes what was kept long enough.
    PRUNE = "prune.lua", "prune";
    /// Shows jobs.
    LOOK = "look.lua", "look";
    /// Retries, cancels, deletes.
    ACT = "act.lua", "act";
    /// Counts jobs.
    COUNTS = "counts.lua", "counts";
    /// Brings the ledger up to date.
    MIGRATE = "migrate.lua", "migrate";
}
