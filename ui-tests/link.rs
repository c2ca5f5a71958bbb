//! What only real builds show: `fixtures/` is a workspace of its own, built as a user would.
//!
//! Asserted are the lines that matter, whichever linker is the default.
use std::path::Path;
use std::process::Command;
use std::sync::Once;

/// The linker's message is the name of the symbol.
const SYMBOL: &str = "bus_error__no_handler_is_linked_for_command__";
/// The words of lld, gold and mold, and those of bfd.
const UNDEFINED: [&str; 2] = ["undefined symbol", "undefined reference"];
/// The same for two definitions; bfd's own words stand behind the name.
const DUPLICATE: [&str; 2] = ["duplicate symbol", "multiple definition"];

/// What cargo did.
struct Built {
    ok: bool,
    told: String,
    printed: String,
}

impl Built {
    /// The errors of the compiler: not "could not compile", nor the linker's.
    fn errors(&self) -> Vec<&str> {
        let own = |line: &&str| line.starts_with("error") && !line.contains("could not compile");
        self.told.lines().filter(own).collect()
    }

    /// Whether one line has the symbol of this command and one of these words.
    fn has_symbol(&self, words: [&str; 2], command: &str) -> bool {
        let name = format!("{SYMBOL}{command}__");
        self.told
            .lines()
            .any(|line| line.contains(&name) && words.iter().any(|word| line.contains(word)))
    }

    fn must_run(&self, printed: &str) {
        assert!(self.ok, "{}", self.told);
        assert_eq!(self.printed.trim(), printed);
    }
}

/// `cargo …` in the fixtures. Cargo itself takes care that the tests do it one by one.
fn cargo(arguments: &str) -> Built {
    static LOCK: Once = Once::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = here.join("fixtures");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("is a folder of the target");
    // The versions that are on this machine already: the builds are offline.
    LOCK.call_once(|| {
        std::fs::copy(here.join("../Cargo.lock"), fixtures.join("Cargo.lock"))
            .expect("Cargo.lock can be copied");
    });
    let output = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .args(["--offline", "--color=never"])
        // The one of this test: what it was built of is built already.
        .arg("--target-dir")
        .arg(target)
        .current_dir(fixtures)
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo can be started");
    Built {
        ok: output.status.success(),
        told: String::from_utf8_lossy(&output.stderr).into_owned(),
        printed: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

/// Both ways to link one binary, since optimisation changes what a linker sees.
fn both(arguments: &str, look: impl Fn(Built)) {
    look(cargo(arguments));
    look(cargo(&format!("{arguments} --release")));
}

#[test]
fn a_crate_that_nobody_names_is_not_linked_and_the_symbol_says_so() {
    both("build -p fixture_web --bin not_linked", |built| {
        assert!(!built.ok);
        let named = built.has_symbol(UNDEFINED, "fixture_contracts__PlaceOrder");
        assert!(named, "{}", built.told);
        // Nobody dispatches the other command.
        assert!(!built.told.contains("__Charge__"), "{}", built.told);
    });
}

#[test]
fn a_crate_that_is_named_is_linked() {
    both("run -p fixture_web --bin linked", |built| {
        built.must_run("placed 7")
    });
    both("run -p fixture_web --bin wired", |built| {
        built.must_run("placed 7")
    });
}

#[test]
fn the_test_that_wire_adds_passes() {
    let built = cargo("test -p fixture_web --bin wired");
    assert!(built.ok, "{}", built.told);
    let line = "test every_command_is_handled ... ok";
    assert!(built.printed.contains(line), "{}", built.printed);
}

#[test]
fn two_crates_with_one_command_are_a_duplicate_symbol() {
    both("build -p fixture_web --bin linked_twice", |built| {
        assert!(!built.ok);
        let named = built.has_symbol(DUPLICATE, "fixture_contracts__PlaceOrder");
        assert!(named, "{}", built.told);
    });
}

#[test]
fn two_handlers_in_one_crate_are_one_symbol_twice() {
    both("build -p fixture_web --bin handled_twice", |built| {
        assert!(!built.ok);
        let errors = built.errors();
        assert_eq!(errors.len(), 1, "{}", built.told);
        assert!(errors[0].contains(&format!("`{SYMBOL}handled_twice__Twice__")));
        assert!(errors[0].ends_with("is already defined"));
    });
}

#[test]
fn no_handler_is_one_error_at_the_name_though_nobody_dispatches() {
    let built = cargo("check -p fixture_web --bin no_handler");
    assert!(!built.ok);
    let told = "error[E0277]: no `#[handler]` for command `CancelOrder` [BUS001]";
    assert_eq!(built.errors(), [told], "{}", built.told);
    // `struct CancelOrder`: the line and the column of the name.
    let place = "--> web/src/bin/no_handler.rs:6:8";
    let first = built.told.lines().find(|line| line.contains("-->"));
    assert_eq!(first.map(str::trim), Some(place), "{}", built.told);
}

#[test]
fn a_wired_contract_without_a_handler_does_not_check() {
    let built = cargo("check -p fixture_web --bin not_wired");
    assert!(!built.ok);
    let told =
        "error[E0277]: no `#[handler]` for remote command `Charge` in the wired crates [BUS007]";
    assert_eq!(built.errors(), [told], "{}", built.told);
    assert!(
        built.told.contains("--> web/src/bin/not_wired.rs:2:"),
        "{}",
        built.told
    );
}

#[test]
fn a_wired_contract_with_two_handlers_does_not_check() {
    let built = cargo("check -p fixture_web --bin wired_twice");
    assert!(!built.ok);
    let errors = built.errors();
    assert_eq!(errors.len(), 1, "{}", built.told);
    assert!(errors[0].starts_with("error[E0283]"), "{}", errors[0]);
    assert!(
        built.told.contains("--> web/src/bin/wired_twice.rs:2:"),
        "{}",
        built.told
    );
}

#[test]
fn a_local_command_is_not_handled_from_another_crate() {
    let built = cargo("check -p fixture_foreign");
    assert!(!built.ok);
    let errors = built.errors();
    assert_eq!(errors.len(), 1, "{}", built.told);
    assert!(
        errors[0].contains("`Local` is a command of crate `fixture_contracts`"),
        "{}",
        errors[0]
    );
    assert!(errors[0].ends_with("[BUS027]"), "{}", errors[0]);
}

#[test]
fn the_library_can_be_renamed() {
    both("run -p fixture_renamed", |built| built.must_run("placed 9"));
}

#[test]
fn users_need_no_other_dependency() {
    both("run -p fixture_alone", |built| built.must_run("placed 8"));
}
