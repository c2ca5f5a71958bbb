//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
#[derive(::bus::__private::serde::Deserialize)]
#[serde(crate = "::bus::__private::serde")]
#[derive(::bus::__private::validator::Validate)]
#[validate(crate = "::bus::__private::validator")]
#[derive(Clone, serde::Serialize)]
pub struct SendReceipt {
    #[validate(email)]
    to: String,
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Command for SendReceipt {
    type Output = u64;
    type Error = MailError;
    const DESCRIPTOR: &'static ::bus::__private::Descriptor = &::bus::__private::Descriptor::new(
            ::core::concat!(::core::module_path!(), "::", "SendReceipt"),
            1u16,
            ::core::file!(),
            0u32,
        )
        .job()
        .policies(
            &[
                ("queue", "emails"),
                ("priority", "-3"),
                ("delay", "5m"),
                ("retry_until", "1d"),
                ("retain", "1w"),
                ("tags", "mail"),
                ("no_retry", "Declined, MailError::Gone"),
                ("on_failure", "ops::Alert"),
                ("sanitize", "to"),
                ("validate", "all rules"),
                ("authorize", "auth::senders"),
                ("rate", "10/s"),
                ("timeout", "5s"),
                ("retries", "3, fixed(30s)"),
            ],
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
            #[allow(unused_imports)]
            use ::bus::__private::policy::NotDerived as _;
            ::bus::__private::policy::RulesProbe::<Self>::check(&command)?;
            if !cx.__restored() {
                ::bus::__private::policy::authorize::<
                    Self,
                >(auth::senders(&command, cx))?;
            }
            static RATE: ::bus::__private::policy::Rate = ::bus::__private::policy::Rate::new(
                ::bus::__private::policy::Quota::new(10u32, 1000000000u64, 10u32),
            );
            RATE.check::<Self>()?;
            ::bus::__private::routed::<Self>(command, cx).await
        })
    }
    fn __check(
        &mut self,
        cx: &::bus::__private::Context,
    ) -> ::core::result::Result<
        (),
        ::bus::__private::Error<<Self as ::bus::__private::Declared>::Error>,
    > {
        let command = self;
        ::bus::__private::Sanitize::sanitize(&mut *command);
        #[allow(unused_imports)]
        use ::bus::__private::policy::NotDerived as _;
        ::bus::__private::policy::RulesProbe::<Self>::check(&*command)?;
        ::bus::__private::policy::authorize::<Self>(auth::senders(&*command, cx))?;
        ::core::result::Result::Ok(())
    }
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Dispatch for SendReceipt {
    type Receipt = ::bus::__private::Ticket<Self>;
    type Failure = <Self as ::bus::__private::Declared>::Error;
    type __Way = ::bus::__private::Stored;
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::DeclaredJob for SendReceipt {
    type Output = <Self as ::bus::__private::Declared>::Output;
    type Error = <Self as ::bus::__private::Declared>::Error;
    const OPTIONS: &'static ::bus::__private::JobOptions = &::bus::__private::JobOptions {
        queue: &::bus::__private::QueueName::from_static("emails"),
        priority: ::bus::__private::Priority::clamped(-3i16),
        delay: ::core::time::Duration::new(300u64, 0u32),
        max_attempts: 4u16,
        backoff: ::bus::__private::Backoff::fixed(
            ::core::time::Duration::new(30u64, 0u32),
        ),
        timeout: ::core::option::Option::Some(::core::time::Duration::new(5u64, 0u32)),
        retry_until: ::core::option::Option::Some(
            ::core::time::Duration::new(86400u64, 0u32),
        ),
        retain: ::core::option::Option::Some(
            ::core::time::Duration::new(604800u64, 0u32),
        ),
        tags: &["mail"],
        ..::bus::__private::JobOptions::DEFAULT
    };
    fn fate(error: &Self::Error) -> ::bus::__private::Fate {
        #[allow(unused_imports)]
        use ::bus::__private::NotClassified as _;
        if {
            #[allow(dead_code)]
            type Declared = MailError;
            ::core::matches!(error, Declared::Declined { .. } | MailError::Gone { .. })
        } {
            return ::bus::__private::Fate::Fail;
        }
        ::bus::__private::FateProbe::<Self::Error>::FATE(error)
    }
    fn on_failure(
        failed: ::bus::__private::JobFailed,
        now: ::bus::__private::Timestamp,
    ) -> ::core::option::Option<
        ::core::result::Result<::bus::__private::NewJob, ::bus::__private::CodecError>,
    > {
        ::core::option::Option::Some(
            ::bus::__private::store_form::<
                ops::Alert,
            >(
                &<ops::Alert as ::core::convert::From<
                    ::bus::__private::JobFailed,
                >>::from(failed),
                now,
            ),
        )
    }
}
#[allow(deprecated)]
const _: () = {
    ::bus::__private::inventory::submit! {
        ::bus::__private::Declaration::new:: < SendReceipt > ()
    }
};
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl ::bus::__private::Sanitize for SendReceipt {
    fn sanitize(&mut self) {
        match self {
            Self { to: field0, .. } => {
                ::bus::__private::trim(field0);
            }
        }
    }
}
#[doc(hidden)]
#[allow(non_local_definitions)]
#[macro_export]
macro_rules! __bus_app_SendReceipt_570d0fad {
    (
        @ from "app" @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job {
        $($job:tt)* }
    ) => {
        $($local)* $($job)*
    };
    (
        @ from $other:literal @ local { $($local:tt)* } @ remote { $($remote:tt)* } @ job
        { $($job:tt)* }
    ) => {
        ::core::compile_error! {
        "`SendReceipt` is a command of crate `app`, so its handler must be there too; to handle it from another crate declare it `#[command(remote, …)]` [BUS027]"
        }
    };
    (@ rules { $($call:tt)* } { $($found:tt)* }) => {
        $($call)* ! { { $($found)* } {} }
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub)]
pub use __bus_app_SendReceipt_570d0fad as SendReceipt;
#[allow(unexpected_cfgs)]
const _: () = {
    #[cfg(rust_analyzer)]
    #[allow(unused_imports)]
    use ::bus::__private::keys::job::{
        authorize, backoff, delay, error, no_retry, on_failure, output, priority, queue,
        rate, retain, retries, retry_until, tags, timeout,
    };
};
