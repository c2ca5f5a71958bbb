//! The rules of code that are not about floors: purpose, length, time, panics, features.
use super::source::Source;
use std::fmt;

/// Folders that exist only with a feature: the `mod` line that opens them is under its `cfg`.
const GATED: &[(&str, &str)] = &[
    ("drivers/sqlite", "sqlite"),
    ("drivers/postgres", "postgres"),
    ("drivers/redis", "redis"),
    ("testing", "testing"),
    ("cli", "cli"),
    ("dashboard", "dashboard"),
];

/// What a wing never knows, beside the wings above it.
const STRANGERS: &[(&str, &[&str], &str)] = &[
    (
        "dispatch",
        &["serde", "serde_json"],
        "the in-process bus knows no serialisation",
    ),
    (
        "job",
        &["tokio", "async", "await"],
        "`job/` is pure: no async, no IO",
    ),
];

/// The two files that read the time.
const CLOCKS: &[&str] = &["clock.rs", "dispatch/policy/now.rs"];

/// No file is longer.
const LINES: usize = 400;

/// One broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// Gathers what is broken in one file.
pub(super) struct Report<'s> {
    pub(super) source: &'s Source,
    pub(super) found: Vec<Violation>,
}

impl<'s> Report<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self {
            source,
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, line: usize, rule: impl Into<String>) {
        self.found.push(Violation {
            file: self.source.path.clone(),
            line,
            rule: rule.into(),
        });
    }
}

/// The rules of every file of the project.
pub(super) fn common(source: &Source) -> Vec<Violation> {
    let mut report = Report::new(source);
    if !source.text.starts_with("//! ") {
        report.add(
            1,
            "the first line is no `//! …` that says the file's purpose",
        );
    }
    let lines = source.text.lines().count();
    if lines > LINES {
        report.add(
            lines,
            format!("the file has {lines} lines, more than {LINES}"),
        );
    }
    report.found
}

/// The rules of library code: no `unwrap` outside tests.
pub(super) fn library(source: &Source) -> Vec<Violation> {
    let mut report = Report::new(source);
    for at in source.find(".unwrap()") {
        let line = source.line_of(at);
        // `Span::unwrap` of proc-macro2 is a conversion.
        let before = source.code[..at].trim_end_matches("()");
        if !source.at(line).test && !before.ends_with("span") {
            report.add(
                line,
                "`unwrap()` outside tests: handle it, or `expect` the invariant",
            );
        }
    }
    for at in source.find("mod tests;") {
        let line = source.line_of(at);
        if !source.at(line).test {
            report.add(
                line,
                "the tests in `tests.rs` are library code: `#[cfg(test)]` is missing",
            );
        }
    }
    report.found
}

/// Time is read in one place.
pub(super) fn times(report: &mut Report<'_>) {
    let source = report.source;
    if CLOCKS.contains(&source.path.as_str()) {
        return;
    }
    for at in source.find("::now") {
        let after = &source.code[at + "::now".len()..];
        let line = source.line_of(at);
        if !after.starts_with("::") && !source.at(line).test {
            report.add(line, "reads the time: only `crate::clock` does");
        }
    }
    for at in source.find(".elapsed()") {
        let line = source.line_of(at);
        if !source.at(line).test {
            report.add(line, "`elapsed()` reads the time: only `crate::clock` does");
        }
    }
}

/// What a wing must not know beside other wings.
pub(super) fn strangers(report: &mut Report<'_>) {
    let source = report.source;
    for (wing, words, why) in STRANGERS {
        if source.wing() != Some(wing) {
            continue;
        }
        for word in *words {
            for at in source.find(word) {
                let line = source.line_of(at);
                if !source.at(line).test {
                    report.add(line, format!("`{word}`: {why}"));
                }
            }
        }
    }
}

/// A feature gates files, folders and whole items, and the gated folders are gated.
pub(super) fn gates(report: &mut Report<'_>) {
    let source = report.source;
    for (at, _) in source.code.match_indices("#[cfg(feature") {
        let line = source.line_of(at);
        if source.at(line).function && !source.at(line).test {
            report.add(
                line,
                "a feature gates a part of a function: gate an item or a file",
            );
        }
    }
    let folder = source.path.strip_suffix("mod.rs").or_else(|| {
        let root = source.path == "lib.rs";
        root.then_some("")
    });
    let Some(folder) = folder else { return };
    for (gated, feature) in GATED {
        let Some(name) = gated
            .strip_prefix(folder)
            .filter(|name| !name.contains('/'))
        else {
            continue;
        };
        for at in source.find(&format!("mod {name};")) {
            let line = source.line_of(at);
            let above = source.text.lines().take(line - 1).collect::<Vec<_>>();
            let attributes = above.iter().rev().take_while(|text| {
                let text = text.trim_start();
                text.starts_with("#[") || text.starts_with("///")
            });
            let gate = format!("feature = \"{feature}\"");
            if !attributes.into_iter().any(|text| text.contains(&gate)) {
                report.add(
                    line,
                    format!("`{gated}/` exists only with the feature `{feature}`"),
                );
            }
        }
    }
}
