//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
const _: () = {
    let _ = ::bus::__private::Declaration::new::<crate::PlaceOrder>();
    let _ = ::bus::__private::Declaration::new::<crate::billing::Charge>();
};
#[doc(hidden)]
#[macro_export]
macro_rules! __bus_contract_app {
    ({ $($bus:tt)* }) => {
        const _ : () = { $($bus)* ::handled:: < $crate::PlaceOrder, _ > (); $($bus)*
        ::handled:: < $crate::billing::Charge, _ > (); };
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub)]
pub use __bus_contract_app as __bus_contract;
