//! `BoxError`: the default error of a command, which takes any error.
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

/// Any error, kept with its sources.
///
/// It is what a command fails with when it declares no `error = …`: a handler may
/// then return any error type with `?`, or a text.
///
/// It does not implement [`std::error::Error`] itself, so that every error can be
/// converted into it; it dereferences to one.
///
/// ```
/// fn parse(s: &str) -> Result<u32, bus::BoxError> {
///     Ok(s.parse::<u32>()?)
/// }
/// let error = parse("ten").unwrap_err();
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// assert!(error.is::<std::num::ParseIntError>());
/// ```
pub struct BoxError(Box<dyn StdError + Send + Sync + 'static>);

impl BoxError {
    /// Wraps an error or a text.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// The wrapped error.
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}

impl<E> From<E> for BoxError
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Deref for BoxError {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
