//! Builds every case of `pass/` and `fail/`, and looks at what the failing ones say.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One by one, since each is run.
#[test]
fn pass() {
    trybuild::TestCases::new().pass("pass/*/*.rs");
}

/// All of them in one build, which is much faster: hence apart from those that pass.
#[test]
fn fail() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}

/// A case that is no mistake of one place says how many errors it gives, and why:
/// `// errors: 2, because …` is its first line.
#[test]
fn one_mistake_gives_one_error() {
    let mut wrong = Vec::new();
    for case in failing() {
        let source = read(&case);
        let first = source.lines().next().unwrap_or_default();
        let expected = match first.strip_prefix("// errors: ") {
            None => 1,
            Some(rest) => {
                let (count, why) = rest.split_once(", because ").expect("says why");
                assert!(!why.is_empty(), "{}", case.display());
                count.parse().expect("is a number")
            }
        };
        let told = read(&case.with_extension("stderr"));
        let errors = told
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        if errors != expected {
            wrong.push(format!(
                "{}: {errors} errors, not {expected}",
                case.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Those that a linker tells, or a second crate, are in `link.rs`; nothing can show a defect of
/// the macros; and conflicting implementations have the compiler's words, without a number.
#[test]
fn every_number_has_a_case() {
    const ELSEWHERE: [&str; 5] = ["BUS002", "BUS008", "BUS027", "BUS041", "BUS099"];
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md"));
    let listed: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split_once(':'))
        .map(|(number, _)| number)
        .filter(|number| number.starts_with("BUS"))
        .collect();
    let texts: Vec<String> = failing()
        .iter()
        .map(|case| read(&case.with_extension("stderr")))
        .collect();
    let shown = |number: &str| {
        texts
            .iter()
            .any(|text| text.contains(&format!("[{number}]")))
    };
    let missing: Vec<&str> = listed
        .into_iter()
        .filter(|number| !ELSEWHERE.contains(number) && !shown(number))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_mistake_put_right_is_built() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = read(&root.join("pass/fixed/all.rs"));
    for path in children(&root.join("fixed")) {
        let name = path.file_name().expect("is a file").to_string_lossy();
        assert!(
            all.contains(&format!("fixed/{name}\"]")),
            "{name} is not in pass/fixed/all.rs"
        );
    }
}

fn failing() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let mut cases: Vec<PathBuf> = children(&root)
        .iter()
        .flat_map(|folder| children(folder))
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("is a folder");
    entries
        .map(|entry| entry.expect("can be listed").path())
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
