//! This program started once more, as another process on the same store.
use super::drain::{drain, worker};
use super::latency::dispatch;
use super::machine;
use super::place::open;
use bus::BoxError;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{self, Command, Stdio};
use std::time::Duration;

/// A running child. It ends by itself when it has said what it measured and its input is closed.
#[derive(Debug)]
pub(crate) struct Child(process::Child);

impl Child {
    /// One that dispatches timed jobs.
    pub(crate) fn produce(url: &str, rate: f64, time: Duration) -> Result<Self, BoxError> {
        let (rate, seconds) = (rate.to_string(), time.as_secs_f64().to_string());
        Self::start(&["--produce", url, "--rate", &rate, "--seconds", &seconds])
    }

    /// One that drains a store of so many jobs.
    pub(crate) fn work(url: &str, jobs: u64, concurrency: Option<usize>) -> Result<Self, BoxError> {
        let (jobs, concurrency) = (jobs.to_string(), concurrency.map(|jobs| jobs.to_string()));
        let mut arguments = vec!["--work", url, "--jobs", &jobs];
        if let Some(concurrency) = &concurrency {
            arguments.extend(["--concurrency", concurrency]);
        }
        Self::start(&arguments)
    }

    fn start(arguments: &[&str]) -> Result<Self, BoxError> {
        let child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    /// How many jobs it dispatched.
    pub(crate) async fn produced(self) -> Result<usize, BoxError> {
        let (child, said) = self.said().await?;
        child.end().await?;
        Ok(said.trim().parse()?)
    }

    /// What it measured; it still has its connections.
    pub(crate) async fn worked(self) -> Result<(Self, Worked), BoxError> {
        let (child, said) = self.said().await?;
        let numbers: Result<Vec<f64>, _> = said.split_whitespace().map(str::parse).collect();
        let [seconds, cpu, memory] = numbers?[..] else {
            return Err(format!("the process that drains says {said:?}").into());
        };
        let worked = Worked {
            seconds,
            cpu,
            memory,
        };
        Ok((child, worked))
    }

    /// Its one line.
    async fn said(mut self) -> Result<(Self, String), BoxError> {
        let read = move || {
            let mut line = String::new();
            let output = self.0.stdout.take().ok_or("a child has an output")?;
            BufReader::new(output).read_line(&mut line)?;
            if line.is_empty() {
                let status = self.0.wait()?;
                return Err(format!("the process started for it ended: {status}").into());
            }
            Ok((self, line))
        };
        tokio::task::spawn_blocking(read).await?
    }

    /// Lets it end, and waits for that.
    pub(crate) async fn end(mut self) -> Result<(), BoxError> {
        drop(self.0.stdin.take());
        let status = tokio::task::spawn_blocking(move || self.0.wait()).await??;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the process started for it failed: {status}").into())
        }
    }
}

/// What a draining process says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worked {
    pub seconds: f64,
    /// Seconds of processor, from its start on.
    pub cpu: f64,
    /// The most memory it ever had, in MiB.
    pub memory: f64,
}

/// In the child: dispatches timed jobs.
pub(crate) async fn run_producer(url: &str, rate: f64, time: Duration) -> Result<(), BoxError> {
    let bus = open(url).await?;
    let dispatched = dispatch(&bus, rate, time).await?;
    say(&dispatched.to_string()).await
}

/// In the child: drains.
pub(crate) async fn run_worker(
    url: &str,
    jobs: u64,
    concurrency: Option<usize>,
) -> Result<(), BoxError> {
    let bus = open(url).await?;
    let took = drain(&bus, worker(&bus, concurrency), jobs).await?;
    let cpu = machine::own_cpu().unwrap_or_default();
    let memory = machine::peak_memory().unwrap_or_default();
    let seconds = took.as_secs_f64();
    say(&format!("{seconds} {cpu} {memory}")).await
}

/// Says what was measured, and stays until the parent has looked around.
async fn say(line: &str) -> Result<(), BoxError> {
    println!("{line}");
    std::io::stdout().flush()?;
    let wait = || std::io::stdin().read_line(&mut String::new());
    tokio::task::spawn_blocking(wait).await??;
    Ok(())
}
