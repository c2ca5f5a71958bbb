//! Certificates for an encrypted server of a test's own.
use super::own_server::{program, run};
use std::path::Path;

/// A key on a curve, which is made in no time.
const MAKE: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

/// Makes `root.pem`, with it `server.pem` and `server.key` for 127.0.0.1, and `stranger.pem`, the
/// root of somebody else. `somebody` are the words that begin a command of who owns the folder.
pub(crate) fn certify(somebody: &[String], folder: &Path) {
    let openssl = program("openssl").display().to_string();
    for rest in [
        "-subj /CN=root -keyout root.key -out root.pem",
        "-subj /CN=stranger -keyout stranger.key -out stranger.pem",
        "-subj /CN=server -keyout server.key -out server.pem -CA root.pem -CAkey root.key \
         -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE",
    ] {
        let words = MAKE.split(' ').chain(rest.split_whitespace());
        let command = somebody.iter().chain([&openssl]).cloned();
        run(
            &command.chain(words.map(str::to_owned)).collect::<Vec<_>>(),
            folder,
        );
    }
}
