//! What the command line says.
use bus::BoxError;
use std::time::Duration;

pub(crate) const HELP: &str = "\
How fast a store is, measured through the public API on default settings.

    cargo run --release --example bench -- [URL…] [options]

URLs, each measured in turn:
    memory:                          in this process
    sqlite:                          files of its own in the working directory, removed at the end
    sqlite:?synchronous=normal       … whose commits do not wait for the disk
    sqlite:///var/tmp/bench          … whose names begin so
    postgres://user@host/database    schemas of its own, dropped at the end
    redis://host                     prefixes of its own, removed at the end
Without a URL: a short run of memory and SQLite.

Options:
    --only A,B,…      only these measures; all: bulk, single, drain, busy, held, latency,
                      cost, raw
    --jobs N          jobs a measure (default: 100 000; 1 000 000 in memory)
    --rounds N        each measure so often, in turn (default: 3)
    --seconds N       how long single enqueues and latencies are measured (default: 3)
    --table N         also: drain beside N waiting, N scheduled and N dead jobs
    --load N          jobs a second of the loaded latency (default: half of the
                      drain rate, if `drain` is measured before)
    --concurrency N   of the worker (default: its own)
    --json            one line of JSON a store in place of the table

docs/benchmarks.md says what each figure means.";

/// A part of the program that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Bulk,
    Single,
    Drain,
    Busy,
    Held,
    Latency,
    Cost,
    Raw,
}

/// What to measure, and how much.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub urls: Vec<String>,
    pub only: Vec<Measure>,
    pub jobs: Option<u64>,
    pub rounds: usize,
    pub time: Duration,
    pub table: Option<u64>,
    pub load: Option<f64>,
    pub concurrency: Option<usize>,
    pub json: bool,
}

/// What this process is for.
#[derive(Debug)]
pub(crate) enum Role {
    Help,
    Measure(Options),
    /// Started by a measuring process: dispatches so many jobs a second into a store.
    Produce {
        url: String,
        rate: f64,
        time: Duration,
    },
    /// Started by a measuring process: drains a store.
    Work {
        url: String,
        jobs: u64,
        concurrency: Option<usize>,
    },
}

impl Options {
    /// Short enough to be run among the tests.
    fn quick() -> Self {
        Self {
            urls: vec!["memory:".to_owned(), "sqlite:".to_owned()],
            only: vec![
                Measure::Bulk,
                Measure::Single,
                Measure::Drain,
                Measure::Latency,
            ],
            jobs: Some(5_000),
            rounds: 1,
            time: Duration::from_millis(300),
            load: Some(500.0),
            ..Self::full()
        }
    }

    fn full() -> Self {
        Self {
            urls: Vec::new(),
            only: vec![
                Measure::Bulk,
                Measure::Single,
                Measure::Drain,
                Measure::Raw,
                Measure::Busy,
                Measure::Held,
                Measure::Latency,
                Measure::Cost,
            ],
            jobs: None,
            rounds: 3,
            time: Duration::from_secs(3),
            table: None,
            load: None,
            concurrency: None,
            json: false,
        }
    }
}

/// Reads the arguments.
pub(crate) fn role(arguments: impl Iterator<Item = String>) -> Result<Role, BoxError> {
    let mut arguments = arguments.peekable();
    if arguments.peek().is_none() {
        return Ok(Role::Measure(Options::quick()));
    }
    let mut options = Options::full();
    let (mut produce, mut work, mut rate) = (None, None, 100.0);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value; see --help"))
        };
        match argument.as_str() {
            "-h" | "--help" => return Ok(Role::Help),
            "--json" => options.json = true,
            "--only" => options.only = measures(&value()?)?,
            "--jobs" => options.jobs = Some(number(&value()?)?),
            "--rounds" => options.rounds = number::<usize>(&value()?)?.max(1),
            "--seconds" => options.time = Duration::from_secs_f64(number(&value()?)?),
            "--table" => options.table = Some(number(&value()?)?),
            "--load" => options.load = Some(number(&value()?)?),
            "--concurrency" => options.concurrency = Some(number(&value()?)?),
            "--produce" => produce = Some(value()?),
            "--work" => work = Some(value()?),
            "--rate" => rate = number(&value()?)?,
            other if other.starts_with('-') => {
                return Err(format!("there is no option {other}; see --help").into());
            }
            url => options.urls.push(url.to_owned()),
        }
    }
    let (time, concurrency) = (options.time, options.concurrency);
    Ok(match (produce, work) {
        (Some(url), _) => Role::Produce { url, rate, time },
        (None, Some(url)) => Role::Work {
            url,
            jobs: options.jobs.unwrap_or_default(),
            concurrency,
        },
        (None, None) if options.urls.is_empty() => {
            return Err("which store? Give its URL, such as memory: or sqlite:; see --help".into());
        }
        (None, None) => Role::Measure(options),
    })
}

fn measures(names: &str) -> Result<Vec<Measure>, BoxError> {
    let measure = |name: &str| match name {
        "bulk" => Ok(Measure::Bulk),
        "single" => Ok(Measure::Single),
        "drain" => Ok(Measure::Drain),
        "busy" => Ok(Measure::Busy),
        "held" => Ok(Measure::Held),
        "latency" => Ok(Measure::Latency),
        "cost" => Ok(Measure::Cost),
        "raw" => Ok(Measure::Raw),
        other => Err(format!("there is no measure {other:?}; see --help").into()),
    };
    names.split(',').map(measure).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, BoxError> {
    let digits = text.replace('_', "");
    let number = digits.parse();
    number.map_err(|_| format!("{text:?} is no number that fits here").into())
}
