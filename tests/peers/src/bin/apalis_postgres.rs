//! apalis with its Postgres storage.
//!
//! Tuned: batches of 500, two workers. Its default batch is 10. Soonest: `with_pubsub`.
use apalis::prelude::*;
use apalis_postgres::{Config, PgPool, PostgresStorage};
use futures::{future, stream};
use peers::{Error, Job, Peer, Setting, database, handle};

#[derive(Clone)]
struct Apalis {
    pool: PgPool,
}

async fn noop(job: Job) -> Result<(), BoxDynError> {
    handle(&job);
    Ok(())
}

impl Apalis {
    fn storage(&self, batch: usize) -> PostgresStorage<Job> {
        let config = Config::default().queue("bench").batch_size(batch);
        PostgresStorage::new(&self.pool).with_config(config)
    }
}

impl Peer for Apalis {
    const NAME: &'static str = "apalis-postgres 1.0";

    async fn open(url: &str, space: &str) -> Result<Self, Error> {
        let pool = database::create(url, space, 20).await?;
        PostgresStorage::setup(&pool).await?;
        Ok(Self { pool })
    }

    async fn push(&self, job: Job) -> Result<(), Error> {
        Ok(self.storage(10).push(job).await?)
    }

    async fn fill(&self, jobs: u64) -> Result<(), Error> {
        let mut stored = 0;
        while stored < jobs {
            let until = jobs.min(stored + 1_000);
            let mut some = stream::iter((stored..until).map(Job::number));
            self.storage(1_000).push_stream(&mut some).await?;
            stored = until;
        }
        Ok(())
    }

    async fn work(&self, setting: Setting) -> Result<(), Error> {
        match setting {
            Setting::Default => {
                let worker = WorkerBuilder::new("default").backend(self.storage(10));
                worker.concurrency(100).build(noop).run().await?;
            }
            Setting::Tuned => {
                let worker = |name: &str| {
                    let worker = WorkerBuilder::new(name).backend(self.storage(500));
                    worker.concurrency(1_000).build(noop).run()
                };
                future::try_join(worker("one"), worker("two")).await?;
            }
            Setting::Quick => {
                let storage = self.storage(10).with_pubsub();
                let worker = WorkerBuilder::new("quick").backend(storage);
                worker.concurrency(100).build(noop).run().await?;
            }
        }
        Ok(())
    }

    async fn left(&self) -> Result<u64, Error> {
        let left = "select count(*) from apalis.jobs where status <> 'Done'";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&self.pool).await?;
        Ok(u64::try_from(left)?)
    }

    async fn close(self, url: &str, space: &str) -> Result<(), Error> {
        self.pool.close().await;
        database::drop_database(url, space).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    peers::run::<Apalis>().await
}
