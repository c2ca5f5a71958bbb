//! The jobs of the fault tests, and the processes that work on them.
use super::audit::{all_over, audit};
use bus::id::JobId;
use bus::prelude::*;
use bus::{BoxError, CancellationToken, JobInfo, Ticket};
use bus_tests::{Child, Dice, Probe, say, told};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const URL: &str = "BUS_TEST_CREW";
const LEASE: &str = "BUS_TEST_CREW_LEASE";
const SLOTS: &str = "BUS_TEST_CREW_SLOTS";
const SEED: &str = "BUS_TEST_CREW_SEED";

/// Who did an execution hears of it, and what the completed job answers: its delivery.
#[derive(Clone)]
pub(crate) struct Pen(Arc<dyn Fn(&str) + Send + Sync>);

impl Pen {
    pub(crate) fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(crate) fn write(&self, line: &str) {
        (self.0)(line);
    }

    fn stored(&self, tickets: &[Ticket<Work>]) {
        let ids: Vec<String> = tickets
            .iter()
            .map(|ticket| ticket.id().to_string())
            .collect();
        self.write(&format!("d {}", ids.join(" ")));
    }

    /// The end of an execution: the first may be a failure.
    pub(crate) fn end(&self, info: &JobInfo, fails: bool) -> Result<u32, BoxError> {
        if fails && info.attempt == 1 {
            return Err("the first time".into());
        }
        self.write(&format!("x {} {}", info.id, info.delivery));
        Ok(info.delivery)
    }
}

/// Some work. The jobs of one dispatch say how many they are.
#[job(name = "faults.work", output = u32, retries = 1000, backoff = "fixed(1ms)", retain = "1h")]
pub(crate) struct Work {
    /// In milliseconds.
    pub(crate) takes: u64,
    /// The first attempt fails.
    pub(crate) fails: bool,
    pub(crate) group: u64,
    pub(crate) of: usize,
}

impl Work {
    /// One job that is over at once.
    pub(crate) fn quick() -> Self {
        Self {
            takes: 0,
            fails: false,
            group: 0,
            of: 0,
        }
    }
}

#[handler]
async fn work(job: Work, info: JobInfo, pen: &Pen) -> Result<u32, BoxError> {
    tokio::time::sleep(Duration::from_millis(job.takes)).await;
    pen.end(&info, job.fails)
}

/// Takes until the gate is opened.
#[job(name = "faults.hold", output = u32, retries = 1000, retain = "1h")]
pub(crate) struct Hold;

/// What holds wait for.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

#[handler]
async fn hold(_: Hold, info: JobInfo, pen: &Pen, gate: &Gate) -> Result<u32, BoxError> {
    pen.write(&format!("h {}", info.id));
    let _passed = gate.0.acquire().await?;
    pen.end(&info, false)
}

/// Some jobs of one dispatch, as the dice fall.
pub(crate) fn jobs(dice: &mut Dice, count: usize) -> Vec<Work> {
    let group = dice.roll();
    let mut one = || Work {
        takes: dice.within(0..20),
        fails: dice.one_in(10),
        group,
        of: count,
    };
    (0..count).map(|_| one()).collect()
}

/// A worker in a process of its own.
#[derive(Debug)]
pub(crate) struct Hand {
    pub(crate) url: String,
    pub(crate) lease: Duration,
    pub(crate) slots: usize,
    /// It dispatches jobs as well, by the dice of this seed.
    pub(crate) seed: Option<u64>,
}

impl Hand {
    pub(crate) fn start(&self) -> Child {
        self.under(&[])
    }

    /// Starts it by a program that runs another.
    pub(crate) fn under(&self, program: &[&str]) -> Child {
        let mut variables = vec![
            (URL, self.url.clone()),
            (LEASE, self.lease.as_millis().to_string()),
            (SLOTS, self.slots.to_string()),
        ];
        variables.extend(self.seed.map(|seed| (SEED, seed.to_string())));
        let body = concat!(module_path!(), "::child");
        Child::under(program, body, variables)
    }
}

/// Not a test of its own: the body of the processes that [`Hand`] starts.
#[test]
fn child() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(life(&url));
}

