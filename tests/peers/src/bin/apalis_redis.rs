//! apalis with its Redis storage.
//!
//! Tuned: batches of 1 000; its default is 10. Soonest: a look each 5 ms. It stops with a backlog
//! of about 8 000 («too many results to unpack»), so it is given 7 000.
use apalis::prelude::*;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use futures::stream;
use peers::{Error, Job, Often, Peer, Setting, database, handle};

#[derive(Clone)]
struct Apalis {
    connection: ConnectionManager,
    queue: String,
}

async fn noop(job: Job) -> Result<(), BoxDynError> {
    handle(&job);
    Ok(())
}

impl Apalis {
    fn storage(&self, batch: usize) -> RedisStorage<Job> {
        let config = Config::default().queue(&self.queue).batch_size(batch);
        RedisStorage::new(self.connection.clone()).with_config(config)
    }
}

impl Peer for Apalis {
    const NAME: &'static str = "apalis-redis 1.0";
    const MOST: u64 = 7_000;

    async fn open(url: &str, space: &str) -> Result<Self, Error> {
        Ok(Self {
            connection: apalis_redis::connect(url).await?,
            queue: space.to_owned(),
        })
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
                let worker = worker.backend(self.storage(1_000));
                worker.concurrency(1_000).build(noop).run().await?;
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
        let mut connection = self.connection.clone();
        let config = Config::default().queue(&self.queue);
        let count = |command: &str, key: String| {
            let mut count = redis::cmd(command);
            count.arg(key);
            count
        };
        let done = count("SCARD", config.done_jobs_set());
        let known = count("HLEN", config.job_data_hash());
        let done: u64 = done.query_async(&mut connection).await?;
        let known: u64 = known.query_async(&mut connection).await?;
        Ok(known.saturating_sub(done))
    }

    async fn close(self, url: &str, space: &str) -> Result<(), Error> {
        drop(self);
        database::remove_keys(url, space).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    peers::run::<Apalis>().await
}
