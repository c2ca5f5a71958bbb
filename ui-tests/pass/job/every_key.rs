//! A job with every key of its own, of an error of its own, in a crate without serde.
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub, missing_debug_implementations, warnings)]
use bus::job::JobFailed;
use bus::prelude::*;

/// Why a mail is not sent.
#[derive(Debug)]
pub enum MailError {
    /// There is no such address.
    NoAddress,
    /// The server is busy.
    Busy(u8),
}

impl std::fmt::Display for MailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for MailError {}

/// Sends a mail.
#[job(
    queue = "emails", priority = -3, delay = "1ms", retries = 3, backoff = "fixed(1ms)", timeout = "5s",
    retry_until = "1d", retain = "7d", tags = ["mail", "bulk"], error = MailError, output = u8,
    rate = "100/s", no_retry(NoAddress), on_failure = Alert, name = "mail.send", version = 2
)]
#[derive(Debug, Clone)]
pub struct SendMail {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    to: String,
}

/// Tells of a mail that was not sent.
#[job]
#[derive(Debug)]
pub struct Alert(String);

impl From<JobFailed> for Alert {
    fn from(failed: JobFailed) -> Self {
        Self(failed.failure.message)
    }
}

#[handler]
async fn send_mail(mail: SendMail, info: bus::JobInfo) -> Result<u8, MailError> {
    match (mail.to.as_str(), info.attempt) {
        ("nobody", _) => Err(MailError::NoAddress),
        (_, 1) => Err(MailError::Busy(1)),
        (_, attempt) => Ok(u8::try_from(attempt).unwrap_or(u8::MAX)),
    }
}

#[handler]
fn alert(alert: Alert) -> Outcome<()> {
    assert_eq!(alert.0, "NoAddress");
    Outcome::done(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let bus = Bus::connect("memory:").await.expect("opens");
    let good = bus.dispatch(SendMail { to: " ann ".into() }).await.expect("is stored");
    let bad = bus.dispatch(SendMail { to: "nobody".into() }).await.expect("is stored");
    let stop = bus::CancellationToken::new();
    let worker = bus.worker().stop_on(stop.clone()).run();
    let look = async {
        assert_eq!(good.wait().await.expect("is sent"), 2);
        assert!(bad.wait().await.is_err());
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(worker, look);
    ended.expect("ends");
}
