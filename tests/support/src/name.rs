//! Names that no two tests share, and that tell when they were made.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// What every name begins with.
pub(crate) const PREFIX: &str = "bus_test_";

/// After so long the run that made a name was killed: what bears it may be removed.
const STALE: Duration = Duration::from_secs(2 * 3600);

/// A new name, fit for a database, a schema, a key prefix and a folder.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{:x}_{:x}_{count:x}", seconds(), std::process::id())
}

/// Whether `name` was made by a run that must be over.
pub(crate) fn is_stale(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| u64::from_str_radix(rest.split('_').next()?, 16).ok())
        .is_some_and(|made| made + STALE.as_secs() < seconds())
}

fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_only_old_ones_are_stale() {
        let name = unique();
        assert_ne!(name, unique());
        assert!(!is_stale(&name));
        assert!(is_stale("bus_test_5f000000_1_0"));
        assert!(!is_stale("bus_testing"));
        assert!(!is_stale("shop"));
    }
}
