//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
impl Shop {
    const SIZE: usize = 3;
    pub async fn place(&self, order: PlaceOrder) -> Result<Self::Id, OrderError> {
        self.insert(order).await
    }
    fn insert(&self) {}
}
#[allow(deprecated)]
const _: () = {
    PlaceOrder! {
        @ from "app" @ local { #[diagnostic::do_not_recommend] impl
        ::bus::__private::Handled for PlaceOrder { #[inline] fn __handle(self, cx : &
        ::bus::__private::Context) -> impl ::core::marker::Send + ::core::future::Future
        < Output = ::bus::__private::Answer < Self >> where for < 'a > < Self as
        ::bus::__private::Same < 'a >> ::It : ::core::marker::Send { let command = self;
        { #[allow(unused_imports)] use ::bus::__private::NotInjectable as _;
        ::bus::__private::InjectedCall:: < PlaceOrder, (& Shop, ()) > ::call((move || ->
        ::core::result::Result < _, ::bus::__private::Error << PlaceOrder as
        ::bus::__private::Command > ::Error >> { ::core::result::Result::Ok(< Shop >
        ::place(::bus::__private::inject:: < PlaceOrder, _ > (< & Shop as
        ::bus::__private::FromContext < '_ >> ::from_context(cx)) ?, command,)) }) (), |
        value | < Result < < Shop > ::Id, OrderError > as ::bus::__private::IntoAnswer <
        PlaceOrder >> ::into_answer(value),) } } } } @ remote { #[doc(hidden)]
        #[allow(unreachable_pub, missing_debug_implementations)] pub enum __BusHere {}
        #[diagnostic::do_not_recommend] impl ::bus::__private::HandledBy < __BusHere >
        for PlaceOrder {} #[unsafe (export_name = PlaceOrder!(@ symbol))] fn
        __bus_entry(command : PlaceOrder, cx : & ::bus::__private::Context) ->
        ::bus::__private::Started < '_, PlaceOrder > where for < 'a > < PlaceOrder as
        ::bus::__private::Same < 'a >> ::It : ::core::marker::Send {
        ::bus::__private::Started::Later(::std::boxed::Box::pin({
        #[allow(unused_imports)] use ::bus::__private::NotInjectable as _;
        ::bus::__private::InjectedCall:: < PlaceOrder, (& Shop, ()) > ::call((move || ->
        ::core::result::Result < _, ::bus::__private::Error << PlaceOrder as
        ::bus::__private::Command > ::Error >> { ::core::result::Result::Ok(< Shop >
        ::place(::bus::__private::inject:: < PlaceOrder, _ > (< & Shop as
        ::bus::__private::FromContext < '_ >> ::from_context(cx)) ?, command,)) }) (), |
        value | < Result < < Shop > ::Id, OrderError > as ::bus::__private::IntoAnswer <
        PlaceOrder >> ::into_answer(value),) })) } } @ job {
        ::bus::__private::inventory::submit! { ::bus::__private::Runnable::new:: <
        PlaceOrder > () } }
    }
    ::bus::__private::inventory::submit! {
        ::bus::__private::Registration::new:: < PlaceOrder >
        (::core::concat!(::core::module_path!(), "::Shop::place"), ::core::file!(), 0u32,
        & [< & Shop as ::bus::__private::FromContext < '_ >> ::need,],)
    }
};
