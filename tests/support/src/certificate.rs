//! Certificates for an encrypted server of a test's own.
use super::own_server::run;
use std::path::Path;

/// A key on a curve, which is made in no time.
const MAKE: &str =
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

/// Makes `root.pem`, with it `server.pem` and `server.key` for 127.0.0.1, and `stranger.pem`, the
/// root of somebody else. `somebody` are the words that begin a command of who owns the folder.
pub(crate) fn certify(somebody: &[String], folder: &Path) {
    for rest in [
        "-subj /CN=root -keyout root.key -out root.pem",
        "-subj /CN=stranger -keyout stranger.key -out stranger.pem",
        "-subj /CN=server -keyout server.key -out server.pem -CA root.pem -CAkey root.key \
         -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE",
    ] {
        let words = MAKE.split(' ').chain(rest.split_whitespace());
        let words = somebody.iter().cloned().chain(words.map(str::to_owned));
        run(&words.collect::<Vec<_>>(), folder);
    }
}
