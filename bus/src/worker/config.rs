//! What a worker is told.

use std::time::Duration;

use super::queues::QueueOrder;

/// What a worker is told; the builder in `runtime` documents each.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) queues: QueueOrder,
    pub(crate) concurrency: usize,
    pub(crate) prefetch: usize,
    pub(crate) lease: Duration,
    pub(crate) grace: Duration,
    pub(crate) poll: Option<Duration>,
    pub(crate) max_jobs: Option<u64>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) until_empty: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            queues: QueueOrder::All,
            concurrency: 64,
            prefetch: 2_000,
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(25),
            poll: None,
            max_jobs: None,
            max_time: None,
            until_empty: false,
        }
    }
}
