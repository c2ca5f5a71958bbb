//! The handle that users hold.
use super::builder::Builder;
use crate::command::{Context, Error, set_installed};
use crate::dispatch::{Dispatch, Scope, bus_installed, bus_made, context_made, next_context_on};
use crate::extensions::Extensions;
use crate::registry::Unwired;
use std::future::Future;
use std::sync::Arc;

/// A command bus: state for the handlers and middleware around them. Cheap to clone.
///
/// A program has one and installs it ([`install`](Self::install)), so that
/// [`bus::dispatch`](crate::dispatch()) finds it; a test has its own and works in its
/// [`scope`](Self::scope). Commands whose handlers take no state need no bus at all.
///
/// ```standalone_crate
/// use bus::prelude::*;
///
/// struct Greeting(&'static str);
///
/// #[command(output = String)]
/// struct Greet { name: &'static str }
///
/// #[handler]
/// async fn greet(cmd: Greet, greeting: &Greeting) -> String {
///     format!("{}, {}!", greeting.0, cmd.name)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::builder().state(Greeting("Hello")).build().await?;
/// assert_eq!(bus.dispatch(Greet { name: "Ann" }).await?, "Hello, Ann!");
///
/// let inside = bus.scope(async { bus::dispatch(Greet { name: "Bob" }).await });
/// assert_eq!(inside.await?, "Hello, Bob!");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Bus {
    state: Arc<Extensions>,
}

/// A bus was installed before: there is one for the life of the process.
#[derive(Debug, thiserror::Error)]
#[error("a bus is installed already; work in `bus.scope(…)` to use another")]
pub struct AlreadyInstalled;

impl Bus {
    /// Begins a bus.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn new(state: Extensions) -> Self {
        bus_made();
        Self {
            state: Arc::new(state),
        }
    }

    /// A bus whose jobs are stored there: `Bus::builder().store(url).build()`.
    ///
    /// # Errors
    /// [`Unwired`]: a handler needs state, or the store cannot be opened.
    pub async fn connect(url: impl Into<String>) -> Result<Self, Unwired> {
        Self::builder().store(url).build().await
    }

    /// The bus's state.
    pub(crate) fn extensions(&self) -> &Arc<Extensions> {
        &self.state
    }

    /// The context of a dispatch made here on this bus.
    pub(crate) fn next_context(&self) -> Context {
        self.child()
    }

    /// Makes this the bus of every dispatch of the process outside any scope.
    ///
    /// # Errors
    /// [`AlreadyInstalled`], if there is one.
    pub fn install(&self) -> Result<(), AlreadyInstalled> {
        set_installed(Arc::clone(&self.state)).map_err(|_| AlreadyInstalled)?;
        bus_installed(self.state.has_around());
        Ok(())
    }

    /// Dispatches on this bus: inside one of its scopes or handlers as a child of that
    /// dispatch, else as a new request.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn dispatch<D: Dispatch>(
        &self,
        command: D,
    ) -> impl Future<Output = Result<D::Receipt, Error<D::Failure>>> + Send {
        command.__dispatch_in(self.child())
    }

    /// The root of a new request on this bus: add who asks and until when, then
    /// [`dispatch`](Context::dispatch) or [`scope`](Context::scope) in it.
    ///
    /// ```standalone_crate
    /// # use bus::prelude::*;
    /// # struct User(&'static str);
    /// #[command(output = String)]
    /// struct Me;
    ///
    /// #[handler]
    /// fn me(_: Me, user: Principal<User>) -> String {
    ///     user.0.0.to_owned()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::builder().build().await?;
    /// let cx = bus.context().with_principal(User("ann"));
    /// assert_eq!(cx.dispatch(Me).await?, "ann");
    /// assert!(matches!(bus.dispatch(Me).await, Err(bus::Error::Denied(_))));
    /// # Ok(()) }
    /// ```
    pub fn context(&self) -> Context {
        context_made();
        Context::on(&self.state)
    }

    /// Runs `future` with this bus as the current one, at any depth and across `.await`.
    /// A task spawned inside is outside: hand it [`Context::current`].
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        self.context().scope(future)
    }

    /// State of this type that was given to the bus.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.state.get()
    }

    /// The context of a dispatch made here on this bus.
    pub(super) fn child(&self) -> Context {
        next_context_on(&self.state)
    }
}

impl Context {
    /// Dispatches in this very context.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn dispatch<D: Dispatch>(
        &self,
        command: D,
    ) -> impl Future<Output = Result<D::Receipt, Error<D::Failure>>> + Send + use<D> {
        command.__dispatch_in(self.clone())
    }
}

/// Dispatches on the current bus: that of the enclosing scope or handler, else the
/// installed one, else none, which is all that a handler without state needs.
///
/// # Errors
/// See [`Error`].
///
/// ```
/// use bus::prelude::*;
///
/// #[command(output = u32)]
/// struct Double(u32);
///
/// #[handler]
/// fn double(cmd: Double) -> u32 {
///     cmd.0 * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// assert_eq!(bus::dispatch(Double(21)).await?, 42);
/// # Ok(()) }
/// ```
#[inline]
pub fn dispatch<D: Dispatch>(
    command: D,
) -> impl Future<Output = Result<D::Receipt, Error<D::Failure>>> + Send {
    command.__dispatch()
}
