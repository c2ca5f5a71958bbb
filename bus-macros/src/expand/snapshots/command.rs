//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
/// Adds.
#[derive(Debug)]
pub struct Add(pub u64, u64);
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Command for Add {
    type Output = u64;
    type Error = ::bus::__private::BoxError;
    const DESCRIPTOR: &'static ::bus::__private::Descriptor = &::bus::__private::Descriptor::new(
        ::core::concat!(::core::module_path!(), "::", "Add"),
        1u16,
        ::core::file!(),
        0u32,
    );
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
        Output = ::bus::__private::DeclaredAnswer<Self>,
    > {
        ::bus::__private::route::<Self>(self, cx)
    }
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Dispatch for Add {
    type Receipt = <Self as ::bus::__private::Declared>::Output;
    type Failure = <Self as ::bus::__private::Declared>::Error;
    type __Way = ::bus::__private::Here;
}
#[allow(deprecated)]
const _: () = {
    ::bus::__private::inventory::submit! {
        ::bus::__private::Declaration::new:: < Add > ()
    }
};
#[doc(hidden)]
#[allow(non_local_definitions)]
#[macro_export]
macro_rules! __bus_app_Add_570d0fad {
    (
        @ from "app" @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job {
        $($job:tt)* }
    ) => {
        $($local)*
    };
    (
        @ from $other:literal @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job
        { $($job:tt)* }
    ) => {
        ::core::compile_error! {
        "`Add` is a command of crate `app`, so its handler must be there too; to handle it from another crate declare it `#[command(remote, …)]` [BUS027]"
        }
    };
    (@ rules { $($call:tt)* } { $($found:tt)* }) => {
        $($call)* ! { { $($found)* } {} }
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub)]
pub use __bus_app_Add_570d0fad as Add;
#[allow(unexpected_cfgs)]
const _: () = {
    #[cfg(rust_analyzer)]
    #[allow(unused_imports)]
    use ::bus::__private::keys::command::output;
};
