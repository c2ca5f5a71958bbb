//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
#[allow(unused_imports)]
use my::bus::__private::validator::Validate as _;
#[derive(my::bus::__private::validator::Validate)]
#[validate(crate = "my::bus::__private::validator")]
#[cfg(feature = "orders")]
#[derive(Clone)]
pub(crate) struct PlaceOrder {
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
    #[validate(email)]
    email: String,
    #[validate(nested)]
    address: Address,
    account: u64,
}
#[cfg(feature = "orders")]
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl my::bus::__private::Command for PlaceOrder {
    type Output = OrderId;
    type Error = OrderError;
    const DESCRIPTOR: &'static my::bus::__private::Descriptor = &my::bus::__private::Descriptor::new(
            "orders.place",
            2u16,
            ::core::file!(),
            0u32,
        )
        .policies(
            &[
                ("middleware", "Audit, Cache::new(3)"),
                ("sanitize", "email, address"),
                ("validate", "all rules"),
                ("authorize", "auth::buyers"),
                ("rate", "100/s burst 20 per account, quantity"),
                ("timeout", "1m 500ms"),
                ("retries", "3, exponential(1s, max = 1h, jitter)"),
                ("throttle", "5 failures/10m only OrderError::Store"),
            ],
        );
    const __CLONE: ::core::option::Option<fn(&Self) -> Self> = {
        #[allow(unused_imports)]
        use my::bus::__private::NotClone as _;
        my::bus::__private::CloneProbe::<Self>::CLONE
    };
    #[inline]
    fn __route(
        self,
        cx: &my::bus::__private::Context,
    ) -> impl ::core::marker::Send + ::core::future::Future<
        Output = my::bus::__private::DeclaredAnswer<Self>,
    > {
        my::bus::__private::route::<Self>(self, cx)
    }
    #[inline]
    fn __run(
        self,
        cx: &my::bus::__private::Context,
    ) -> impl ::core::marker::Send + ::core::future::Future<
        Output = my::bus::__private::DeclaredAnswer<Self>,
    > {
        static BREAKER: my::bus::__private::policy::Breaker = my::bus::__private::policy::Breaker::new(
            5u32,
            600000000000u64,
        );
        static BACKOFF: my::bus::__private::Backoff = my::bus::__private::Backoff::exponential(
                ::core::time::Duration::new(1u64, 0u32),
                ::core::time::Duration::new(3600u64, 0u32),
            )
            .with_jitter(my::bus::__private::Jitter::HALF);
        #[allow(unused_imports)]
        use my::bus::__private::NotSend as _;
        my::bus::__private::SendProbe::<
            Self,
        >::future(async move {
            let mut command = self;
            my::bus::__private::Sanitize::sanitize(&mut command);
            #[allow(unused_imports)]
            use my::bus::__private::policy::NotDerived as _;
            my::bus::__private::policy::RulesProbe::<Self>::check(&command)?;
            my::bus::__private::policy::authorize::<Self>(auth::buyers(&command, cx))?;
            static RATE: my::bus::__private::policy::KeyedRate = my::bus::__private::policy::KeyedRate::new(
                my::bus::__private::policy::Quota::new(100u32, 1000000000u64, 20u32),
            );
            RATE.check::<
                    Self,
                >(
                my::bus::__private::policy::key(
                    &(
                        my::bus::__private::policy::field(&command.account),
                        my::bus::__private::policy::field(&command.quantity),
                    ),
                ),
            )?;
            my::bus::__private::policy::timeout::<
                Self,
            >(
                    ::core::time::Duration::new(60u64, 500000000u32),
                    my::bus::__private::policy::retry::<
                        Self,
                        _,
                    >(
                        3u32,
                        &BACKOFF,
                        command,
                        <Self as my::bus::__private::policy::Again>::again,
                        |command| {
                            BREAKER
                                .run::<
                                    Self,
                                >(
                                    |error| {
                                        ::core::matches!(
                                            error, my::bus::__private::Error::Handler(OrderError::Store
                                            { .. })
                                        )
                                    },
                                    my::bus::__private::routed::<Self>(command, cx),
                                )
                        },
                    ),
                )
                .await
        })
    }
    fn __check(
        &mut self,
        cx: &my::bus::__private::Context,
    ) -> ::core::result::Result<
        (),
        my::bus::__private::Error<<Self as my::bus::__private::Declared>::Error>,
    > {
        let command = self;
        my::bus::__private::Sanitize::sanitize(&mut *command);
        #[allow(unused_imports)]
        use my::bus::__private::policy::NotDerived as _;
        my::bus::__private::policy::RulesProbe::<Self>::check(&*command)?;
        my::bus::__private::policy::authorize::<Self>(auth::buyers(&*command, cx))?;
        ::core::result::Result::Ok(())
    }
}
#[cfg(feature = "orders")]
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl my::bus::__private::Dispatch for PlaceOrder {
    type Receipt = <Self as my::bus::__private::Declared>::Output;
    type Failure = <Self as my::bus::__private::Declared>::Error;
    type __Way = my::bus::__private::Here;
    fn __layered(
        self,
        cx: &my::bus::__private::Context,
    ) -> impl ::core::future::Future<
        Output = my::bus::__private::DeclaredAnswer<Self>,
    > + ::core::marker::Send {
        my::bus::__private::layered(self, cx)
    }
    fn __through<'a>(
        slot: &'a my::bus::__private::Slot<'a, Self>,
    ) -> impl ::core::future::Future<
        Output = my::bus::__private::Verdict,
    > + ::core::marker::Send + 'a {
        static CHAIN: ::std::sync::OnceLock<
            ::std::boxed::Box<
                dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync,
            >,
        > = ::std::sync::OnceLock::new();
        #[allow(unused_imports)]
        use my::bus::__private::NotMiddleware as _;
        my::bus::__private::Chain::through(
            my::bus::__private::chain(
                &CHAIN,
                || {
                    my::bus::__private::middleware(Audit)
                        .before(my::bus::__private::middleware(Cache::new(3)).before(()))
                },
            ),
            slot,
            slot,
        )
    }
}
#[cfg(feature = "orders")]
#[allow(deprecated)]
const _: () = {
    my::bus::__private::inventory::submit! {
        my::bus::__private::Declaration::new:: < PlaceOrder > ()
    }
};
#[cfg(feature = "orders")]
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl my::bus::__private::Sanitize for PlaceOrder {
    fn sanitize(&mut self) {
        match self {
            Self { email: field0, address: field1, .. } => {
                {
                    my::bus::__private::trim(field0);
                    my::bus::__private::lowercase(field0);
                }
                {
                    my::bus::__private::Sanitize::sanitize(field1);
                }
            }
        }
    }
}
#[cfg(feature = "orders")]
#[allow(unused_macros)]
macro_rules! __bus_app_PlaceOrder_570d0fad {
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
        "`PlaceOrder` is a command of crate `app`, so its handler must be there too; to handle it from another crate declare it `#[command(remote, …)]` [BUS027]"
        }
    };
    (@ rules { $($call:tt)* } { $($found:tt)* }) => {
        $($call)* ! { { $($found)* } { quantity { range(min = 1, max = 100), } } }
    };
}
#[cfg(feature = "orders")]
#[allow(unused_imports)]
pub(crate) use __bus_app_PlaceOrder_570d0fad as PlaceOrder;
#[allow(unexpected_cfgs)]
const _: () = {
    #[cfg(rust_analyzer)]
    #[allow(unused_imports)]
    use my::bus::__private::keys::command::{
        authorize, backoff, error, middleware, name, output, rate, retries, throttle,
        timeout, version,
    };
};
