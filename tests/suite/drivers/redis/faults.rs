//! Lost connections and forgotten scripts.

use std::sync::Arc;
use std::time::Duration;

use bus::driver::{Driver, Wake, Wakes};
use bus_tests::Redis;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{at, claim, job, open, worker};

/// Stands between a driver and the server; cuts all connections when told to.
struct Proxy {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Proxy {
    async fn before(server: &str) -> Self {
        let server = server
            .trim_start_matches("redis://")
            .trim_end_matches('/')
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, cuts) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*cuts.borrow() {
                    tokio::spawn(carry(client, server.clone(), cuts.clone()));
                }
            }
        });
        Self { port, cut }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends all connections and refuses others until [`mend`](Self::mend).
    fn cut(&self) {
        self.cut.send_replace(true);
    }

    fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, server: String, mut cuts: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cuts.wait_for(|cut| *cut) => {}
    }
}

/// Waits for a wake-up that says that some may have been missed.
async fn missed(wakes: &mut Wakes) {
    let all = async { while wakes.next().await != Some(Wake::All) {} };
    let in_time = tokio::time::timeout(Duration::from_secs(20), all).await;
    in_time.expect("a new connection wakes");
}

/// Repeats a push until it succeeds; errors meanwhile may pass.
async fn pushed(driver: &Arc<dyn Driver>, job: bus::job::NewJob) {
    for _ in 0..2_000 {
        match driver.push(vec![job.clone()], at(0)).await {
            Ok(_) => return,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the driver does not come back");
}

#[tokio::test]
async fn a_cut_connection_is_made_again_and_wake_ups_resume() {
    let redis = Redis::new();
    let proxy = Proxy::before(redis.url()).await;
    let driver = open(&proxy.url(), redis.prefix()).await;
    let mut wakes = driver.wake();
    missed(&mut wakes).await;
    pushed(&driver, job()).await;

    proxy.cut();
    let refused = async { while driver.ping().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(20), refused)
        .await
        .expect("it notices");
    assert!(driver.ping().await.unwrap_err().is_transient());
    proxy.mend();
    missed(&mut wakes).await;
    pushed(&driver, job()).await;
    let worker = worker(&driver).await;
    assert_eq!(claim(&driver, worker, 9, at(0)).await.len(), 2);

    // And what another process stores wakes again.
    let other = open(redis.url(), redis.prefix()).await;
    let woken = async { wakes.next().await };
    other.push(vec![job()], at(0)).await.unwrap();
    let woken = tokio::time::timeout(Duration::from_secs(20), woken).await;
    assert!(woken.expect("woken by another process").is_some());
}

#[tokio::test]
async fn pushes_under_cuts_are_stored_once_each() {
    let redis = Redis::new();
    let proxy = Proxy::before(redis.url()).await;
    let driver = open(&proxy.url(), redis.prefix()).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let driver = Arc::clone(&driver);
            tokio::spawn(async move {
                for _ in 0..50 {
                    pushed(&driver, job()).await;
                }
            })
        })
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        proxy.cut();
        tokio::time::sleep(Duration::from_millis(5)).await;
        proxy.mend();
    }
    for task in tasks {
        task.await.unwrap();
    }
    let direct = open(redis.url(), redis.prefix()).await;
    let worker = worker(&direct).await;
    assert_eq!(claim(&direct, worker, 1_000, at(0)).await.len(), 400);
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_taught_them_again() {
    let redis = Redis::new();
    let driver = open(redis.url(), redis.prefix()).await;
    let worker = worker(&driver).await;
    driver.push(vec![job()], at(0)).await.unwrap();
    let mut connection = redis.connection().await;
    let mut flush = redis::cmd("SCRIPT");
    let () = flush
        .arg("FLUSH")
        .query_async(&mut connection)
        .await
        .unwrap();
    driver.push(vec![job()], at(0)).await.unwrap();
    assert_eq!(claim(&driver, worker, 9, at(0)).await.len(), 2);
}

#[tokio::test]
async fn another_process_wakes_and_tells_of_ends() {
    let redis = Redis::new();
    let here = open(redis.url(), redis.prefix()).await;
    let there = open(redis.url(), redis.prefix()).await;
    let mut wakes = here.wake();
    missed(&mut wakes).await;
    let new = job();
    let id = new.id;
    let mut watch = here.watch(id);
    // The first news is that news come from now on.
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, watch.next())
        .await
        .expect("it listens");
    there.push(vec![new], at(0)).await.unwrap();
    let woken = tokio::time::timeout(patience, wakes.next())
        .await
        .expect("woken");
    assert_eq!(woken, Some(Wake::Queues(vec![bus::id::QueueName::DEFAULT])));
    let worker = worker(&there).await;
    let taken = claim(&there, worker, 1, at(0)).await.remove(0);
    let done = bus::driver::Settlement::completed(taken.lease, None, bus::driver::Keep::Forever);
    there.settle(worker, &[done], at(1)).await.unwrap();
    let news = tokio::time::timeout(patience, watch.next()).await;
    assert_eq!(news.expect("told of the end"), None, "told to look");
    assert_eq!(
        here.get(id).await.unwrap().unwrap().state,
        bus::job::JobState::Completed
    );
}
