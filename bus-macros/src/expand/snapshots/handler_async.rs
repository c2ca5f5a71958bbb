//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
async fn place<'a>(
    order: contracts::PlaceOrder,
    db: &'a Db,
    who: Principal<User>,
) -> Result<OrderId, OrderError> {
    db.insert(order).await
}
#[allow(deprecated)]
const _: () = {
    contracts::PlaceOrder! {
        @ from "app" @ local { #[diagnostic::do_not_recommend] impl
        ::bus::__private::Handled for contracts::PlaceOrder { #[inline] fn __handle(self,
        cx : & ::bus::__private::Context) -> impl ::core::marker::Send +
        ::core::future::Future < Output = ::bus::__private::Answer < Self >> where for <
        'a > < Self as ::bus::__private::Same < 'a >> ::It : ::core::marker::Send { let
        command = self; { #[allow(unused_imports)] use ::bus::__private::NotInjectable as
        _; ::bus::__private::InjectedCall:: < contracts::PlaceOrder, (Principal < User >,
        (& '_ Db, ())) > ::call((move || -> ::core::result::Result < _,
        ::bus::__private::Error << contracts::PlaceOrder as ::bus::__private::Command >
        ::Error >> { ::core::result::Result::Ok(place(command, ::bus::__private::inject::
        < contracts::PlaceOrder, _ > (< & '_ Db as ::bus::__private::FromContext < '_ >>
        ::from_context(cx)) ?, ::bus::__private::inject:: < contracts::PlaceOrder, _ > (<
        Principal < User > as ::bus::__private::FromContext < '_ >> ::from_context(cx))
        ?)) }) (), | value | < Result < OrderId, OrderError > as
        ::bus::__private::IntoAnswer < contracts::PlaceOrder >> ::into_answer(value),) }
        } } } @ remote { #[doc(hidden)] #[allow(unreachable_pub,
        missing_debug_implementations)] pub enum __BusHere {}
        #[diagnostic::do_not_recommend] impl ::bus::__private::HandledBy < __BusHere >
        for contracts::PlaceOrder {} #[unsafe (export_name = contracts::PlaceOrder!(@
        symbol))] fn __bus_entry(command : contracts::PlaceOrder, cx : &
        ::bus::__private::Context) -> ::bus::__private::Started < '_,
        contracts::PlaceOrder > where for < 'a > < contracts::PlaceOrder as
        ::bus::__private::Same < 'a >> ::It : ::core::marker::Send {
        ::bus::__private::Started::Later(::std::boxed::Box::pin({
        #[allow(unused_imports)] use ::bus::__private::NotInjectable as _;
        ::bus::__private::InjectedCall:: < contracts::PlaceOrder, (Principal < User >, (&
        '_ Db, ())) > ::call((move || -> ::core::result::Result < _,
        ::bus::__private::Error << contracts::PlaceOrder as ::bus::__private::Command >
        ::Error >> { ::core::result::Result::Ok(place(command, ::bus::__private::inject::
        < contracts::PlaceOrder, _ > (< & '_ Db as ::bus::__private::FromContext < '_ >>
        ::from_context(cx)) ?, ::bus::__private::inject:: < contracts::PlaceOrder, _ > (<
        Principal < User > as ::bus::__private::FromContext < '_ >> ::from_context(cx))
        ?)) }) (), | value | < Result < OrderId, OrderError > as
        ::bus::__private::IntoAnswer < contracts::PlaceOrder >> ::into_answer(value),)
        })) } } @ job { ::bus::__private::inventory::submit! {
        ::bus::__private::Runnable::new:: < contracts::PlaceOrder > () } }
    }
    ::bus::__private::inventory::submit! {
        ::bus::__private::Registration::new:: < contracts::PlaceOrder >
        (::core::concat!(::core::module_path!(), "::place"), ::core::file!(), 0u32, & [<
        & '_ Db as ::bus::__private::FromContext < '_ >> ::need, < Principal < User > as
        ::bus::__private::FromContext < '_ >> ::need],)
    }
};
