//! The stored job behind a context, as far as a context knows of it.
use crate::extensions::Extensions;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The stored job that a context belongs to: made once for each execution, so in one piece.
pub(crate) trait Origin: Any + fmt::Debug + Send + Sync {
    /// The state of the bus that runs it. Held here and not by each context: this is counted by
    /// one job, that of the bus by all jobs of all threads at once.
    fn bus(&self) -> &Arc<Extensions>;
    /// What cancels the job; made when first asked for.
    fn token(&self) -> &CancellationToken;
    /// The job itself, for who knows its type.
    fn as_any(&self) -> &dyn Any;
}
