//! graphile_worker, the Rust one.
//!
//! Tuned: 100 at a time, two local queues of 1 000, completions in batches of 5 ms, a poll each
//! 5 ms. By default each look at the database takes one job for each slot, once a second.
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, TaskHandler, WorkerContext, WorkerOptions,
    WorkerUtils,
};
use peers::{Error, Job, Peer, Setting, database, handle};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
struct Graphile {
    pool: PgPool,
    utils: Arc<WorkerUtils>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Noop(Job);

impl TaskHandler for Noop {
    const IDENTIFIER: &'static str = "noop";

    async fn run(self, _: WorkerContext) -> impl IntoTaskHandlerResult {
        handle(&self.0);
        Ok::<(), String>(())
    }
}

fn options(pool: &PgPool) -> WorkerOptions {
    WorkerOptions::default()
        .pg_pool(pool.clone())
        .define_job::<Noop>()
        .listen_os_shutdown_signals(false)
}

impl Peer for Graphile {
    const NAME: &'static str = "graphile_worker 0.14";

    async fn open(url: &str, space: &str) -> Result<Self, Error> {
        let pool = database::create(url, space, 20).await?;
        let utils = options(&pool).init().await?.create_utils();
        let utils = Arc::new(utils);
        Ok(Self { pool, utils })
    }

    async fn push(&self, job: Job) -> Result<(), Error> {
        self.utils.add_job(Noop(job), JobSpec::default()).await?;
        Ok(())
    }

    async fn fill(&self, jobs: u64) -> Result<(), Error> {
        let spec = JobSpec::default();
        let mut stored = 0;
        while stored < jobs {
            let until = jobs.min(stored + 1_000);
            let some = (stored..until).map(|number| (Noop(Job::number(number)), &spec));
            self.utils.add_jobs(&some.collect::<Vec<_>>()).await?;
            stored = until;
        }
        Ok(())
    }

    async fn work(&self, setting: Setting) -> Result<(), Error> {
        let options = options(&self.pool);
        let soon = Duration::from_millis(5);
        let worker = match setting {
            Setting::Default => options,
            Setting::Tuned => options
                .concurrency(100)
                .poll_interval(soon)
                .complete_job_batch_delay(soon)
                .local_queue(
                    LocalQueueConfig::default()
                        .with_size(1_000)
                        .with_queue_count(2),
                ),
            Setting::Quick => options.concurrency(10).poll_interval(soon),
        };
        Ok(worker.init().await?.run().await?)
    }

    async fn left(&self) -> Result<u64, Error> {
        let left = "select count(*) from graphile_worker._private_jobs";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&self.pool).await?;
        Ok(u64::try_from(left)?)
    }

    async fn close(self, url: &str, space: &str) -> Result<(), Error> {
        database::drop_database(url, space).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    peers::run::<Graphile>().await
}
