//! `Job`: a command that can be stored and run by a worker.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::classify::Fate;
use super::failure::Failure;
use super::new_job::NewJob;
use super::options::JobOptions;
use crate::clock::Timestamp;
use crate::codec::{CodecError, Envelope, encode};
use crate::command::{Cause, Command};
use crate::dispatch::Dispatch;
use crate::id::{CommandName, JobId, QueueName};

/// A command that is stored when it is dispatched, and run by a worker.
///
/// Implemented by `#[job]` only; the hidden items may change in any release.
///
/// ```
/// use bus::job::Job;
/// fn queue_of<J: Job>() -> &'static str {
///     J::OPTIONS.queue.as_str()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job [BUS051]",
    label = "not a job",
    note = "annotate the definition of `{Self}` with `#[bus::job]`"
)]
pub trait Job:
    Command<Output: Serialize + DeserializeOwned, Error: Cause>
    + Dispatch
    + Serialize
    + DeserializeOwned
{
    /// What the declaration says about storing and running it.
    const OPTIONS: &'static JobOptions;

    /// The stored name, checked when it is compiled.
    #[doc(hidden)]
    const __NAME: CommandName = CommandName::from_static(Self::DESCRIPTOR.name);

    /// What an error of the handler means for the job.
    #[doc(hidden)]
    fn __fate(error: &Self::Error) -> Fate;

    /// The job to store when this one is dead, if one is declared.
    #[doc(hidden)]
    fn __on_failure(failed: JobFailed, now: Timestamp) -> Option<Result<NewJob, CodecError>>;
}

/// What `#[job]` implements: the facts of a job. They are apart from [`Job`], as an implementation
/// of that would ask once more for what the implementation of [`Command`] asks.
#[doc(hidden)]
pub trait DeclaredJob {
    type Output: Serialize + DeserializeOwned;
    type Error: Cause;

    const OPTIONS: &'static JobOptions;

    fn fate(error: &Self::Error) -> Fate {
        let _ = error;
        Fate::Retry
    }

    fn on_failure(failed: JobFailed, now: Timestamp) -> Option<Result<NewJob, CodecError>> {
        let _ = (failed, now);
        None
    }
}

#[diagnostic::do_not_recommend]
impl<J> Job for J
where
    J: DeclaredJob
        + Command<Output = <J as DeclaredJob>::Output, Error = <J as DeclaredJob>::Error>
        + Dispatch
        + Serialize
        + DeserializeOwned,
{
    const OPTIONS: &'static JobOptions = <J as DeclaredJob>::OPTIONS;

    fn __fate(error: &<J as DeclaredJob>::Error) -> Fate {
        J::fate(error)
    }

    fn __on_failure(failed: JobFailed, now: Timestamp) -> Option<Result<NewJob, CodecError>> {
        J::on_failure(failed, now)
    }
}

/// What the job named by `on_failure = …` is made from, when another job is dead: it implements
/// `From<JobFailed>`.
///
/// ```
/// use bus::job::JobFailed;
///
/// struct Alert { text: String }
///
/// impl From<JobFailed> for Alert {
///     fn from(failed: JobFailed) -> Self {
///         Self { text: format!("{} ({}): {}", failed.name, failed.id, failed.failure.message) }
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobFailed {
    /// The dead job.
    pub id: JobId,
    /// Its stored name.
    pub name: CommandName,
    /// Where it waited.
    pub queue: QueueName,
    /// Executions that counted.
    pub attempts: u32,
    /// Its last failure.
    pub failure: Failure,
    /// Its payload, as it was stored: JSON.
    pub payload: String,
}

impl JobFailed {
    pub(crate) fn new(id: JobId, queue: QueueName, envelope: &Envelope, failure: Failure) -> Self {
        Self {
            id,
            name: envelope.name.clone(),
            queue,
            attempts: failure.attempt,
            failure,
            payload: String::from_utf8_lossy(&envelope.body).into_owned(),
        }
    }
}

/// Encodes a job with what its declaration says.
///
/// # Errors
/// When its payload cannot be written as JSON.
pub fn store_form<J: Job>(job: &J, now: Timestamp) -> Result<NewJob, CodecError> {
    let envelope = Envelope::new(J::__NAME, J::DESCRIPTOR.version, encode(job)?);
    Ok(NewJob::new(envelope, J::OPTIONS, now))
}
