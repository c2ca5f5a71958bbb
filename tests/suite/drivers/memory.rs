//! The store in memory.

use std::sync::Arc;

use bus::clock::Timestamp;
use bus::codec::Envelope;
use bus::driver::{Driver, DriverFuture, Inspect, MAX_BATCH, Selection, Wake};
use bus::drivers::MemoryDriver;
use bus::id::{CommandName, QueueName};
use bus::job::{JobOptions, NewJob};
use bus::testing::conformance::Ground;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A named store: the driver held here keeps it while others come and go.
#[derive(Debug)]
struct Memory {
    name: String,
    _keeps: MemoryDriver,
}

async fn ground(name: &'static str) -> Memory {
    let name = format!("conformance {name}");
    Memory {
        _keeps: MemoryDriver::named(&name),
        name,
    }
}

impl Ground for Memory {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { Ok(Arc::new(MemoryDriver::named(&self.name)) as Arc<dyn Driver>) })
    }
}

#[tokio::test]
async fn a_named_store_is_shared_and_ends_with_its_last_user() {
    let connect = async |url: &str| {
        let store = bus::drivers::connect(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        store
    };
    let (one, two) = (connect("memory:shop").await, connect("memory:shop").await);
    let mail = QueueName::from_static("mail");
    let mut wakes = two.wake();
    one.push(vec![job(&mail)], Timestamp::EPOCH).await.unwrap();
    assert_eq!(wakes.next().await, Some(Wake::Queues(vec![mail.clone()])));
    one.close().await.unwrap();
    assert_eq!(two.queues().await.unwrap().len(), 1, "two is still open");
    assert_eq!(
        connect("memory:other").await.queues().await.unwrap(),
        [],
        "another name is another store"
    );
    assert_eq!(connect("memory:").await.queues().await.unwrap(), []);
    drop((one, two));
    assert_eq!(connect("memory:shop").await.queues().await.unwrap(), []);
}

#[tokio::test]
async fn names_of_queues_that_are_no_longer_used_do_not_pile_up() {
    let store = MemoryDriver::new();
    for number in 0..1_000 {
        let queue = QueueName::new(format!("customer {number}")).unwrap();
        let job = job(&queue);
        let id = job.id;
        store.push(vec![job], Timestamp::EPOCH).await.unwrap();
        let one = Selection::Ids(vec![id]);
        store.delete(&one, 1, Timestamp::EPOCH).await.unwrap();
    }
    let before = format!("{store:?}").len();
    store.prune(MAX_BATCH, Timestamp::EPOCH).await.unwrap();
    let after = format!("{store:?}").len();
    assert!(after * 10 < before, "{before} before, {after} after");
}

fn job(queue: &QueueName) -> NewJob {
    let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 1, "{}");
    let options = JobOptions::DEFAULT;
    NewJob {
        queue: queue.clone(),
        ..NewJob::new(envelope, &options, Timestamp::EPOCH)
    }
}
