//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
async fn add(db: &Db, add: Add) -> u64 {
    1
}
#[allow(non_local_definitions, non_upper_case_globals)]
const _: () = {
    Add! {
        @ from "app" @ local { #[diagnostic::do_not_recommend] impl
        ::bus::__private::Handled for Add { async fn __handle(self, _ : &
        ::bus::__private::Context) -> ::bus::__private::Answer < Self > {
        ::core::future::pending(). await } } } @ remote {} @ job {}
    }
};
::core::compile_error! {
    "the first argument of a handler is its command, by value: put `Add` first, injected state after it [BUS025]"
}
