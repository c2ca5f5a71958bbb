//! A server of a test's own, to be stopped hard and started again.
use super::certificate::certify;
use super::child::signal;
use super::name::unique;
use super::server::answers;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to come up, recovery included.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a server until the end of its own input, so that it does not outlive the test program,
/// however that ends. Says the server's process first.
const KEEPER: &str = r#"
signal=$1; shift
exec 2>/dev/null
"$@" </dev/null >>"$LOG" 2>&1 &
echo $!
cat >/dev/null
kill -$signal $! 2>/dev/null
wait $!
"#;

/// A server on a port and in a folder of its own; both are free again with this value.
#[derive(Debug)]
pub struct OwnServer {
    folder: PathBuf,
    port: u16,
    url: String,
    command: Vec<String>,
    /// What ends it at once, leaving everything to the recovery of the next start.
    hard: &'static str,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    process: u32,
}

impl OwnServer {
    /// A PostgreSQL that is up.
    ///
    /// # Panics
    /// If it is not installed or does not start; the text says what to do.
    pub fn postgres() -> Self {
        Self::new_postgres(false)
    }

    /// The same with a certificate for 127.0.0.1, whose root is the [`file`](Self::file)
    /// `root.pem`; `stranger.pem` is another. It also answers who does not encrypt.
    ///
    /// # Panics
    /// As [`postgres`](Self::postgres); it needs `openssl` too.
    pub fn postgres_tls() -> Self {
        Self::new_postgres(true)
    }

    fn new_postgres(tls: bool) -> Self {
        let (initdb, postgres) = (program("initdb"), program("postgres"));
        let folder = folder();
        let data = folder.join("data").display().to_string();
        // It refuses to run as root.
        let somebody = match is_root() {
            true => somebody(&folder),
            false => Vec::new(),
        };
        let words = |program: &Path, arguments: &[&str]| -> Vec<String> {
            let program = program.display().to_string();
            let arguments = arguments.iter().map(|&one| one.to_owned());
            somebody
                .iter()
                .cloned()
                .chain([program])
                .chain(arguments)
                .collect()
        };
        let make = [
            "-D",
            &data,
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        ];
        run(&words(&initdb, &make), &folder);
        let port = free_port();
        let (number, sockets) = (port.to_string(), folder.display().to_string());
        // What the system has taken survives the end of the server: only that is tested here.
        let serve = [
            "-D",
            &data,
            "-p",
            &number,
            "-k",
            &sockets,
            "-h",
            "127.0.0.1",
            "-c",
            "fsync=off",
        ];
        let mut command = words(&postgres, &serve);
        if tls {
            certify(&somebody, &folder);
            let more = "--ssl=on --ssl_cert_file=../server.pem --ssl_key_file=../server.key";
            command.extend(more.split(' ').map(str::to_owned));
        }
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Self::up(Self {
            folder,
            port,
            url,
            command,
            hard: "QUIT",
            running: None,
        })
    }

    /// A Redis that is up and loses nothing that it has confirmed.
    ///
    /// # Panics
    /// If it is not installed or does not start; the text says what to do.
    pub fn redis() -> Self {
        Self::new_redis(false)
    }

    /// The same, for who encrypts only, with the files of [`postgres_tls`](Self::postgres_tls).
    ///
    /// # Panics
    /// As [`redis`](Self::redis); it needs `openssl` too.
    pub fn redis_tls() -> Self {
        Self::new_redis(true)
    }

    fn new_redis(tls: bool) -> Self {
        let server = program("redis-server").display().to_string();
        let folder = folder();
        let port = free_port();
        let (number, place) = (port.to_string(), folder.display().to_string());
        let serve = [
            &server,
            "--port",
            &number,
            "--bind",
            "127.0.0.1",
            "--dir",
            &place,
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--daemonize",
            "no",
        ];
        let mut command = serve.map(str::to_owned).to_vec();
        if tls {
            certify(&[], &folder);
            let files = "--tls-cert-file server.pem --tls-key-file server.key";
            let more = format!("--port 0 --tls-port {port} {files} --tls-auth-clients no");
            command.extend(more.split(' ').map(str::to_owned));
        }
        let url = format!("redis{}://127.0.0.1:{port}/", if tls { "s" } else { "" });
        Self::up(Self {
            folder,
            port,
            url,
            command,
            hard: "KILL",
            running: None,
        })
    }

