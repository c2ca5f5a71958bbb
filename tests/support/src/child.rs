//! A process of a test's own: this test program again, running one test as its body. The two talk
//! in lines.
use super::probe::Probe;
use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Marks the lines of a child; the harness prints others.
const MARK: &str = "@ ";

/// How long a child that was asked to end may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A process that runs one test of this program, and does not outlive this value.
#[derive(Debug)]
pub struct Child {
    process: process::Child,
    said: Probe<String>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Child {
    /// Starts this program with only the test `body` and these variables.
    pub fn start<'e>(body: &str, variables: impl IntoIterator<Item = (&'e str, String)>) -> Self {
        Self::under(Vec::<&OsStr>::new(), body, variables)
    }

    /// The same, by a program that runs what follows its arguments.
    ///
    /// # Panics
    /// If the process cannot be started.
    pub fn under<'e, A: AsRef<OsStr>>(
        program: impl IntoIterator<Item = A>,
        body: &str,
        variables: impl IntoIterator<Item = (&'e str, String)>,
    ) -> Self {
        // The names of the harness do not begin with the crate.
        let name = body.split_once("::").map_or(body, |(_, name)| name);
        let own = env::current_exe().expect("a test program has a path");
        let mut words = program.into_iter();
        let mut command = match words.next() {
            None => Command::new(own),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(own);
                command
            }
        };
        command.args(["--exact", name, "--nocapture"]);
        command.envs(variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let said = Probe::new();
        let (teller, out) = (said.clone(), process.stdout.take().expect("it is piped"));
        let reader = thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut line = String::new();
            // A line without an end was cut by the end of the process.
            while out.read_line(&mut line).is_ok() && line.ends_with('\n') {
                if let Some(said) = line.trim_end().strip_prefix(MARK) {
                    teller.tell(said.to_owned());
                }
                line.clear();
            }
        });
        Self {
            process,
            said,
            reader: Some(reader),
        }
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has said so far, and will.
    pub fn said(&self) -> &Probe<String> {
        &self.said
    }

    /// Tells it a line; one that has ended does not hear it.
    pub fn tell(&mut self, line: &str) {
        let ears = self.process.stdin.as_mut().expect("it is piped");
        let _ = writeln!(ears, "{line}");
    }

    /// Stops it where it is: SIGSTOP.
    pub fn stop(&self) {
        signal("STOP", self.id());
    }

    /// Lets it go on: SIGCONT.
    pub fn go_on(&self) {
        signal("CONT", self.id());
    }

    /// Ends it at once: SIGKILL. What it said before is heard.
    pub fn kill(mut self) -> Vec<String> {
        self.end();
        self.said.heard()
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("it is our child")
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.has_ended() {
                self.end();
                return (status, self.said.heard());
            }
            assert!(Instant::now() < deadline, "a child does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends a signal to a process.
///
/// # Panics
/// If there is no such process.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{name} {process}")])
        .status()
        .expect("there is a shell");
    assert!(sent.success(), "SIG{name} does not reach {process}");
}

/// In a child: says a line to its parent.
pub fn say(line: &str) {
    static BEGUN: OnceLock<()> = OnceLock::new();
    let mut out = std::io::stdout().lock();
    // The harness may have begun a line.
    BEGUN.get_or_init(|| {
        let _ = out.write_all(b"\n");
    });
    // One write: a process that is killed has said all of it or nothing. An error means that
    // nobody listens any more.
    let _ = out.write_all(format!("{MARK}{line}\n").as_bytes());
    let _ = out.flush();
}

/// In a child: what its parent tells it. When the parent is gone, so is the child.
pub fn told() -> UnboundedReceiver<String> {
    let (sender, lines) = unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
        process::exit(1);
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLE: &str = "BUS_TEST_ECHO";

    #[test]
    fn echo() {
        let Ok(word) = env::var(VARIABLE) else {
            return;
        };
        say(&word);
        let mut lines = told();
        while let Some(line) = lines.blocking_recv() {
            say(&line);
        }
    }

    fn child() -> Child {
        let name = concat!(module_path!(), "::echo");
        Child::start(name, [(VARIABLE, "hello".to_owned())])
    }

    #[tokio::test]
    async fn a_child_hears_and_is_heard() {
        let mut child = child();
        assert_eq!(child.said().count(1).await, ["hello"]);
        child.tell("ho");
        child.said().count(2).await;
        child.stop();
        child.tell("ha");
        child.go_on();
        child.said().count(3).await;
        assert_eq!(child.kill(), ["hello", "ho", "ha"]);
    }

    #[tokio::test]
    async fn a_child_without_a_parent_ends() {
        let mut child = child();
        child.said().count(1).await;
        drop(child.process.stdin.take());
        assert_eq!(child.ended().0.code(), Some(1));
    }
}
