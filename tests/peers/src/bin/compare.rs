//! Runs this project's benchmark and those of the peers in turn, and prints how they stand to each
//! other: `compare BENCH URL [--rounds N] [--jobs N] [--seconds N]`. See `tests/peers/run`.
use peers::{Error, Report};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const US: &str = "bus";

/// The line that each program prints.
#[derive(Debug, Deserialize)]
struct Line {
    figures: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    name: String,
    unit: String,
    median: f64,
}

/// What is compared: ours, theirs, and whether more is better.
const PAIRS: [(&str, &str, bool); 6] = [
    ("single, 1 in flight", "single, 1 in flight", true),
    ("single, 10 in flight", "single, 10 in flight", true),
    ("drain", "drain, tuned", true),
    ("drain", "drain, default", true),
    (
        "start idle, same process, p50",
        "start idle, same process, p50",
        false,
    ),
    (
        "start idle, same process, p99",
        "start idle, same process, p99",
        false,
    ),
];

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let usage = "compare BENCH URL [--rounds N] [--jobs N] [--seconds N]";
    let (Some(bench), Some(url)) = (arguments.next(), arguments.next()) else {
        return Err(usage.into());
    };
    let (mut rounds, mut passed) = (3, Vec::new());
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(usage)?;
        match option.as_str() {
            "--rounds" => rounds = value.parse()?,
            "--jobs" | "--seconds" => passed.extend([option, value]),
            _ => return Err(usage.into()),
        }
    }
    let peers = peers_of(&url)?;
    let mut report = Report::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        let mut ours = Command::new(&bench);
        ours.arg(&url)
            .args(&passed)
            .args(["--rounds", "1", "--json"]);
        ours.args(["--only", "single,drain,latency", "--load", "0"]);
        measure(&mut ours, US, &mut report)?;
        for peer in peers {
            let mut theirs = Command::new(beside(peer)?);
            theirs.arg(&url).args(&passed);
            // One that fails is left out of this round, and said to.
            if let Err(error) = measure(&mut theirs, peer, &mut report) {
                eprintln!("{peer} failed: {error}");
            }
        }
    }
    for peer in peers {
        for (ours, theirs, more) in PAIRS {
            let (ours, theirs_named) = (format!("{US}: {ours}"), format!("{peer}: {theirs}"));
            let (one, two, sign) = if more {
                (&ours, &theirs_named, "times")
            } else {
                (&ours, &theirs_named, "of the wait,")
            };
            report.ratio(&format!("{US} {sign} {peer}: {theirs}"), one, two);
        }
    }
    println!("\n{rounds} rounds in turn, median [least–greatest]\n");
    println!("{}", report.table());
    Ok(())
}

fn peers_of(url: &str) -> Result<&'static [&'static str], Error> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres") => Ok(&["graphile_worker", "apalis_postgres"]),
        Some("redis") => Ok(&["rusty_sidekiq", "apalis_redis"]),
        Some("sqlite") => Ok(&["apalis_sqlite"]),
        _ => Err(format!("there are no peers for {url}").into()),
    }
}

/// A program that was built together with this one.
fn beside(name: &str) -> Result<PathBuf, Error> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn measure(command: &mut Command, name: &str, report: &mut Report) -> Result<(), Error> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status).into());
    }
    let line: Line = serde_json::from_slice(&output.stdout)?;
    for figure in line.figures {
        let unit = match figure.unit.as_str() {
            "ms" => "ms",
            "cores" => "cores",
            _ => "jobs/s",
        };
        report.add(format!("{name}: {}", figure.name), unit, figure.median);
    }
    Ok(())
}
