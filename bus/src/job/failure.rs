//! One attempt's failure, as the history of a job keeps it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::WorkerId;

/// What kind of end an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FailureKind {
    /// The handler returned an error or asked for a retry.
    Error,
    /// The handler panicked.
    Panic,
    /// The handler took longer than the job's timeout.
    Timeout,
    /// The worker died or lost its lease.
    Lost,
    /// Nobody here can run it: unknown name or version, unreadable payload, missing key.
    Parked,
    /// It was cancelled.
    Cancelled,
    /// Written by a newer version of this crate.
    #[serde(other)]
    Unknown,
}

impl FailureKind {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
            Self::Parked => "parked",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How one attempt ended badly. Stored as JSON ([`to_json`](Self::to_json)) in the job's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What went wrong, in words; at most [`MAX_MESSAGE`](Self::MAX_MESSAGE) bytes.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// The number of the attempt, from 1 on; 0 if none was counted.
    pub attempt: u32,
    /// File and line of a panic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Who ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerId>,
    /// When the attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
}

impl Failure {
    /// Longer messages are cut here, in bytes: a history must not outgrow its job.
    pub const MAX_MESSAGE: usize = 8 * 1024;

    /// How many of the newest failures a store keeps for a job; older ones may go.
    pub const KEPT: usize = 25;

    /// A failure without place, worker or beginning; set those fields where they are known.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>, attempt: u32, at: Timestamp) -> Self {
        let mut message = message.into();
        if message.len() > Self::MAX_MESSAGE {
            let end = message.floor_char_boundary(Self::MAX_MESSAGE - '…'.len_utf8());
            message.truncate(end);
            message.push('…');
        }
        Self {
            kind,
            message,
            at,
            attempt,
            place: None,
            worker: None,
            began: None,
        }
    }

    /// The failure a rescue writes for an attempt whose worker is gone.
    #[must_use]
    pub fn lost(worker: WorkerId, attempt: u32, at: Timestamp) -> Self {
        let message = "the worker stopped without a word";
        Self {
            worker: Some(worker),
            ..Self::new(FailureKind::Lost, message, attempt, at)
        }
    }

    /// One line of JSON, control characters escaped: any text column holds it, NULs included.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "attempt {}: {}: {}",
            self.attempt, self.kind, self.message
        )?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_storage_on_one_line() {
        let mut failure = Failure::new(FailureKind::Panic, "a\0b\nc", 2, Timestamp::EPOCH);
        failure.place = Some("src/mail.rs:7".to_owned());
        let json = failure.to_json();
        assert!(!json.bytes().any(|byte| byte < 0x20), "{json}");
        assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), failure);
        assert_eq!(
            failure.to_string(),
            "attempt 2: panic: a\0b\nc (src/mail.rs:7)"
        );
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let failure = Failure::new(FailureKind::Error, "ö".repeat(9_000), 1, Timestamp::EPOCH);
        assert!(failure.message.len() <= Failure::MAX_MESSAGE);
        assert!(failure.message.ends_with("ö…"));
    }

    #[test]
    fn a_kind_of_a_newer_version_is_still_read() {
        let json = r#"{"kind":"melted","message":"m","at":0,"attempt":1,"new":true}"#;
        assert_eq!(
            serde_json::from_str::<Failure>(json).unwrap().kind,
            FailureKind::Unknown
        );
    }
}
