//! `fail/job/on_failure_is_no_job.rs`, put right.
use bus::job::JobFailed;
use bus::prelude::*;

#[job(on_failure = Alert)]
struct SendReceipt;

#[job]
struct Alert;

impl From<JobFailed> for Alert {
    fn from(_: JobFailed) -> Self {
        Self
    }
}

#[handler]
async fn send_receipt(_: SendReceipt) {}

#[handler]
async fn alert(_: Alert) {}

fn main() {}
