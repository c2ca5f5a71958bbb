//! Ids and names: small, cheap to copy or clone, valid once they exist.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock, Timestamp};

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: expected a UUID such as 0192f5c4-7d3a-7c11-9a5e-2f6d0c8b4e17")]
pub struct ParseIdError {
    kind: &'static str,
    text: String,
}

/// A text that is no valid name, with the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: {rule}")]
pub struct NameError {
    kind: &'static str,
    text: String,
    rule: String,
}

/// Last 60-bit tick given out (48 bits of milliseconds, 12 of fraction); ids of a process rise.
static LAST_TICK: AtomicU64 = AtomicU64::new(0);
/// Distinguishes processes that make an id in the same quarter of a microsecond.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("bus"));

/// A UUIDv7 greater than each before it in this process. No lock and no system call but the clock:
/// the fraction of the millisecond takes the place of the counter, and a burst runs ahead of it.
fn next_uuid() -> Uuid {
    let micros = SystemClock.now().as_micros().max(0).unsigned_abs();
    let now = ((micros / 1_000) << 12) | ((micros % 1_000) * 4_096 / 1_000);
    let next = |last: u64| Some(now.max(last + 1));
    let tick = match LAST_TICK.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
        Ok(last) | Err(last) => now.max(last + 1),
    };
    let high = ((tick >> 12) << 16) | 0x7000 | (tick & 0xfff);
    let low = (1 << 63) | (mix(tick ^ *SEED) >> 2);
    Uuid::from_u64_pair(high, low)
}

/// Finaliser of SplitMix64: a bijection, so ticks that differ stay different.
const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Sixteen bytes, a UUIDv7: made by the client without asking the store, rising within a
        /// process, sortable by time of creation across processes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, greater than each this process made before.
            #[expect(clippy::new_without_default, reason = "a new id is not a default value")]
            #[must_use]
            pub fn new() -> Self {
                Self(next_uuid())
            }

            /// The id kept in a store as these bytes; any sixteen bytes are accepted.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The bytes to keep; their order is the order of the ids.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The same id as the `uuid` crate has it.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// When it was made, to the millisecond; nonsense if it was not made by this crate.
            #[must_use]
            pub fn made_at(&self) -> Timestamp {
                let millis = self.0.as_u128() >> 80;
                Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| ParseIdError {
                    kind: $kind,
                    text: text.chars().take(80).collect(),
                })
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )*};
}

ids! {
    /// Names one stored job for its whole life; a retry keeps it.
    JobId, "job id";
    /// Names one batch of jobs.
    BatchId, "batch id";
    /// Names one chain; all its links carry it.
    ChainId, "chain id";
    /// One incarnation of a worker: made anew at each start, so that a restarted process on the
    /// same host never passes for the one that died.
    WorkerId, "worker id";
}

/// Text behind the names: a literal costs nothing, anything else is shared.
#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

/// Why a text is refused; `const` so that a macro can ask at compile time.
const fn broken_rule(bytes: &[u8], max: usize) -> Option<Rule> {
    if bytes.is_empty() {
        return Some(Rule::Empty);
    }
    if bytes.len() > max {
        return Some(Rule::Long);
    }
    let mut i = 0;
    while i < bytes.len() {
        // C0, DEL, and C1 (U+0080..=U+009F, in UTF-8 C2 80..=C2 9F).
        let c1 = bytes[i] == 0xc2 && i + 1 < bytes.len() && bytes[i + 1] < 0xa0;
        if bytes[i] < 0x20 || bytes[i] == 0x7f || c1 {
            return Some(Rule::Control);
        }
        i += 1;
    }
    None
}

