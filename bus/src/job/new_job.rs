//! A job on its way into a store.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::error::JobError;
use super::links::Links;
use super::options::{JobOptions, Priority};
use crate::clock::Timestamp;
use crate::codec::{CodecError, Envelope};
use crate::id::{JobId, QueueName};

/// All a store needs to keep a job. The id is made before, so that a push can be repeated safely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its id; unique in the store.
    pub id: JobId,
    /// What to run.
    pub envelope: Envelope,
    /// Where it waits.
    pub queue: QueueName,
    /// How urgent it is there.
    pub priority: Priority,
    /// When it is due; in the past or now: at once.
    pub run_at: Timestamp,
    /// Executions until it is dead, 1 to [`JobOptions::MAX_ATTEMPTS`].
    pub max_attempts: u16,
    /// What few jobs have; `None` for the others, so that their rows stay narrow.
    pub extras: Option<Box<JobExtras>>,
}

/// What few jobs have beside the columns of [`NewJob`]. Stores keep it as one text
/// ([`to_json`](Self::to_json)) and look inside only for `tags` and `links`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobExtras {
    /// The longest a single execution may take, if other than declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// No retry after this time. The worker sees to it, not the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_until: Option<Timestamp>,
    /// How long it is kept when completed, if other than declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain: Option<Duration>,
    /// It is dead if its worker is lost, see [`JobOptions::at_most_once`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_most_once: bool,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its ties to others.
    #[serde(skip_serializing_if = "Links::is_empty")]
    pub links: Links,
}

impl JobExtras {
    /// One line of JSON; `{}` if nothing is set.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings, numbers and lists always serialise")
    }

    /// Reads what [`to_json`](Self::to_json) made; fields of newer versions are passed over.
    ///
    /// # Errors
    /// When it is no such JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, JobError> {
        serde_json::from_slice(json).map_err(|source| JobError::Damaged {
            part: "extras",
            source,
        })
    }
}

/// All of a job but its envelope, as packed.
#[derive(Serialize, Deserialize)]
struct Head {
    id: JobId,
    queue: QueueName,
    priority: Priority,
    run_at: Timestamp,
    max_attempts: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extras: Option<Box<JobExtras>>,
}

impl NewJob {
    /// A job due at `now` with the defaults of `options`. What only the code knows (backoff,
    /// timeout, retention) stays there and is not stored.
    #[must_use]
    pub fn new(envelope: Envelope, options: &JobOptions, now: Timestamp) -> Self {
        let has_extras =
            options.retry_until.is_some() || !options.tags.is_empty() || options.at_most_once;
        let extras = || JobExtras {
            retry_until: options.retry_until.map(|limit| now + limit),
            at_most_once: options.at_most_once,
            tags: options.tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..JobExtras::default()
        };
        Self {
            id: JobId::new(),
            envelope,
            queue: options.queue.clone(),
            priority: options.priority,
            run_at: now + options.delay,
            max_attempts: match options.at_most_once {
                true => 1,
                false => options.max_attempts.clamp(1, JobOptions::MAX_ATTEMPTS),
            },
            extras: has_extras.then(|| Box::new(extras())),
        }
    }

    /// The extras to write to.
    pub fn extras_mut(&mut self) -> &mut JobExtras {
        self.extras.get_or_insert_default()
    }

    /// Its ties, if it has any.
    #[must_use]
    pub fn links(&self) -> Option<&Links> {
        self.extras
            .as_deref()
            .map(|extras| &extras.links)
            .filter(|links| !links.is_empty())
    }

    /// The whole job in one value, for a chain's rest, a batch's callbacks, or a store that keeps
    /// jobs as blobs.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let head = Head {
            id: self.id,
            queue: self.queue.clone(),
            priority: self.priority,
            run_at: self.run_at,
            max_attempts: self.max_attempts,
            extras: self.extras.clone(),
        };
        let head = serde_json::to_vec(&head).expect("strings, numbers and lists always serialise");
        let length = u32::try_from(head.len()).expect("the head of a job is far below 4 GiB");
        let mut packed = Vec::with_capacity(4 + head.len() + self.envelope.packed_len());
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&head);
        self.envelope.pack_into(&mut packed);
        packed
    }

    /// Reads what [`pack`](Self::pack) made.
    ///
    /// # Errors
    /// When it is cut short or otherwise not readable.
    pub fn unpack(packed: &Bytes) -> Result<Self, JobError> {
        let cut = || {
            JobError::Packed(CodecError::Packed {
                what: "the head is cut short",
            })
        };
        let (length, _) = packed.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
        let end = length
            .checked_add(4)
            .filter(|&end| end <= packed.len())
            .ok_or_else(cut)?;
        let head: Head =
            serde_json::from_slice(&packed[4..end]).map_err(|source| JobError::Damaged {
                part: "head",
                source,
            })?;
        let envelope = Envelope::unpack(&packed.slice(end..)).map_err(JobError::Packed)?;
        let Head {
            id,
            queue,
            priority,
            run_at,
            max_attempts,
            extras,
        } = head;
        Ok(Self {
            id,
            envelope,
            queue,
            priority,
            run_at,
            max_attempts,
            extras,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CommandName;

    fn job() -> NewJob {
        let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 2, "{}");
        NewJob::new(envelope, &JobOptions::DEFAULT, Timestamp::EPOCH)
    }

    #[test]
    fn a_plain_job_has_no_extras() {
        assert_eq!(job().extras, None);
        let tagged = JobOptions {
            tags: &["mail"],
            ..JobOptions::DEFAULT
        };
        let tagged = NewJob::new(job().envelope, &tagged, Timestamp::EPOCH);
        assert_eq!(tagged.extras.unwrap().to_json(), r#"{"tags":["mail"]}"#);
        let once = JobOptions {
            at_most_once: true,
            ..JobOptions::DEFAULT
        };
        let once = NewJob::new(job().envelope, &once, Timestamp::EPOCH);
        assert_eq!(once.extras.unwrap().to_json(), r#"{"at_most_once":true}"#);
    }

    #[test]
    fn a_packed_job_comes_back_whole_and_a_cut_one_is_refused() {
        let mut job = job();
        job.extras_mut().tags.push("größe\0".to_owned());
        let packed = Bytes::from(job.pack());
        assert_eq!(NewJob::unpack(&packed).unwrap(), job);
        for end in 0..packed.len() - job.envelope.body.len() {
            assert!(
                NewJob::unpack(&packed.slice(..end)).is_err(),
                "cut at {end}"
            );
        }
    }

    #[test]
    fn extras_of_other_versions_are_read() {
        let extras = JobExtras::from_json(br#"{"tags":["a"],"colour":"red"}"#).unwrap();
        assert_eq!(
            (&extras.tags[..], extras.at_most_once),
            (&["a".to_owned()][..], false)
        );
        assert!(JobExtras::from_json(b"[").is_err());
    }
}
