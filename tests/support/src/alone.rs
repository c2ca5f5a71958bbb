//! A test in a process of its own: for what a process has only once.
use std::env;
use std::process::Command;

const VARIABLE: &str = "BUS_TEST_ALONE";

/// Runs `body` in a new process, which is this test program with only the test `name`; the
/// caller is that test: `alone(concat!(module_path!(), "::name"), …)` up to the crate's name.
///
/// # Panics
/// If the body does, with all that the process printed.
#[track_caller]
pub fn alone(name: &str, body: impl FnOnce()) {
    alone_with(name, |_| {}, body);
}

/// The same, with the environment and folder that `prepare` gives the process.
///
/// # Panics
/// If the body does, with all that the process printed.
#[track_caller]
pub fn alone_with(name: &str, prepare: impl FnOnce(&mut Command), body: impl FnOnce()) {
    // The names of the harness do not begin with the crate.
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    if env::var(VARIABLE).is_ok_and(|alone| alone == name) {
        return body();
    }
    let program = env::current_exe().expect("a test program has a path");
    let mut command = Command::new(program);
    command.args(["--exact", name, "--nocapture"]);
    command.env(VARIABLE, name);
    prepare(&mut command);
    let output = command.output().expect("a test program can start itself");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "`{name}` fails alone:\n{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
