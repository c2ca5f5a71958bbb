//! The context: who asks, since when, under which bus; inherited by nested dispatches.
use super::id::MessageId;
use super::origin::Origin;
use crate::extensions::Extensions;
use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

mod with;

/// What a handler may know beside the command.
///
/// A handler takes it as `&Context`. It is cheap to clone and carries to every dispatch
/// made inside: the bus, the correlation id, the principal, the deadline, cancellation and
/// extensions. Each dispatch has its own [`id`](Self::id) and names its parent in
/// [`causation_id`](Self::causation_id).
///
/// ```
/// use bus::prelude::*;
///
/// #[command(output = bool)]
/// struct Outer;
/// #[command(output = (bus::MessageId, Option<bus::MessageId>))]
/// struct Inner;
///
/// #[handler]
/// async fn outer(_: Outer, cx: &Context) -> Result<bool, bus::BoxError> {
///     let (correlation, causation) = bus::dispatch(Inner).await?;
///     Ok(correlation == cx.correlation_id() && causation == Some(cx.id()))
/// }
/// #[handler]
/// fn inner(_: Inner, cx: &Context) -> (bus::MessageId, Option<bus::MessageId>) {
///     (cx.correlation_id(), cx.causation_id())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// assert!(bus::dispatch(Outer).await?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Context(
    /// One pointer, as it is handed on at each step; nothing where nobody can tell it from others.
    Option<Arc<Inner>>,
);

#[derive(Clone, Debug)]
struct Inner {
    /// The state of the bus; `None` means that of the stored job, or else the installed one's.
    bus: Option<Arc<Extensions>>,
    id: MessageId,
    correlation: MessageId,
    /// The nil id where nothing caused it.
    causation: MessageId,
    /// What few requests have, shared by all dispatches of one: a child costs a count.
    carried: Option<Arc<Carried>>,
    /// That of a stored job: who asks was authorized before it was stored.
    restored: bool,
    /// The stored job whose handler made this dispatch, or that runs here.
    origin: Option<Arc<dyn Origin>>,
}

impl Inner {
    const PLAIN: Self = Self {
        bus: None,
        id: MessageId::NIL,
        correlation: MessageId::NIL,
        causation: MessageId::NIL,
        carried: None,
        restored: false,
        origin: None,
    };
}

/// What a request may carry beside its ids.
#[derive(Clone, Debug, Default)]
struct Carried {
    deadline: Option<Instant>,
    principal: Option<Arc<dyn Any + Send + Sync>>,
    cancellation: Option<CancellationToken>,
    extensions: Extensions,
}

/// The state of the installed bus.
static INSTALLED: OnceLock<Arc<Extensions>> = OnceLock::new();

/// What a dispatch outside any scope sees when nobody can tell contexts apart.
static PLAIN: Context = Context(None);

/// Makes `state` that of the installed bus; gives it back if there is one already.
pub(crate) fn set_installed(state: Arc<Extensions>) -> Result<(), Arc<Extensions>> {
    INSTALLED.set(state)
}

/// A bus as a context names it: the installed one by not naming it, so that its dispatches do
/// not all count at one place.
#[inline]
fn named(bus: &Arc<Extensions>) -> Option<Arc<Extensions>> {
    match INSTALLED.get() {
        Some(installed) if Arc::ptr_eq(installed, bus) => None,
        _ => Some(Arc::clone(bus)),
    }
}

impl Context {
    /// The root of a new request on the installed bus.
    #[inline]
    pub(crate) fn root() -> Self {
        Self::rooted(None)
    }

    #[inline]
    fn rooted(bus: Option<Arc<Extensions>>) -> Self {
        let id = MessageId::new();
        Self(Some(Arc::new(Inner {
            bus,
            id,
            correlation: id,
            ..Inner::PLAIN
        })))
    }

    #[inline]
    fn inner(&self) -> Option<&Inner> {
        self.0.as_deref()
    }