/// Says `ready`, works, and does what it is told: `open` the gate, `dispatch` one job or a `bulk`
/// of them, say its `stats`, `audit` the store, `end` in order.
async fn life(url: &str) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let mut lines = told();
    let gate = Arc::new(Gate(Semaphore::new(0)));
    let mut builder = Bus::builder().partial().store(url);
    let spoken = Probe::<String>::new();
    let both = spoken.clone();
    let pen = Pen::new(move |line| {
        both.tell(line.to_owned());
        say(line);
    });
    builder = builder.state(pen.clone()).state_arc(Arc::clone(&gate));
    if url.starts_with("postgres") {
        builder = builder.state(sqlx::PgPool::connect_lazy(url).unwrap());
    }
    let bus = builder.build().await.unwrap();
    let stop = CancellationToken::new();
    let worker = bus.worker().no_signals().stop_on(stop.clone());
    let worker = worker.lease(Duration::from_millis(number(LEASE).unwrap()));
    let slots = number(SLOTS).unwrap();
    let slots = usize::try_from(slots).unwrap();
    let worker = tokio::spawn(worker.concurrency(slots).run());
    if let Some(seed) = number(SEED) {
        for producer in 0..2 {
            tokio::spawn(produce(bus.clone(), pen.clone(), Dice::of(seed + producer)));
        }
    }
    let mut dice = Dice::of(u64::from(std::process::id()));
    say("ready");
    while let Some(line) = lines.recv().await {
        match line.as_str() {
            "open" => gate.0.add_permits(1_000),
            "end" => break,
            "dispatch" => match bus.dispatch(Work::quick()).await {
                Ok(ticket) => pen.stored(&[ticket]),
                Err(error) => say(&format!("e {}", chain(&error))),
            },
            "bulk" => match bus.dispatch_all(jobs(&mut dice, 500)).await {
                Ok(tickets) => pen.stored(&tickets),
                Err(error) => say(&format!("e {}", chain(&error))),
            },
            "audit" => {
                let mut told = Told::default();
                all_over(&bus).await;
                told.hear(&spoken.heard());
                audit(&bus, &told).await;
                say("all is done");
            }
            "stats" => {
                let stats = bus.stats();
                say(&format!("s {} {}", stats.completed, stats.lease_lost));
            }
            other => panic!("a child is told {other:?}"),
        }
    }
    stop.cancel();
    worker.await.unwrap().unwrap();
    say("ended");
    std::process::exit(0);
}

/// Dispatches until it is killed, and says what the store has taken.
async fn produce(bus: Bus, pen: Pen, mut dice: Dice) {
    loop {
        let count = match dice.one_in(4) {
            true => usize::try_from(dice.within(2..60)).unwrap(),
            false => 1,
        };
        if let Ok(tickets) = bus.dispatch_all(jobs(&mut dice, count)).await {
            pen.stored(&tickets);
        }
        tokio::time::sleep(dice.milliseconds(40)).await;
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What is known of a run from those who took part in it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Jobs whose dispatch returned.
    pub(crate) stored: HashSet<JobId>,
    /// The deliveries of each job that were executed to the end.
    pub(crate) executed: HashMap<JobId, Vec<u32>>,
}

impl Told {
    /// Takes in what a child said.
    pub(crate) fn hear(&mut self, lines: &[String]) {
        for line in lines {
            let mut words = line.split(' ');
            match words.next() {
                Some("d") => self.stored.extend(words.map(id)),
                Some("x") => {
                    let (job, delivery) = (words.next().unwrap(), words.next().unwrap());
                    let deliveries = self.executed.entry(id(job)).or_default();
                    deliveries.push(delivery.parse().unwrap());
                }
                _ => {}
            }
        }
    }

    /// Executions of which nothing came, and what else is worth to be told.
    pub(crate) fn report(&self, more: &str) {
        let again = self
            .executed
            .values()
            .map(|deliveries| deliveries.len() - 1);
        println!("{more}, {} executions in vain", again.sum::<usize>());
    }
}

/// An id as a child says it.
pub(crate) fn id(text: &str) -> JobId {
    text.parse().unwrap()
}
