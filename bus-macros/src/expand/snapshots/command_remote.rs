//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
pub enum Charge {
    Card { number: String },
    Cash(u8),
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Command for Charge {
    type Output = ();
    type Error = ::bus::__private::BoxError;
    const DESCRIPTOR: &'static ::bus::__private::Descriptor = &::bus::__private::Descriptor::new(
            ::core::concat!(::core::module_path!(), "::", "Charge"),
            1u16,
            ::core::file!(),
            0u32,
        )
        .remote()
        .policies(&[("sanitize", "number")]);
    const __CLONE: ::core::option::Option<fn(&Self) -> Self> = {
        #[allow(unused_imports)]
        use ::bus::__private::NotClone as _;
        ::bus::__private::CloneProbe::<Self>::CLONE
    };
    #[inline]
    fn __route(
        self,
        cx: &::bus::__private::Context,
    ) -> impl ::core::marker::Send + ::core::future::Future<
        Output = ::bus::__private::Answer<Self>,
    >
    where
        for<'a> <Self as ::bus::__private::Same<'a>>::It: ::core::marker::Send,
    {
        unsafe extern "Rust" {
            #[link_name = "bus_error__no_handler_is_linked_for_command__app__Charge__570d0fad"]
            fn __bus_entry(
                command: Charge,
                cx: &::bus::__private::Context,
            ) -> ::bus::__private::Started<'_, Charge>;
        }
        async move { ::bus::__private::finish(unsafe { __bus_entry(self, cx) }).await }
    }
    #[inline]
    fn __run(
        self,
        cx: &::bus::__private::Context,
    ) -> impl ::core::marker::Send + ::core::future::Future<
        Output = ::bus::__private::DeclaredAnswer<Self>,
    > {
        #[allow(unused_imports)]
        use ::bus::__private::NotSend as _;
        ::bus::__private::SendProbe::<
            Self,
        >::future(async move {
            let mut command = self;
            ::bus::__private::Sanitize::sanitize(&mut command);
            ::bus::__private::routed::<Self>(command, cx).await
        })
    }
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Dispatch for Charge {
    type Receipt = <Self as ::bus::__private::Declared>::Output;
    type Failure = <Self as ::bus::__private::Declared>::Error;
    type __Way = ::bus::__private::Here;
}
#[allow(deprecated)]
const _: () = {
    ::bus::__private::inventory::submit! {
        ::bus::__private::Declaration::new:: < Charge > ()
    }
};
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Sanitize for Charge {
    fn sanitize(&mut self) {
        match self {
            Self::Card { number: field0, .. } => {
                digits(&mut *field0);
            }
            Self::Cash { .. } => {}
        }
    }
}
#[doc(hidden)]
#[allow(non_local_definitions)]
#[macro_export]
macro_rules! __bus_app_Charge_570d0fad {
    (@ symbol) => {
        "bus_error__no_handler_is_linked_for_command__app__Charge__570d0fad"
    };
    (
        @ from $any:literal @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job {
        $($job:tt)* }
    ) => {
        $($remote)*
    };
    (@ rules { $($call:tt)* } { $($found:tt)* }) => {
        $($call)* ! { { $($found)* } {} }
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub)]
pub use __bus_app_Charge_570d0fad as Charge;
#[allow(unexpected_cfgs)]
const _: () = {
    #[cfg(rust_analyzer)]
    #[allow(unused_imports)]
    use ::bus::__private::keys::command::remote;
};
