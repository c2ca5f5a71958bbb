//! The house stands as it is drawn: floors, clock, sizes and first lines (ARCHITECTURE.md).
mod code;
mod floors;
mod source;

use code::{Violation, common, library};
use floors::house;
use source::Source;
use std::fs;
use std::path::Path;

/// Every Rust file below `folder` of the project, its path relative to that folder.
fn read(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(open) = folders.pop() {
        let entries = fs::read_dir(&open)
            .unwrap_or_else(|error| panic!("{} can't be listed: {error}", open.display()));
        for entry in entries {
            let entry = entry.unwrap();
            let path = entry.path();
            if path.is_dir() {
                // Snapshots are output of the macros.
                let name = entry.file_name();
                if name != "target" && name != "snapshots" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&root).unwrap();
                let below = below.to_string_lossy().replace('\\', "/");
                sources.push(Source::new(&below, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        !sources.is_empty(),
        "`{folder}` has no Rust files: is the path right?"
    );
    sources
}

#[track_caller]
fn none(folder: &str, mut found: Vec<Violation>) {
    found.sort();
    let list: String = found
        .iter()
        .map(|violation| format!("\n  {folder}/{violation}"))
        .collect();
    assert!(found.is_empty(), "{} rules are broken:{list}", found.len());
}

#[test]
fn wings_import_only_wings_below_them() {
    none("bus/src", house(&read("bus/src")));
}

#[test]
fn library_code_does_not_unwrap() {
    for folder in ["bus/src", "bus-macros/src"] {
        none(folder, read(folder).iter().flat_map(library).collect());
    }
}

#[test]
fn every_file_opens_with_its_purpose_and_is_short() {
    for folder in ["bus/src", "bus-macros/src", "tests"] {
        none(folder, read(folder).iter().flat_map(common).collect());
    }
}

/// What the rules say of a small house.
fn broken(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect();
    house(&sources).iter().map(ToString::to_string).collect()
}

const WINGS: [(&str, &str); 4] = [
    ("error.rs", ""),
    ("command/mod.rs", ""),
    ("dispatch/mod.rs", ""),
    ("codec/mod.rs", ""),
];

#[track_caller]
fn breaks(path: &str, text: &str, line: usize, rule: &str) {
    let found = broken(&[&WINGS[..], &[(path, text)]].concat());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with(&format!("{path}:{line}: ")),
        "{found:?}"
    );
    assert!(found[0].contains(rule), "{found:?}");
}

#[track_caller]
fn stands(path: &str, text: &str) {
    let found = broken(&[&WINGS[..], &[(path, text)]].concat());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_import_from_above_is_named_with_its_line() {
    breaks(
        "command/a.rs",
        "//! a\n\nuse crate::dispatch::Next;\n",
        3,
        "floor 2",
    );
    breaks(
        "command/a.rs",
        "fn a(b: &crate::codec::Json) {}\n",
        1,
        "floor 2",
    );
    breaks(
        "dispatch/a.rs",
        "use crate::codec::Json;\n",
        1,
        "only wings below",
    );
    breaks(
        "dispatch/a.rs",
        "use crate::{command::C, codec::{J, K}};\n",
        1,
        "`crate::codec`",
    );
    breaks(
        "error.rs2.rs",
        "use crate::command::C;\n",
        1,
        "the ground knows no wing",
    );
    stands(
        "dispatch/a.rs",
        "use crate::{command::{Codec, codec}, error::BoxError};\n",
    );
    stands(
        "command/a.rs",
        "// crate::dispatch\n/// crate::codec\nconst A: &str = \"crate::codec\";\n",
    );
}

#[test]
fn there_is_one_way_to_a_name() {
    breaks(
        "dispatch/a.rs",
        "use crate::dispatch::Call;\n",
        1,
        "super::file",
    );
    breaks("dispatch/a.rs", "use crate::Context;\n", 1, "re-export");
    breaks(
        "dispatch/a.rs",
        "use crate::prelude::Context;\n",
        1,
        "re-export",
    );
    breaks(
        "dispatch/a.rs",
        "use super::super::codec::Json;\n",
        1,
        "leaves the wing",
    );
    breaks(
        "dispatch/a.rs",
        "fn a() { bus::dispatch(B) }\n",
        1,
        "names its own crate",
    );
    stands(
        "dispatch/a/b.rs",
        "use super::super::call::Call;\nuse super::c::D;\n",
    );
    stands(
        "dispatch/a.rs",
        "mod tests {\n    use super::super::call::Call;\n}\n",
    );
}

#[test]
fn every_folder_has_a_floor_and_the_ground_has_no_circle() {
    breaks("attic/mod.rs", "//! attic\n", 1, "no floor");
    let circle = broken(&[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;")]);
    assert_eq!(circle.len(), 2, "{circle:?}");
    assert!(circle[0].contains("circle"), "{circle:?}");
}

#[test]
fn only_the_clock_reads_the_time() {
    breaks(
        "command/a.rs",
        "fn a() {\n    let b = Instant::now();\n}\n",
        2,
        "reads the time",
    );
    breaks(
        "command/a.rs",
        "static A: L = L::new(Instant::now);\n",
        1,
        "reads the time",
    );
    breaks(
        "command/a.rs",
        "fn a(b: Instant) { b.elapsed() }\n",
        1,
        "reads the time",
    );
    stands("clock.rs", "fn now() -> Instant { Instant::now() }\n");
    stands(
        "dispatch/policy/now.rs",
        "fn now() -> Instant { Instant::now() }\n",
    );
    stands(
        "command/a.rs",
        "use super::now::nanos;\nfn a(c: &Clock) { c.now(); Uuid::now_v7(); }\n",
    );
    stands(
        "command/a.rs",
        "#[cfg(test)]\nmod tests {\n    fn a() { Instant::now(); }\n}\n",
    );
}

#[test]
fn a_wing_does_not_know_its_strangers() {
    breaks("job/a.rs", "pub async fn a() {}\n", 1, "pure");
    breaks(
        "dispatch/a.rs",
        "use serde_json::Value;\n",
        1,
        "serialisation",
    );
    breaks(
        "drivers/redis/jobs.rs",
        "use super::super::sqlite::Jobs;\n",
        1,
        "another store",
    );
    stands(
        "drivers/redis/jobs.rs",
        "use super::super::shared::Jobs;\nuse super::lua;\n",
    );
}

#[test]
fn a_feature_gates_whole_items() {
    breaks(
        "drivers/mod.rs",
        "mod sqlite;\n",
        1,
        "only with the feature",
    );
    breaks(
        "drivers/mod.rs",
        "#[cfg(feature = \"redis\")]\nmod sqlite;\n",
        2,
        "only with the feature",
    );
    breaks(
        "command/a.rs",
        "fn a() {\n    #[cfg(feature = \"x\")]\n    b();\n}\n",
        2,
        "a part of a function",
    );
    stands(
        "drivers/mod.rs",
        "#[cfg(feature = \"sqlite\")]\npub(crate) mod sqlite;\n",
    );
    stands(
        "lib.rs",
        "#[cfg(feature = \"testing\")]\npub mod testing;\n",
    );
}

#[test]
fn unwrap_and_length_and_purpose_are_seen() {
    let source = Source::new("a.rs", "fn a() {\n    b().unwrap();\n}\n");
    assert_eq!(library(&source).len(), 1);
    assert_eq!(library(&source)[0].line, 2);
    assert_eq!(common(&source)[0].line, 1, "no first line of purpose");
    let test = Source::new(
        "a.rs",
        "#[cfg(test)]\nmod tests {\n    fn a() { b().unwrap() }\n}\n",
    );
    assert!(library(&test).is_empty());
    let file = Source::new("a/tests.rs", "fn a() { b().unwrap() }\n");
    assert!(library(&file).is_empty());
    let bare = Source::new("a.rs", "mod tests;\n");
    assert_eq!(library(&bare).len(), 1);
    let gated = Source::new("a.rs", "#[cfg(test)]\nmod tests;\n");
    assert!(library(&gated).is_empty());
    let long = Source::new("a.rs", &format!("//! Long.\n{}", "\n".repeat(400)));
    assert_eq!(common(&long)[0].line, 401);
}
