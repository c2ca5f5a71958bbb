//! rusty-sidekiq. It takes a job out of Redis before running it and settles nothing: a crash loses
//! what runs. The clock of its drain stops when the last job was handled.
//!
//! Tuned: 10 at a time; its default is the number of cores.
use async_trait::async_trait;
use bb8::Pool;
use peers::{Error, Job, Peer, Setting, database, handle};
use sidekiq::{Processor, ProcessorConfig, RedisConnectionManager, Worker, with_custom_namespace};

#[derive(Clone)]
struct Sidekiq {
    pool: Pool<RedisConnectionManager>,
}

struct Noop;

#[async_trait]
impl Worker<Job> for Noop {
    async fn perform(&self, job: Job) -> sidekiq::Result<()> {
        handle(&job);
        Ok(())
    }
}

impl Peer for Sidekiq {
    const NAME: &'static str = "rusty-sidekiq 0.15";

    async fn open(url: &str, space: &str) -> Result<Self, Error> {
        let pool = Pool::builder()
            .max_size(40)
            .connection_customizer(with_custom_namespace(space.to_owned()))
            .build(RedisConnectionManager::new(url)?)
            .await?;
        Ok(Self { pool })
    }

    async fn push(&self, job: Job) -> Result<(), Error> {
        Ok(Noop::perform_async(&self.pool, job).await?)
    }

    async fn fill(&self, jobs: u64) -> Result<(), Error> {
        let push = |number| async move { self.push(Job::number(number)).await };
        let pushes = futures::stream::iter((0..jobs).map(push));
        use futures::{StreamExt as _, TryStreamExt as _};
        pushes.buffer_unordered(20).try_collect::<()>().await
    }

    async fn work(&self, setting: Setting) -> Result<(), Error> {
        let mut processor = Processor::new(self.pool.clone(), vec!["default".to_owned()]);
        if setting != Setting::Default {
            processor = processor.with_config(ProcessorConfig::default().num_workers(10));
        }
        processor.register(Noop);
        processor.run().await;
        Ok(())
    }

    async fn left(&self) -> Result<u64, Error> {
        Ok(0)
    }

    async fn close(self, url: &str, space: &str) -> Result<(), Error> {
        drop(self);
        database::remove_keys(url, space).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    peers::run::<Sidekiq>().await
}
