//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
fn add(add: Add) -> u64 {
    add.0 + add.1
}
#[allow(deprecated)]
const _: () = {
    Add! {
        @ from "app" @ local { #[diagnostic::do_not_recommend] impl
        ::bus::__private::Handled for Add { #[inline] async fn __handle(self, cx : &
        ::bus::__private::Context) -> ::bus::__private::Answer < Self > where for < 'a >
        < Self as ::bus::__private::Same < 'a >> ::It : ::core::marker::Send { let
        command = self; (| value | ::core::result::Result::Ok(< u64 as
        ::bus::__private::IsOutput < Add, < Add as ::bus::__private::Command > ::Output
        >> ::it(value))) (add(command,)) } } } @ remote { #[doc(hidden)]
        #[allow(unreachable_pub, missing_debug_implementations)] pub enum __BusHere {}
        #[diagnostic::do_not_recommend] impl ::bus::__private::HandledBy < __BusHere >
        for Add {} #[unsafe (export_name = Add!(@ symbol))] fn __bus_entry(command : Add,
        cx : & ::bus::__private::Context) -> ::bus::__private::Started < '_, Add > where
        for < 'a > < Add as ::bus::__private::Same < 'a >> ::It : ::core::marker::Send {
        let answer = move || -> ::bus::__private::Answer < Add > { (| value |
        ::core::result::Result::Ok(< u64 as ::bus::__private::IsOutput < Add, < Add as
        ::bus::__private::Command > ::Output >> ::it(value))) (add(command,)) };
        ::bus::__private::Started::Ready(answer()) } } @ job {
        ::bus::__private::inventory::submit! { ::bus::__private::Runnable::new:: < Add >
        () } }
    }
    ::bus::__private::inventory::submit! {
        ::bus::__private::Registration::new:: < Add >
        (::core::concat!(::core::module_path!(), "::add"), ::core::file!(), 0u32, & [],)
        .blocking()
    }
};
