//! The provided middleware: what each promises, also to a hundred at once and when cancelled.
use bus::layers::Row;
use bus::prelude::*;
use bus::{Error, ErrorKind};
use bus_tests::Script;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;

mod failures;
mod limits;
mod overlap;
mod trace;

const SECOND: Duration = Duration::from_secs(1);

/// Does what the script of its bus says.
#[derive(Clone)]
#[command(output = u32)]
struct Work(u32);

#[handler]
async fn work(cmd: Work, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.0).await
}

/// The same for a command that can't be copied, with a typed error.
#[command(output = u32, error = Refused)]
struct Once(u32);

#[derive(Debug, PartialEq)]
struct Refused(u32);

#[handler]
async fn once(cmd: Once, script: &Script) -> Result<u32, Refused> {
    script.run(cmd.0).await.map_err(|_| Refused(cmd.0))
}

/// A bus with this script and these middleware.
async fn scripted<M: Row>(
    script: &Script,
    with: impl FnOnce(bus::Builder) -> bus::Builder<M>,
) -> Bus {
    let builder = with(Bus::builder().state(script.clone()));
    builder.partial().build().await.expect("partial")
}

/// The answers of so many at once, in no order.
async fn all<T: Send + 'static, F>(count: u32, task: impl FnMut(u32) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks: JoinSet<T> = (0..count).map(task).collect();
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer.expect("no task panics"));
    }
    answers
}

fn kind<T>(answer: &Result<T, Error>) -> Option<ErrorKind> {
    answer.as_ref().err().map(Error::kind)
}