    /// For a change: other contexts keep what they have.
    fn change(&mut self) -> &mut Inner {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(Inner::PLAIN)))
    }

    /// The context of dispatches that nobody can tell apart.
    #[inline]
    pub(crate) fn plain() -> &'static Self {
        &PLAIN
    }

    /// Whether this is the context of dispatches that nobody can tell apart.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// The root of a new request on the bus with this state.
    #[inline]
    pub(crate) fn on(bus: &Arc<Extensions>) -> Self {
        Self::rooted(named(bus))
    }

    /// The context of a stored job, where it runs.
    pub(crate) fn restored(
        id: MessageId,
        correlation: MessageId,
        causation: Option<MessageId>,
        origin: Arc<dyn Origin>,
    ) -> Self {
        Self(Some(Arc::new(Inner {
            bus: None,
            id,
            correlation,
            causation: causation.unwrap_or(MessageId::NIL),
            carried: None,
            restored: true,
            origin: Some(origin),
        })))
    }

    /// Whether this context is of the bus with this state.
    pub(crate) fn is_on(&self, bus: &Arc<Extensions>) -> bool {
        self.own_bus().is_some_and(|own| Arc::ptr_eq(own, bus))
    }

    /// The context of a dispatch made inside this one.
    #[must_use]
    pub fn child(&self) -> Self {
        let Some(parent) = self.inner() else {
            return Self::root();
        };
        Self(Some(Arc::new(Inner {
            bus: parent.bus.clone(),
            id: MessageId::new(),
            correlation: parent.correlation,
            causation: parent.id,
            carried: parent.carried.clone(),
            restored: false,
            origin: parent.origin.clone(),
        })))
    }

    /// Whether who asks was authorized before: when the job that runs here was stored.
    #[doc(hidden)]
    pub fn __restored(&self) -> bool {
        self.inner().is_some_and(|inner| inner.restored)
    }

    /// The id of this dispatch.
    #[inline]
    pub fn id(&self) -> MessageId {
        self.inner().map_or(MessageId::NIL, |inner| inner.id)
    }

    /// The id shared by all dispatches that one request led to.
    pub fn correlation_id(&self) -> MessageId {
        self.inner()
            .map_or(MessageId::NIL, |inner| inner.correlation)
    }

    /// The id of the dispatch whose handler made this one.
    pub fn causation_id(&self) -> Option<MessageId> {
        let causation = self.inner()?.causation;
        (!causation.is_nil()).then_some(causation)
    }

    /// The value of this type that was given to the bus.
    #[inline]
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states()?.get::<T>()
    }

    /// The value of this type that was given to the bus, owned.
    pub fn state_arc<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.states()?.get_arc::<T>()
    }

    /// What stands around every dispatch of the bus, if it is of this type.
    #[inline]
    pub(crate) fn around<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states()?.around()
    }

    #[inline]
    fn states(&self) -> Option<&Extensions> {
        self.own_bus().map(|bus| &**bus)
    }

    #[inline]
    fn own_bus(&self) -> Option<&Arc<Extensions>> {
        let inner = self.inner();
        match inner.map(|inner| (&inner.bus, &inner.origin)) {
            Some((Some(bus), _)) => Some(bus),
            Some((None, Some(origin))) => Some(origin.bus()),
            _ => INSTALLED.get(),
        }
    }

    #[inline]
    fn carried(&self) -> Option<&Carried> {
        self.inner()?.carried.as_deref()
    }

    /// Who asks, if it is known and of this type.
    pub fn principal<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.carried()?.principal.as_ref()?.downcast_ref()
    }

    /// Whether anybody is known to ask.
    pub(crate) fn has_principal(&self) -> bool {
        self.carried()
            .is_some_and(|carried| carried.principal.is_some())
    }

    /// Who asks, owned.
    pub fn principal_arc<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.carried()?.principal.as_ref()?)
            .downcast()
            .ok()
    }

    /// When the whole request must be answered.
    pub fn deadline(&self) -> Option<Instant> {
        self.carried()?.deadline
    }

    /// The extension of this type.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.carried()?.extensions.get()
    }

    /// Whether the work was cancelled; long loops ask.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation()
            .is_some_and(CancellationToken::is_cancelled)
    }

    /// What cancels the work, if anybody can: to hand on to what takes a token.
    pub fn cancellation(&self) -> Option<&CancellationToken> {
        let inner = self.inner()?;
        let own = inner.carried.as_ref();
        let own = own.and_then(|carried| carried.cancellation.as_ref());
        own.or_else(|| inner.origin.as_ref().map(|origin| origin.token()))
    }

    /// The stored job that this context belongs to, if it is of this type.
    pub(crate) fn origin<T: 'static>(&self) -> Option<&T> {
        self.inner()?.origin.as_ref()?.as_any().downcast_ref()
    }

    /// Ends when the work is cancelled; never, if nobody can cancel it.
    pub async fn cancelled(&self) {
        match self.cancellation() {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner().unwrap_or(&Inner::PLAIN);
        f.debug_struct("Context")
            .field("id", &inner.id)
            .field("correlation", &inner.correlation)
            .field("causation", &inner.causation)
            .field("carried", &inner.carried)
            .field("origin", &inner.origin)
            .finish_non_exhaustive()
    }
}
