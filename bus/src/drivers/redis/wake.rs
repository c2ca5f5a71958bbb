//! News from other processes: wake-ups, and jobs that ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::{Notify, mpsc};

use super::connection::Opener;
use super::driver::Core;
use super::row;
use super::tick::queue_name;

/// How often the line is tried, so that one that died in silence is noticed, and how often it is
/// said again that somebody watches.
const BEAT: Duration = Duration::from_secs(15);
/// How long others tell of ended jobs after that was last asked for: some beats.
const WATCHED_SECONDS: u64 = 60;
/// The pause after a lost connection: short first, for a restart; then bearable for a server that
/// stays away.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Whether the task that listens runs, and how to stir it.
#[derive(Debug, Default)]
pub(super) struct News {
    running: AtomicBool,
    watched: AtomicBool,
    stir: Notify,
}

impl News {
    /// Listens from now on, if not already; outside a runtime nothing happens and polling has to do.
    pub(super) fn listen(core: &Arc<Core>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !core.is_open() || core.news.running.swap(true, Ordering::AcqRel) {
            return;
        }
        let running = Running(Arc::downgrade(core));
        runtime.spawn(listen(running, core.opener.clone()));
    }

    /// Somebody watches a job: others are asked to tell of ends.
    pub(super) fn watch(core: &Arc<Core>) {
        Self::listen(core);
        core.news.watched.store(true, Ordering::Release);
        core.news.stir.notify_one();
    }

    /// The driver is closed.
    pub(super) fn stop(&self) {
        self.stir.notify_one();
    }
}

/// If the task ends, also with its runtime, the next listener starts another.
struct Running(Weak<Core>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(core) = self.0.upgrade() {
            core.news.running.store(false, Ordering::Release);
        }
    }
}

impl Running {
    /// The driver, if it is still wanted.
    fn core(&self) -> Option<Arc<Core>> {
        self.0.upgrade().filter(|core| core.is_open())
    }
}

async fn listen(running: Running, opener: Opener) {
    let mut pause = FIRST_PAUSE;
    while running.core().is_some() {
        let (sender, mut news) = mpsc::unbounded_channel();
        let forward = move |info| sender.send(info).map_err(|_| redis::aio::SendError);
        if let Ok(mut line) = opener.open(forward).await {
            pause = FIRST_PAUSE;
            if let Err(error) = hear(&running, &mut line, &mut news).await {
                tracing::debug!(%error, "redis: wake-ups are interrupted");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Hears news until the line is lost or the driver is gone.
async fn hear(
    running: &Running,
    line: &mut MultiplexedConnection,
    news: &mut mpsc::UnboundedReceiver<PushInfo>,
) -> Result<(), RedisError> {
    let Some(core) = running.core() else {
        return Ok(());
    };
    let channels = [core.key("wake"), core.key("ends")];
    line.subscribe(&channels[0][..]).await?;
    line.subscribe(&channels[1][..]).await?;
    core.news
        .watched
        .store(!core.ends.is_idle(), Ordering::Release);
    ask_for_ends(&core, line).await?;
    // What was said while nobody listened is lost.
    core.wakes.wake_all();
    core.ends.look_all();
    drop(core);
    let mut beat = tokio::time::interval(BEAT);
    loop {
        let Some(core) = running.core() else {
            return Ok(());
        };
        let stirred = core.news.stir.notified();
        tokio::select! {
            info = news.recv() => match info {
                Some(info) if info.kind == PushKind::Disconnection => return Ok(()),
                Some(info) => tell(&core, &channels, &info),
                None => return Ok(()),
            },
            () = stirred => {
                if ask_for_ends(&core, line).await? {
                    core.ends.look_all();
                }
            }
            _ = beat.tick() => {
                line.req_packed_command(&redis::cmd("PING")).await?;
                core.news.watched.store(!core.ends.is_idle(), Ordering::Release);
                ask_for_ends(&core, line).await?;
            }
        }
    }
}

/// Says that somebody watches, if so. From then on settles tell of ends.
async fn ask_for_ends(core: &Core, line: &mut MultiplexedConnection) -> Result<bool, RedisError> {
    if !core.news.watched.swap(false, Ordering::AcqRel) {
        return Ok(false);
    }
    let mut command = redis::cmd("SET");
    command
        .arg(core.key("watch"))
        .arg(1)
        .arg("EX")
        .arg(WATCHED_SECONDS);
    line.req_packed_command(&command).await?;
    Ok(true)
}

/// Passes a message on.
fn tell(core: &Core, channels: &[Vec<u8>; 2], info: &PushInfo) {
    let [Value::BulkString(channel), Value::BulkString(message)] = &info.data[..] else {
        return;
    };
    if info.kind != PushKind::Message {
        return;
    }
    if *channel == channels[0] {
        let Some((sender, names)) = message.split_first_chunk::<16>() else {
            return;
        };
        // What this process did woke its own at once.
        if *sender != core.sender {
            let names = names.split(|byte| *byte == 0).filter_map(queue_name);
            core.wakes.wake(&names.collect::<Vec<_>>());
        }
    } else {
        for id in message.chunks_exact(16).filter_map(row::job_id) {
            core.ends.look(id);
        }
    }
}
