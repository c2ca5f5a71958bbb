//! The floors of the house: who may import whom.
use super::code::{Report, Violation, gates, strangers, times};
use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The floors of DESIGN §4. A file directly in `src` is ground, floor 0, unless it is a face.
const FLOORS: &[(&str, u8)] = &[
    ("command", 1),
    ("dispatch", 2),
    ("codec", 2),
    ("job", 3),
    ("event", 4),
    ("registry", 4),
    ("driver", 4),
    ("drivers", 5),
    ("telemetry", 5),
    ("queue", 6),
    ("flow", 7),
    ("schedule", 7),
    ("worker", 8),
    ("maintain", 8),
    ("admin", 8),
    ("facade", 8),
    ("runtime", 9),
    ("testing", 9),
    ("cli", 9),
    ("dashboard", 9),
];

/// What only re-exports: it may name every wing, and nothing inside may name it.
const FACES: &[&str] = &["lib", "prelude", "private", "__private", "keys"];

/// The rules of `bus/src`.
pub(super) fn house(sources: &[Source]) -> Vec<Violation> {
    let wings: BTreeSet<&str> = sources.iter().filter_map(Source::wing).collect();
    let ground: BTreeSet<&str> = sources.iter().filter_map(ground_name).collect();
    let mut found = Vec::new();
    let mut arrows: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let mut report = Report::new(source);
        if let Some(wing) = source.wing().filter(|wing| floor(wing).is_none()) {
            report.add(1, format!("the folder `{wing}` has no floor in the table"));
        }
        times(&mut report);
        strangers(&mut report);
        gates(&mut report);
        if !is_face(source) {
            for (line, name) in imports(source) {
                import(&mut report, &wings, &ground, line, &name);
                if let Some(from) = ground_name(source) {
                    arrows.entry(from).or_default().insert(name);
                }
            }
            escapes(&mut report);
            faces(&mut report);
        }
        found.append(&mut report.found);
    }
    found.extend(circles(&arrows));
    found
}

fn floor(wing: &str) -> Option<u8> {
    let floor = FLOORS.iter().find(|(name, _)| *name == wing);
    floor.map(|(_, floor)| *floor)
}

fn is_face(source: &Source) -> bool {
    let name = source.path.strip_suffix(".rs");
    name.is_some_and(|name| FACES.contains(&name))
}

/// The module that a file of the ground is.
fn ground_name(source: &Source) -> Option<&str> {
    let name = source.path.strip_suffix(".rs")?;
    (source.wing().is_none() && !is_face(source)).then_some(name)
}

/// The first names after `crate::`, those in braces each.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for at in source.find("crate::") {
        if source.code[..at].ends_with('$') {
            continue; // In a macro of the user's crate.
        }
        let rest = source.code[at + "crate::".len()..].trim_start();
        let line = source.line_of(at);
        match rest.strip_prefix('{') {
            Some(group) => names.extend(firsts(group).map(|name| (line, name))),
            None => names.push((line, ident(rest).to_owned())),
        }
    }
    names
}

/// The first name of each path of an open `{ … }`.
fn firsts(group: &str) -> impl Iterator<Item = String> {
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().expect("it begins with one").push(c),
            _ => {}
        }
    }
    let names = names.into_iter().map(|path| ident(path.trim()).to_owned());
    names.filter(|name| !name.is_empty())
}

fn ident(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// One arrow from a file to what it names.
fn import(
    report: &mut Report<'_>,
    wings: &BTreeSet<&str>,
    ground: &BTreeSet<&str>,
    line: usize,
    name: &str,
) {
    if ground.contains(name) {
        return;
    }
    if !wings.contains(name) {
        return report.add(
            line,
            format!("`crate::{name}` is no wing and no ground file: import from where it is defined, not through a re-export of the crate"),
        );
    }
    let (Some(own), Some(other)) = (report.source.wing(), floor(name)) else {
        if report.source.wing().is_none() {
            report.add(
                line,
                format!("a file of the ground imports `crate::{name}`: the ground knows no wing"),
            );
        }
        return;
    };
    let here = floor(own).unwrap_or_default();
    if own == name {
        report.add(
            line,
            format!("`crate::{name}` inside `{name}/`: siblings say `super::file::Name`"),
        );
    } else if other >= here {
        report.add(
            line,
            format!("`{own}/` (floor {here}) imports `crate::{name}` (floor {other}): a wing imports only wings below it"),
        );
    }
}

/// `super::super::…` that leaves the wing, and one store that names another.
fn escapes(report: &mut Report<'_>) {
    const STORES: [&str; 4] = ["memory", "sqlite", "postgres", "redis"];
    let source = report.source;
    let mut skip = 0;
    for at in source.find("super::") {
        if at < skip {
            continue;
        }
        let (mut end, mut supers) = (at, 0_usize);
        while source.code[end..].starts_with("super::") {
            (end, supers) = (end + "super::".len(), supers + 1);
        }
        skip = end;
        let line = source.line_of(at);
        let up = supers.saturating_sub(source.at(line).modules);
        if up >= source.depth() && source.wing().is_some() {
            report.add(
                line,
                "`super::` leaves the wing: another wing is `crate::wing::Name`",
            );
        }
        let own = source.path.strip_prefix("drivers/");
        let other = ident(&source.code[end..]);
        if let Some(own) = own
            && up + 1 == source.depth()
            && STORES.contains(&other)
            && own.split('/').next() != Some(other)
            && own.contains('/')
        {
            report.add(line, format!("a store names another store, `{other}`"));
        }
    }
}

/// Nothing inside goes through the faces of the crate.
fn faces(report: &mut Report<'_>) {
    let source = report.source;
    for at in source.find("bus::") {
        let line = source.line_of(at);
        // `facade::bus::…` is a file of that name; tests of macros must name the crate.
        let before = source.code[..at].trim_end();
        let rooted = before.ends_with("::") && !before.trim_end_matches("::").ends_with(' ');
        if !rooted && !before.ends_with('.') && !source.at(line).test && !is_module(source) {
            report.add(
                line,
                "library code names its own crate as `bus::`: write `crate::`",
            );
        }
    }
}

/// Whether a file beside this one is named `bus`, so that `bus::` is that.
fn is_module(source: &Source) -> bool {
    source.path.ends_with("/mod.rs") || source.path.starts_with("facade/")
}

/// Files of the ground that name each other in a circle.
fn circles(arrows: &BTreeMap<&str, BTreeSet<String>>) -> Vec<Violation> {
    let mut found = Vec::new();
    for start in arrows.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
        while let Some(file) = open.pop() {
            for next in arrows.get(file).into_iter().flatten() {
                if next == start {
                    found.push(Violation {
                        file: format!("{start}.rs"),
                        line: 1,
                        rule: format!(
                            "a circle among the files of the ground, through `{file}.rs`"
                        ),
                    });
                } else if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
    }
    found
}
