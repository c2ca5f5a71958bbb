//! The stored job behind a context, as far as a context knows of it.
use std::any::Any;
use std::fmt;
use tokio_util::sync::CancellationToken;

/// The stored job that a context belongs to: made once for each execution, so in one piece.
pub(crate) trait Origin: Any + fmt::Debug + Send + Sync {
    /// What cancels the job; made when first asked for.
    fn token(&self) -> &CancellationToken;
    /// The job itself, for who knows its type.
    fn as_any(&self) -> &dyn Any;
}
