//! Runs every case of `pass/` and `fail/`.

#[test]
fn pass() {
    trybuild::TestCases::new().pass("pass/*/*.rs");
}
