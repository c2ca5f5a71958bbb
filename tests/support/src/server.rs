//! What the servers have in common: is one there, and cleaning up on it.
use std::error::Error;
use std::future::Future;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Whether something listens there.
pub(crate) fn answers(host: &str, port: u16) -> bool {
    let addresses = (host, port).to_socket_addrs();
    let limit = Duration::from_secs(5);
    addresses.is_ok_and(|mut all| all.any(|at| TcpStream::connect_timeout(&at, limit).is_ok()))
}

/// Waits for `work` on a runtime of its own: `drop` is not `async`, and the test's runtime
/// may be paused, busy or gone. What fails here is left to the sweep of a later run.
pub(crate) fn outside<E: Error>(work: impl Future<Output = Result<(), E>> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime needs only memory and a file handle");
        if let Err(error) = runtime.block_on(work) {
            eprintln!("a test could not clean up: {error}");
        }
    });
    if thread.join().is_err() {
        eprintln!("a test's clean-up panicked");
    }
}
