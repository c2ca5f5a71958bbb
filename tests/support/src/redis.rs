//! A key prefix of its own in Redis for a test.
use super::name::unique;
use super::server::{answers, outside};
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, IntoConnectionInfo};

const VARIABLE: &str = "BUS_TEST_REDIS_URL";
const DEFAULT: &str = "redis://127.0.0.1:6379";

/// The server for tests: `BUS_TEST_REDIS_URL`, else the one on the default port.
///
/// # Panics
/// If no server answers there; the text says what to do.
#[track_caller]
pub fn redis_url() -> String {
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
    let info = url
        .as_str()
        .into_connection_info()
        .unwrap_or_else(|error| panic!("{VARIABLE} is no Redis URL: {error}"));
    if let ConnectionAddr::Tcp(host, port) = info.addr()
        && !answers(host, *port)
    {
        panic!(
            "this test needs Redis and nothing answers at {host}:{port}: run `tests/run`, \
             which starts one, or set {VARIABLE}"
        );
    }
    url
}

/// A prefix that no other test uses; every key that has it is removed with this value.
#[derive(Debug)]
pub struct Redis {
    url: String,
    prefix: String,
}

impl Redis {
    /// Chooses the prefix.
    ///
    /// # Panics
    /// If there is no server; the text says what to do.
    #[expect(clippy::new_without_default, reason = "it talks to a server")]
    pub fn new() -> Self {
        Self {
            url: redis_url(),
            prefix: unique(),
        }
    }

    /// The URL of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The prefix; keys have it at their beginning or inside a hash tag.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A connection to look at what is stored.
    ///
    /// # Panics
    /// If the server refuses it.
    pub async fn connection(&self) -> MultiplexedConnection {
        let client = Client::open(self.url()).expect("parsed before");
        let connection = client.get_multiplexed_async_connection().await;
        connection.unwrap_or_else(|error| panic!("Redis refuses a connection: {error}"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let (url, prefix) = (self.url.clone(), self.prefix.clone());
        outside(async move {
            let mut connection = Client::open(url)?
                .get_multiplexed_async_connection()
                .await?;
            let mut cursor = 0_u64;
            loop {
                let (next, keys): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
                    .arg(cursor)
                    .arg("MATCH")
                    .arg(format!("*{prefix}*"))
                    .arg("COUNT")
                    .arg(1000)
                    .query_async(&mut connection)
                    .await?;
                if !keys.is_empty() {
                    let mut unlink = redis::cmd("UNLINK");
                    let () = unlink.arg(keys).query_async(&mut connection).await?;
                }
                cursor = next;
                if cursor == 0 {
                    return Ok::<(), redis::RedisError>(());
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_are_gone_afterwards() {
        let redis = Redis::new();
        let mut connection = redis.connection().await;
        let key = format!("{{{}}}:a", redis.prefix());
        let set = || redis::cmd("SET").arg(&key).arg(1).to_owned();
        let () = set().query_async(&mut connection).await.unwrap();
        drop(redis);
        let left: i64 = redis::cmd("EXISTS")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
