//! Looks at a store every few milliseconds, for storages of apalis without notifications. Its own
//! interval loses its wake-up when a look takes longer than the interval.
use apalis::prelude::{PollSnapshot, PollStrategy};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, interval};

/// A strategy for `poll_with_strategy`.
#[derive(Debug)]
pub struct Often(Interval);

impl Default for Often {
    fn default() -> Self {
        Self(interval(Duration::from_millis(5)))
    }
}

impl PollStrategy for Often {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = false;
        while self.0.poll_tick(cx).is_ready() {
            due = true;
        }
        if due {
            Poll::Ready(Some(()))
        } else {
            Poll::Pending
        }
    }
}
