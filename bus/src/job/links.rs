//! What ties a job to others: its chain, its batch, the keys it holds or waits for.
//!
//! Data only. A driver keeps it with the job and acts on `unique`, `concurrency`, `rates` and
//! `batch` where its capabilities say so; the rest is read by whoever runs the job.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::JobError;
use crate::clock::Timestamp;
use crate::id::{BatchId, ChainId};

/// The ties of one job. Empty for most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The chain it is a link of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainLink>,
    /// The batch it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// The key under which at most one such job is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<UniqueKey>,
    /// Keys of which it holds a share while it runs. It is claimed only if all are to be had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrency: Vec<ConcurrencyUse>,
    /// Limits it draws on when it starts: all or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateUse>,
}

impl Links {
    /// Nothing is tied.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A link's place in its chain. The rest of the chain travels in the row of the current link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLink {
    /// Which chain.
    pub id: ChainId,
    /// Which link, from 0 on.
    pub step: u16,
    /// The links after this one, in order, each packed by [`NewJob::pack`](super::NewJob::pack).
    pub rest: Vec<Vec<u8>>,
    /// The job to store if a link dies, packed likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch: Option<Vec<u8>>,
}

/// The name of something that is counted or held: 1 to 255 bytes, any text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(Arc<str>);

impl Key {
    /// The longest permitted.
    pub const MAX_BYTES: usize = 255;

    /// Takes a key.
    ///
    /// # Errors
    /// When it is empty or too long; hash long values before.
    pub fn new(text: impl AsRef<str>) -> Result<Self, JobError> {
        match text.as_ref() {
            text if (1..=Self::MAX_BYTES).contains(&text.len()) => Ok(Self(Arc::from(text))),
            text => Err(JobError::Key { bytes: text.len() }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = JobError;

    fn try_from(text: String) -> Result<Self, JobError> {
        Self::new(text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.as_str().to_owned()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// At most one job holds the key; a push meets the holder as `conflict` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// The key, its scope (by default the command's name) included.
    pub key: Key,
    /// How long it is held.
    pub until: UniqueUntil,
    /// What a push does that finds it held.
    pub conflict: Conflict,
}

/// When a unique key is free again. In each case also when its job is deleted or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum UniqueUntil {
    /// When a worker first takes the job.
    Started,
    /// When the job is completed, cancelled or dead.
    Ended,
    /// At this time, whether or not the job has ended.
    At(Timestamp),
}

/// What a push does that finds its unique key held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Conflict {
    /// Stores nothing and names the holder.
    Keep,
    /// Gives the holder, if it waits, the new payload, options and due time; it keeps its id. A
    /// running holder is kept.
    Replace,
    /// As `Replace`, but the due time never passes the holder's first push plus `max`.
    Debounce {
        /// The longest that repeated pushes may put the job off.
        max: Duration,
    },
}

/// A share of a counted key, held while the job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcurrencyUse {
    /// The key, its scope included.
    pub key: Key,
    /// How many may hold it at once.
    pub max: u32,
}

/// A draw on a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateUse {
    /// The key, its scope included.
    pub key: Key,
    /// The limit.
    pub limit: RateLimit,
    /// What one run costs; 1 unless told.
    pub cost: u32,
}

/// `count` per `per`, smoothly (GCRA): a burst of at most `count`, then one each `per / count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateLimit {
    /// How many.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_links_weigh_nothing_and_full_ones_survive() {
        assert_eq!(serde_json::to_string(&Links::default()).unwrap(), "{}");
        let key = Key::new("mail:7").unwrap();
        let unique = UniqueKey {
            key: key.clone(),
            until: UniqueUntil::At(Timestamp::EPOCH),
            conflict: Conflict::Debounce {
                max: Duration::from_secs(9),
            },
        };
        let chain = ChainLink {
            id: ChainId::new(),
            step: 1,
            rest: vec![vec![0, 255]],
            catch: None,
        };
        let limit = RateLimit {
            count: 10,
            per: Duration::from_secs(1),
        };
        let links = Links {
            chain: Some(chain),
            batch: Some(BatchId::new()),
            unique: Some(unique),
            concurrency: vec![ConcurrencyUse {
                key: key.clone(),
                max: 3,
            }],
            rates: vec![RateUse {
                key,
                limit,
                cost: 1,
            }],
        };
        let json = serde_json::to_string(&links).unwrap();
        assert_eq!(serde_json::from_str::<Links>(&json).unwrap(), links);
        assert!(!links.is_empty());
    }

    #[test]
    fn keys_have_a_length() {
        assert!(Key::new("").is_err());
        assert!(Key::new("x".repeat(255)).is_ok());
        assert_eq!(
            Key::new("x".repeat(256)).unwrap_err().to_string(),
            "a key has 256 bytes, 1 to 255 are allowed"
        );
    }
}