    fn up(mut self) -> Self {
        self.start();
        self
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of a file in its folder.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Starts it again and waits until it listens; it may still refuse while it recovers.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let log = self.folder.join("log");
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", self.hard])
            .args(&self.command)
            .env("LOG", &log)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut line = String::new();
        let out = keeper.stdout.take().expect("it is piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says the process");
        let process = line.trim().parse().expect("the id of a process");
        self.running = Some(Running { keeper, process });
        let deadline = Instant::now() + LIMIT;
        while !answers("127.0.0.1", self.port) {
            let told = || fs::read_to_string(&log).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "a server does not come up:\n{}",
                told()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it where it is; only a Redis is a single process.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self) {
        signal("STOP", self.running.as_ref().expect("it runs").process);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&self) {
        signal("CONT", self.running.as_ref().expect("it runs").process);
    }

    /// Ends it hard and waits until it is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&mut self) {
        let mut running = self.running.take().expect("it runs");
        signal(self.hard, running.process);
        running.end();
    }
}

impl Running {
    fn end(&mut self) {
        // The keeper ends with its input, once the server has ended.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.end();
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("a test could not clean up: {error}");
        }
    }
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(unique());
    fs::create_dir(&folder)
        .unwrap_or_else(|error| panic!("{} can't be made: {error}", folder.display()));
    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it is bound").port()
}

/// The path of an installed program, looked for where Debian, Homebrew and others put it too.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (parent, within) in [
        ("/usr/lib/postgresql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/usr", "bin"),
    ] {
        let mut found: Vec<PathBuf> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join(within))
            .collect();
        // The newest version first.
        found.sort();
        folders.extend(found.into_iter().rev());
    }
    let found = folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "this test starts a server of its own and `{name}` can't be found: install it \
             (apt-get install postgresql redis-server openssl)"
        )
    })
}

fn is_root() -> bool {
    let id = Command::new("id")
        .arg("-u")
        .output()
        .expect("there is `id`");
    id.stdout.trim_ascii() == b"0"
}

/// How to run a program as somebody who is not root and owns the folder.
fn somebody(folder: &Path) -> Vec<String> {
    let known = |name: &&str| {
        Command::new("id")
            .arg(name)
            .output()
            .is_ok_and(|id| id.status.success())
    };
    let name = ["postgres", "nobody"]
        .into_iter()
        .find(known)
        .expect("there is somebody else");
    run(
        &[
            "chown".to_owned(),
            name.to_owned(),
            folder.display().to_string(),
        ],
        folder,
    );
    let group = Command::new("id")
        .args(["-g", name])
        .output()
        .expect("there is `id`");
    let group = String::from_utf8_lossy(&group.stdout).trim().to_owned();
    [
        "setpriv",
        &format!("--reuid={name}"),
        &format!("--regid={group}"),
        "--clear-groups",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Runs a command to its end.
pub(crate) fn run(words: &[String], folder: &Path) {
    let log = folder.join("setup.log");
    let out = File::create(&log).expect("the folder is there");
    let errors = out.try_clone().expect("a file has several handles");
    let status = Command::new(&words[0])
        .args(&words[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(errors)
        .status()
        .unwrap_or_else(|error| panic!("{words:?} can't be run: {error}"));
    let told = || fs::read_to_string(&log).unwrap_or_default();
    assert!(status.success(), "{words:?} failed:\n{}", told());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_stops_starts_and_is_gone_afterwards() {
        for mut server in [OwnServer::postgres(), OwnServer::redis()] {
            let port = server.port;
            assert!(answers("127.0.0.1", port));
            server.stop();
            assert!(!answers("127.0.0.1", port));
            server.start();
            assert!(answers("127.0.0.1", port));
            drop(server);
            assert!(!answers("127.0.0.1", port));
        }
    }
}
