//! Load within the test's own process: a worker, and producers that repeat what was not confirmed.
use super::audit::all_over;
use super::crew::{Pen, Told, Work, jobs};
use crate::work::{Beside, beside};
use bus::Bus;
use bus::id::JobId;
use bus::prelude::*;
use bus_tests::{Dice, Probe, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

const PRODUCERS: usize = 4;

/// A worker and its producers.
pub(crate) struct Load {
    pub(crate) bus: Bus,
    worker: Beside,
    /// What executions write, and producers.
    lines: Probe<String>,
    enough: Arc<AtomicBool>,
    producers: Vec<JoinHandle<()>>,
}

impl Load {
    pub(crate) async fn start(url: &str, dice: &mut Dice) -> Self {
        let lines = Probe::<String>::new();
        let pen = lines.clone();
        let pen = Pen::new(move |line| pen.tell(line.to_owned()));
        let builder = Bus::builder().partial().store(url).state(pen);
        let bus = builder.build().await.unwrap();
        let worker = bus.worker().concurrency(8).lease(2 * SECOND);
        let enough = Arc::<AtomicBool>::default();
        let produce = |_| {
            let (bus, lines, enough) = (bus.clone(), lines.clone(), Arc::clone(&enough));
            tokio::spawn(produce(bus, lines, enough, Dice::of(dice.roll())))
        };
        let producers = (0..PRODUCERS).map(produce).collect();
        let worker = beside(worker);
        Self {
            bus,
            worker,
            lines,
            enough,
            producers,
        }
    }

    /// Waits until so many more jobs are stored and so many more are executed.
    pub(crate) async fn more(&self, jobs: usize) {
        let count = |lines: &[String]| {
            let of = |kind: &str| lines.iter().filter(|line| line.starts_with(kind)).count();
            of("d ").min(of("x "))
        };
        let wanted = count(&self.lines.heard()) + jobs;
        until("the load goes on", async || {
            let found = count(&self.lines.heard());
            match found >= wanted {
                true => Ok(()),
                false => Err(format!(
                    "{found} of {wanted}; {:?}",
                    self.bus.health().await
                )),
            }
        })
        .await;
    }

    /// Waits until the bus says that all is well.
    pub(crate) async fn is_well(&self) {
        until("the bus is well", async || {
            let health = self.bus.health().await;
            let well = health.is_ok() && health.workers.iter().all(|one| one.last_error.is_none());
            if well {
                Ok(())
            } else {
                Err(format!("{health:?}"))
            }
        })
        .await;
    }

    /// Waits until the bus says that the store is in trouble.
    pub(crate) async fn is_ill(&self) {
        until("the bus sees the trouble", async || {
            let health = self.bus.health().await;
            let seen =
                health.ping.is_err() && health.workers.iter().any(|one| one.last_error.is_some());
            if seen && !health.is_ok() {
                Ok(())
            } else {
                Err(format!("{health:?}"))
            }
        })
        .await;
    }

    /// No more is stored, and what there is is worked off.
    pub(crate) async fn end(self) -> (Bus, Told) {
        self.enough.store(true, Ordering::Relaxed);
        for producer in self.producers {
            producer.await.unwrap();
        }
        all_over(&self.bus).await;
        self.worker.end().await;
        let mut told = Told::default();
        told.hear(&self.lines.heard());
        (self.bus, told)
    }
}

/// Dispatches one job after the other; repeats each until the store confirms it.
async fn produce(bus: Bus, lines: Probe<String>, enough: Arc<AtomicBool>, mut dice: Dice) {
    while !enough.load(Ordering::Relaxed) {
        let id = JobId::new();
        let Work {
            takes,
            fails,
            group,
            of,
        } = jobs(&mut dice, 1).remove(0);
        loop {
            let job = Work {
                takes,
                fails,
                group,
                of,
            };
            if bus.dispatch(job.with_id(id)).await.is_ok() {
                break;
            }
            // Who waits for more sees it, if this goes on for ever.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        lines.tell(format!("d {id}"));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
