//! The ledger, and whether the server is one to rely on.

use redis::Value;

use super::connection::{STORE, begin, failed};
use super::scripts::MIGRATE;
use crate::driver::{DriverError, Migrated};

/// The layout that this version reads and writes.
const VERSION: u32 = 1;
/// The first server whose scripts say what they do when its memory is full.
const SERVER: (u32, u32) = (7, 0);

impl super::RedisDriver {
    pub(super) async fn migrate_store(&self) -> Result<Migrated, DriverError> {
        self.core.check_open("migrate")?;
        self.check_server().await?;
        let mut command = begin(&MIGRATE, &self.core.base, 1, 8);
        command.arg(VERSION);
        let from = match self.core.work.run(&MIGRATE, &command).await {
            Ok(Value::Int(from)) => u32::try_from(from).unwrap_or(u32::MAX),
            Ok(_) => u32::MAX,
            Err(error) => return Err(failed("migrate", error)),
        };
        if from > VERSION {
            let newer = format!("the store has version {from}, this program knows {VERSION}");
            return Err(DriverError::permanent(STORE, "migrate", newer));
        }
        Ok(Migrated { from, to: VERSION })
    }

    async fn check_server(&self) -> Result<(), DriverError> {
        let info = self.core.work.send(&redis::cmd("INFO")).await;
        let info = match info.map_err(|error| failed("migrate", error))? {
            Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Value::VerbatimString { text, .. } => text,
            _ => String::new(),
        };
        let field = |name: &str| {
            let mut lines = info.lines().filter_map(|line| line.split_once(':'));
            lines
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.trim())
        };
        // Those that only speak Redis' language may hide their version: the scripts will tell.
        if let Some(version) = field("redis_version")
            && older(version, SERVER)
        {
            let (major, minor) = SERVER;
            let old = format!("the server has version {version}, {major}.{minor} is needed");
            return Err(DriverError::permanent(STORE, "migrate", old));
        }
        if let Some(policy) = field("maxmemory_policy").filter(|policy| *policy != "noeviction") {
            tracing::warn!(
                policy,
                "redis may evict jobs when its memory is full: set maxmemory-policy noeviction"
            );
        }
        Ok(())
    }
}

fn older(version: &str, than: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < than
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(older("6.2.14", SERVER) && older("5.0.9", SERVER));
        assert!(!older("7.2.0", SERVER) && !older("10.0", SERVER) && !older("7.0.15", SERVER));
    }
}
