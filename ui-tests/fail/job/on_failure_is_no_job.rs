//! What follows a failure is stored, so it is a job.
use bus::job::JobFailed;
use bus::prelude::*;

#[job(on_failure = Alert)]
struct SendReceipt;

struct Alert;

impl From<JobFailed> for Alert {
    fn from(_: JobFailed) -> Self {
        Self
    }
}

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
