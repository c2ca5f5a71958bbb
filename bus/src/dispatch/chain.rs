//! The middleware that a command names: known when compiled, so nothing of them is boxed.
use super::call::{Call, Verdict};
use super::end::End;
use super::middleware::{Middleware, Next};
use super::slot::Slot;
use crate::command::Command;
use std::any::Any;
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;

/// Middleware in a row, as nested pairs: `(outermost, (next, ()))`.
pub trait Chain: Send + Sync + 'static {
    /// Goes through all of them to the handler.
    fn through<'a, C: Command>(
        &'a self,
        slot: &'a Slot<C>,
    ) -> impl Future<Output = Verdict> + Send + 'a;
}

impl Chain for () {
    fn through<'a, C: Command>(
        &'a self,
        slot: &'a Slot<C>,
    ) -> impl Future<Output = Verdict> + Send + 'a {
        slot.call()
    }
}

impl<M: Middleware, R: Chain> Chain for (M, R) {
    async fn through<'a, C: Command>(&'a self, slot: &'a Slot<C>) -> Verdict {
        let rest = pin!(End::new(slot, || self.1.through(slot)));
        self.0.handle(Call::new(slot), Next::new(rest)).await
    }
}

/// The chain that a declaration names, made at the first dispatch. A static can't name the
/// type of its expressions; this finds it again.
pub fn chain<T: Chain>(
    place: &'static OnceLock<Box<dyn Any + Send + Sync>>,
    make: fn() -> T,
) -> &'static T {
    place
        .get_or_init(|| Box::new(make()))
        .downcast_ref()
        .expect("one declaration has one chain")
}

/// Asks for a middleware where it is written; what it gives is one for sure, so that a
/// mistake is told once.
pub fn middleware(middleware: impl Middleware) -> impl Middleware {
    middleware
}
