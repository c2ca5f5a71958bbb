//! A server of the test's own: killed, restarted, full.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bus::driver::Keep;
use bus::driver::Settlement;

use super::{at, claim, job, open, worker};

/// A `redis-server` on a port and in a folder of its own; killed when dropped.
struct Server {
    child: Child,
    port: u16,
    folder: std::path::PathBuf,
}

impl Server {
    async fn start(options: &[&str]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = std::env::temp_dir().join(format!("bus-redis-{port}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let server = Self {
            child: Self::spawn(port, &folder, options),
            port,
            folder,
        };
        server.answers().await;
        server
    }

    fn spawn(port: u16, folder: &std::path::Path, options: &[&str]) -> Child {
        Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .arg("--dir")
            .arg(folder)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .expect("this test needs the program redis-server: install Redis")
    }

    async fn answers(&self) {
        for _ in 0..2_000 {
            let client = redis::Client::open(self.url()).unwrap();
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
                let pong = redis::cmd("PING")
                    .query_async::<String>(&mut connection)
                    .await;
                if pong.is_ok() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis-server does not answer");
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// As a loss of power, but for what the kernel has.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn restart(&mut self, options: &[&str]) {
        self.child = Self::spawn(self.port, &self.folder, options);
        self.answers().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = (self.child.kill(), self.child.wait());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn with_an_append_only_file_a_killed_server_comes_back_with_all_that_was_answered() {
    let durable = ["--appendonly", "yes", "--appendfsync", "always"];
    let mut server = Server::start(&durable).await;
    let driver = open(&server.url(), "shop").await;
    let worker = worker(&driver).await;
    driver
        .push((0..100).map(|_| job()).collect(), at(0))
        .await
        .unwrap();
    let taken = claim(&driver, worker, 10, at(0)).await;
    let (done, held) = taken.split_at(4);
    let settle =
        |job: &bus::driver::Claimed| Settlement::completed(job.lease.clone(), None, Keep::Drop);
    let settlements: Vec<_> = done.iter().map(settle).collect();
    driver.settle(worker, &settlements, at(1)).await.unwrap();
    server.kill();
    assert!(driver.ping().await.unwrap_err().is_transient());
    server.restart(&durable).await;
    let back = async { while driver.ping().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), back)
        .await
        .expect("it comes back");
    // The leases are still this worker's, and the others still wait.
    let settlements: Vec<_> = held.iter().map(settle).collect();
    let settled = driver.settle(worker, &settlements, at(2)).await.unwrap();
    assert!(
        settled
            .iter()
            .all(|settled| *settled == bus::driver::Settled::Applied)
    );
    assert_eq!(claim(&driver, worker, 1_000, at(3)).await.len(), 90);
}

#[tokio::test]
async fn a_server_whose_memory_is_full_refuses_jobs_for_now_and_lets_workers_go_on() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]).await;
    let driver = open(&server.url(), "shop").await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut limit = async |bytes: &str| {
        let mut set = redis::cmd("CONFIG");
        let set = set.arg("SET").arg("maxmemory").arg(bytes);
        let () = set.query_async(&mut connection).await.unwrap();
    };
    let worker = worker(&driver).await;
    driver
        .push((0..4).map(|_| job()).collect(), at(0))
        .await
        .unwrap();
    limit("1").await;
    let full = job();
    let id = full.id;
    let error = driver.push(vec![full.clone()], at(0)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(driver.get(id).await.unwrap(), None, "nothing is stored");

    let taken = claim(&driver, worker, 2, at(0)).await;
    let why = bus::job::Failure::new(bus::job::FailureKind::Error, "no", 1, at(1));
    let settlements = [
        Settlement::completed(taken[0].lease.clone(), None, Keep::Drop),
        Settlement::retry(taken[1].lease.clone(), at(5), why),
    ];
    let settled = driver.settle(worker, &settlements, at(1)).await.unwrap();
    assert_eq!(settled, [bus::driver::Settled::Applied; 2]);
    limit("0").await;
    driver.push(vec![full], at(0)).await.unwrap();
    assert_eq!(claim(&driver, worker, 9, at(5)).await.len(), 4);
}
