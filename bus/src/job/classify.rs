//! What an error means for the job it ended.

use std::marker::PhantomData;
use std::time::Duration;

/// What an error means for the job it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fate {
    /// Run again after the job's backoff, while attempts are left.
    #[default]
    Retry,
    /// Run again after this pause, while attempts are left.
    RetryAfter(Duration),
    /// Run again after this pause; no attempt is counted.
    Defer(Duration),
    /// No longer wanted: cancelled.
    Cancel,
    /// Can never succeed: dead.
    Fail,
}

/// Decides for each error of a handler what becomes of the job. An error type without it retries.
///
/// ```
/// use bus::job::{Classify, Fate};
///
/// #[derive(Debug)]
/// enum ChargeError { Declined, Gateway }
///
/// impl Classify for ChargeError {
///     fn classify(&self) -> Fate {
///         match self {
///             Self::Declined => Fate::Fail,
///             Self::Gateway => Fate::Retry,
///         }
///     }
/// }
/// # assert_eq!(ChargeError::Declined.classify(), Fate::Fail);
/// # assert_eq!(ChargeError::Gateway.classify(), Fate::Retry);
/// ```
pub trait Classify {
    /// What becomes of the job.
    fn classify(&self) -> Fate;
}

/// Finds [`Classify`] when compiled: `FateProbe::<E>::FATE` is the inherent constant where `E`
/// implements it, else that of [`NotClassified`].
#[doc(hidden)]
#[derive(Debug)]
pub struct FateProbe<E>(PhantomData<E>);

impl<E: Classify> FateProbe<E> {
    pub const FATE: fn(&E) -> Fate = E::classify;
}

/// See [`FateProbe`].
#[doc(hidden)]
pub trait NotClassified<E> {
    const FATE: fn(&E) -> Fate = |_| Fate::Retry;
}

impl<E> NotClassified<E> for FateProbe<E> {}
