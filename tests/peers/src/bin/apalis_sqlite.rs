//! apalis with its SQLite storage, one connection. Its `setup` switches `synchronous` off; with
//! `?synchronous=full` in the URL it is switched on again.
//!
//! Tuned: batches of 100; its default is 10. Soonest: a look each 5 ms. What it costs to
//! settle grows with the jobs that are done, so the backlog is 5 000.
use apalis::prelude::*;
use apalis_sqlite::{Config, SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteStorage};
use futures::stream;
use peers::{Error, Job, Often, Peer, Setting, handle};

#[derive(Clone)]
struct Apalis {
    pool: SqlitePool,
}

async fn noop(job: Job) -> Result<(), BoxDynError> {
    handle(&job);
    Ok(())
}

fn file(space: &str) -> String {
    format!("{space}.db")
}

impl Apalis {
    fn storage(&self, batch: usize) -> SqliteStorage<Job> {
        let config = Config::default().queue("bench").batch_size(batch);
        SqliteStorage::new(&self.pool).with_config(config)
    }
}

impl Peer for Apalis {
    const NAME: &'static str = "apalis-sqlite 1.0";
    const MOST: u64 = 5_000;

    async fn open(url: &str, space: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new();
        let options = options.filename(file(space)).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await?;
        SqliteStorage::setup(&pool).await?;
        if url.contains("synchronous=full") {
            sqlx::query("PRAGMA synchronous = FULL")
                .execute(&pool)
                .await?;
        }
        Ok(Self { pool })
    }

    async fn push(&self, job: Job) -> Result<(), Error> {
        Ok(self.storage(10).push(job).await?)
    }

    async fn fill(&self, jobs: u64) -> Result<(), Error> {
        let mut some = stream::iter((0..jobs).map(Job::number));
        Ok(self.storage(1_000).push_stream(&mut some).await?)
    }

    async fn work(&self, setting: Setting) -> Result<(), Error> {
        let worker = WorkerBuilder::new("worker");
        match setting {
            Setting::Default => {
                let worker = worker.backend(self.storage(10));
                worker.concurrency(100).build(noop).run().await?;
            }
            Setting::Tuned => {
                let worker = worker.backend(self.storage(100));
                worker.concurrency(100).build(noop).run().await?;
            }
            Setting::Quick => {
                let storage = self.storage(10);
                let storage = storage.poll_with_strategy(Often::default());
                let worker = worker.backend(storage);
                worker.concurrency(100).build(noop).run().await?;
            }
        }
        Ok(())
    }

    async fn left(&self) -> Result<u64, Error> {
        let left = "SELECT count(*) FROM Jobs WHERE status <> 'Done'";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&self.pool).await?;
        Ok(u64::try_from(left)?)
    }

    async fn close(self, _: &str, space: &str) -> Result<(), Error> {
        self.pool.close().await;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", file(space)));
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    peers::run::<Apalis>().await
}