enum Rule {
    Empty,
    Long,
    Control,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal;)*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("One to ", $max, " bytes without control characters. Cheap to clone.")]
        #[derive(Clone, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Text);

        impl $name {
            /// The longest permitted, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Takes a name made at run time.
            ///
            /// # Errors
            /// When it is empty, too long or holds a control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
                let text = text.as_ref();
                let rule = match broken_rule(text.as_bytes(), $max) {
                    None => return Ok(Self(Text::Shared(Arc::from(text)))),
                    Some(Rule::Empty) => "it is empty".to_owned(),
                    Some(Rule::Long) => {
                        format!("it has {} bytes, at most {} are allowed", text.len(), $max)
                    }
                    Some(Rule::Control) => "it holds a control character".to_owned(),
                };
                let text = text.chars().take(80).collect();
                Err(NameError { kind: $kind, text, rule })
            }

            /// Takes a literal; no allocation. Used in a `const`, a bad name fails the build.
            ///
            /// # Panics
            /// When the literal breaks the rules of [`new`](Self::new).
            #[must_use]
            pub const fn from_static(text: &'static str) -> Self {
                assert!(
                    broken_rule(text.as_bytes(), $max).is_none(),
                    concat!("a ", $kind, " is empty, too long or holds a control character"),
                );
                Self(Text::Static(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match &self.0 {
                    Text::Static(text) => text,
                    Text::Shared(text) => text,
                }
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        // As `str` hashes, so that maps keyed by the name are asked with a `&str`.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }
    )*};
}

names! {
    /// Name of a queue.
    ///
    /// ```
    /// use bus::id::QueueName;
    /// const EMAILS: QueueName = QueueName::from_static("emails");
    /// assert_eq!(EMAILS, QueueName::new("emails")?);
    /// assert!(QueueName::new("").is_err());
    /// # Ok::<(), bus::id::NameError>(())
    /// ```
    QueueName, "queue name", 128;
    /// Stored name of a command: a contract with what is already stored.
    CommandName, "command name", 255;
}

impl CommandName {
    /// Stands for a stored name that breaks the rules. No command has it.
    pub const UNREADABLE: Self = Self::from_static("?");
}

impl QueueName {
    /// The queue of jobs that name none.
    pub const DEFAULT: Self = Self::from_static("default");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_process_and_are_version_seven() {
        let ids: Vec<JobId> = (0..50_000).map(|_| JobId::new()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids[0].as_uuid().get_version_num(), 7);
        assert_eq!(ids[0].as_uuid().get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn ids_of_many_threads_are_distinct() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..5_000).map(|_| JobId::new()).collect::<Vec<_>>()))
            .collect();
        let all: Vec<_> = threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect();
        let set: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(set.len(), 20_000);
    }

    #[test]
    fn an_id_survives_text_bytes_and_json() {
        let id = JobId::new();
        assert_eq!(id.to_string().parse::<JobId>().unwrap(), id);
        assert_eq!(JobId::from_bytes(*id.as_bytes()), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<JobId>(&json).unwrap(), id);
        let error = "job-1".parse::<JobId>().unwrap_err().to_string();
        assert!(error.starts_with("\"job-1\" is not a job id"), "{error}");
    }

    #[test]
    fn an_id_knows_when_it_was_made() {
        let now = SystemClock.now();
        assert!(JobId::new().made_at().since(now).as_secs() < 5);
    }

    #[test]
    fn names_follow_their_rules() {
        let rule = |text: &str| QueueName::new(text).unwrap_err().to_string();
        assert_eq!(rule(""), "\"\" is not a queue name: it is empty");
        assert_eq!(
            rule("a\0b"),
            "\"a\\0b\" is not a queue name: it holds a control character"
        );
        assert!(rule(&"x".repeat(129)).ends_with("it has 129 bytes, at most 128 are allowed"));
        assert!(
            QueueName::new("a\u{85}b").is_err(),
            "C1 controls are controls"
        );
        for good in ["x", "größe", "urgent mails", "{a}:b", "邮件"] {
            assert_eq!(QueueName::new(good).unwrap().as_str(), good);
        }
        assert!(QueueName::new("x".repeat(128)).is_ok());
        assert!(serde_json::from_str::<QueueName>("\"\"").is_err());
    }

    #[test]
    fn a_literal_and_a_made_name_are_one_key() {
        let map = std::collections::HashMap::from([(QueueName::new("default").unwrap(), 1)]);
        assert_eq!(map.get(&QueueName::DEFAULT), Some(&1));
        assert_eq!(map.get("default"), Some(&1));
    }
}
