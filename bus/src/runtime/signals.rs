//! What the operating system says: end, and end at once.

use crate::worker::Signals;

/// Passes ctrl-c and SIGTERM on: the first begins the orderly end, the second ends the grace.
/// Until dropped.
pub(super) async fn obey(signals: Signals) {
    told().await;
    tracing::info!("asked to end: jobs that run are waited for; ask again to end at once");
    signals.stop.cancel();
    told().await;
    tracing::warn!("asked again: jobs that run are given back");
    signals.now.cancel();
    // Whoever asks a third time gets what the system does without us.
    std::future::pending::<()>().await;
}

#[cfg(unix)]
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told() {
    interrupted().await;
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "ctrl-c cannot be heard");
        std::future::pending::<()>().await;
    }
}
