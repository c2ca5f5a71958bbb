//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
#[derive(::bus::__private::validator::Validate)]
#[validate(crate = "::bus::__private::validator")]
struct Add<T> {
    #[validate(range(min = 1))]
    value: T,
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl<T> ::bus::__private::Command for Add<T>
where
    Self: ::core::marker::Send + 'static,
{
    type Output = ();
    type Error = ::bus::__private::BoxError;
    const DESCRIPTOR: &'static ::bus::__private::Descriptor = &::bus::__private::Descriptor::new(
            ::core::concat!(::core::module_path!(), "::", "Add"),
            1u16,
            ::core::file!(),
            0u32,
        )
        .policies(&[("validate", "all rules")]);
    const __CLONE: ::core::option::Option<fn(&Self) -> Self> = {
        #[allow(unused_imports)]
        use ::bus::__private::NotClone as _;
        ::bus::__private::CloneProbe::<Self>::CLONE
    };
    fn __route(
        self,
        _: &::bus::__private::Context,
    ) -> impl ::core::marker::Send + ::core::future::Future<
        Output = ::bus::__private::Answer<Self>,
    > {
        ::core::future::pending()
    }
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl<T> ::bus::__private::Dispatch for Add<T>
where
    Self: ::core::marker::Send + 'static,
{
    type Receipt = <Self as ::bus::__private::Declared>::Output;
    type Failure = <Self as ::bus::__private::Declared>::Error;
    type __Way = ::bus::__private::Here;
}
#[allow(unused_macros)]
macro_rules! __bus_app_Add_570d0fad {
    (
        @ from $any:literal @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job {
        $($job:tt)* }
    ) => {};
    (@ rules { $($call:tt)* } { $($found:tt)* }) => {
        $($call)* ! { { $($found)* } { value { range(min = 1), } } }
    };
}
#[allow(unused_imports)]
pub(crate) use __bus_app_Add_570d0fad as Add;
#[allow(unexpected_cfgs)]
const _: () = {
    #[cfg(rust_analyzer)]
    #[allow(unused_imports)]
    use ::bus::__private::keys::command::{outptu, rate};
};
::core::compile_error! {
    "unknown key `outptu`; did you mean `output`? [BUS010]"
}
::core::compile_error! {
    "unknown unit `fortnight`: use `ms`, `s`, `m`, `h`, `d` or `w` [BUS014]"
}
::core::compile_error! {
    "unknown sanitizer `trm`; did you mean `trim`? [BUS031]"
}
::core::compile_error! {
    "command `Add` can't be generic: its handler is found by its type alone; write one command for each type [BUS020]"
}
