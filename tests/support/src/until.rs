//! Waiting for what a test can only ask for: a state of a store, of a process, of a server.
use std::time::Duration;
use tokio::time::Instant;

/// How long a test waits for what must happen. Long, because a loaded machine is no defect; it
/// passes in full only where a test fails.
const LIMIT: Duration = Duration::from_secs(120);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks until the answer is `Ok`, and gives what is in it.
///
/// # Panics
/// If that does not happen in two minutes; the text has `what` and the last answer.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(last) if Instant::now() >= deadline => {
                panic!("{what}: not within {LIMIT:?}; {last}")
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_asks_again_and_gives_the_answer() {
        let mut asked = 0;
        let third = until("a third", async || {
            asked += 1;
            if asked == 3 {
                Ok(asked)
            } else {
                Err(format!("asked {asked}"))
            }
        });
        assert_eq!(third.await, 3);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "rain: not within 120s; dry")]
    async fn what_never_happens_fails_and_says_what_was_last() {
        until("rain", async || Err::<(), _>("dry".to_owned())).await;
    }
}
