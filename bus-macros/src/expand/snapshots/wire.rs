//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
#[allow(unused_imports)]
use app as _;
#[allow(unused_imports)]
use billing as _;
contracts::__bus_contract! {
    { ::bus::__private }
}
#[cfg(test)]
#[test]
fn every_command_is_handled() {
    if let ::core::result::Result::Err(unwired) = ::bus::__private::verify() {
        ::core::panic!("{unwired}");
    }
}
