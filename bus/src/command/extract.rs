//! What a handler may take beside its command, and where it comes from.
use super::authorize::Denied;
use super::context::Context;
use super::contract::Command;
use super::error::Error;
use crate::error::BoxError;
use std::any::{Any, TypeId, type_name};
use std::ops::Deref;
use std::sync::Arc;

/// An argument of a handler other than its command.
///
/// `&T` is the state of that type (and `&Context` the context), the rest of the provided
/// ones are [`State`], [`Principal`] and `Option` of each. A type of the user's own
/// implements it to be taken from the context:
///
/// ```
/// use bus::prelude::*;
///
/// #[derive(Clone, PartialEq, Debug)]
/// struct Tenant(String);
///
/// impl FromContext<'_> for Tenant {
///     fn from_context(cx: &Context) -> Result<Self, Rejection> {
///         let tenant = cx.extension::<Tenant>().cloned();
///         tenant.ok_or_else(|| Rejection::new("no tenant in this request"))
///     }
/// }
///
/// #[command(output = String)]
/// struct WhoAmI;
///
/// #[handler]
/// fn who_am_i(_: WhoAmI, tenant: Tenant) -> String {
///     tenant.0
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// let cx = Context::new().with_extension(Tenant("acme".into()));
/// assert_eq!(cx.dispatch(WhoAmI).await?, "acme");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be injected into a handler [BUS006]",
    label = "not an injectable argument",
    note = "a handler takes its command, then any of: `&T` or `State<T>` (state of the bus), `&Context`, `Principal<T>`, `Option` of these, or your own type that implements `FromContext`"
)]
pub trait FromContext<'c>: Sized {
    /// Takes the value, or says why it can't be had.
    ///
    /// # Errors
    /// A [`Rejection`] ends the dispatch before the handler is called.
    fn from_context(cx: &'c Context) -> Result<Self, Rejection>;

    /// What must be there, for the check at start-up and for listings.
    fn need() -> Need {
        Need::custom::<Self>()
    }
}

/// Why an argument can't be injected.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// State of this type was not given to the bus.
    Missing(&'static str),
    /// Who asks may not, or is not known.
    Denied(Denied),
    /// Another reason.
    Other(BoxError),
}

impl Rejection {
    /// A reason of the extractor's own.
    pub fn new(reason: impl Into<BoxError>) -> Self {
        Self::Other(reason.into())
    }
}

impl From<Denied> for Rejection {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// An argument of the handler of `C`. It takes the result instead of asking for it, so that the
/// bound of the argument stands in generated code, in the same words as in the registration:
/// the compiler reports what is identical once.
///
/// # Errors
/// What the rejection says, as an error of `C`.
#[doc(hidden)]
#[inline]
pub fn inject<C: Command, T>(argument: Result<T, Rejection>) -> Result<T, Error<C::Error>> {
    argument.map_err(|rejection| rejected::<C>(rejection))
}

#[cold]
fn rejected<C: Command>(rejection: Rejection) -> Error<C::Error> {
    let command = C::DESCRIPTOR;
    match rejection {
        Rejection::Missing(needs) => Error::Missing { command, needs },
        Rejection::Denied(denied) => Error::Denied(denied.of(command)),
        Rejection::Other(reason) => Error::Rejected { command, reason },
    }
}

/// What an argument needs to be there.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// From where it is taken.
    pub kind: NeedKind,
    /// Whether the handler can do without.
    pub optional: bool,
    /// The type, for people.
    pub type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
}

/// From where an argument is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeedKind {
    /// The state of the bus.
    State,
    /// The context itself.
    Context,
    /// Who asks.
    Principal,
    /// An extractor of the user's.
    Custom,
}

impl Need {
    fn of<T: 'static>(kind: NeedKind) -> Self {
        Self {
            kind,
            optional: false,
            type_name: type_name::<T>(),
            type_id: TypeId::of::<T>,
        }
    }

    /// State of type `T`: for extractors that build upon it.
    pub fn state<T: Send + Sync + 'static>() -> Self {
        Self::of::<T>(NeedKind::State)
    }

    fn custom<T>() -> Self {
        Self {
            kind: NeedKind::Custom,
            optional: false,
            type_name: type_name::<T>(),
            type_id: TypeId::of::<()>,
        }
    }
}

/// The state of the bus by reference; the context, if `T` is [`Context`].
impl<'c, T: Send + Sync + 'static> FromContext<'c> for &'c T {
    #[inline]
    fn from_context(cx: &'c Context) -> Result<Self, Rejection> {
        // Decided when compiled: `T` is known then.
        if let Some(context) = (cx as &dyn Any).downcast_ref::<T>() {
            return Ok(context);
        }
        cx.state::<T>().ok_or(Rejection::Missing(type_name::<T>()))
    }

    fn need() -> Need {
        if TypeId::of::<T>() == TypeId::of::<Context>() {
            Need::of::<T>(NeedKind::Context)
        } else {
            Need::state::<T>()
        }
    }
}

/// The state of the bus, owned: for what outlives the handler, such as a spawned task.
/// Where a reference will do, take `&T`: it costs no count.
#[derive(Debug)]
pub struct State<T>(pub Arc<T>);

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> FromContext<'_> for State<T> {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        cx.state_arc::<T>()
            .map(Self)
            .ok_or(Rejection::Missing(type_name::<T>()))
    }

    fn need() -> Need {
        Need::state::<T>()
    }
}

/// Who asks. A dispatch without a principal of this type is denied;
/// `Option<Principal<T>>` admits it.
#[derive(Debug)]
pub struct Principal<T>(pub Arc<T>);

impl<T> Clone for Principal<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Principal<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> FromContext<'_> for Principal<T> {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        cx.principal_arc::<T>().map(Self).ok_or_else(|| {
            Rejection::Denied(Denied::because(format!(
                "it needs a principal of type `{}` and there is none",
                type_name::<T>()
            )))
        })
    }

    fn need() -> Need {
        Need::of::<T>(NeedKind::Principal)
    }
}

impl<'c, T: FromContext<'c>> FromContext<'c> for Option<T> {
    #[inline]
    fn from_context(cx: &'c Context) -> Result<Self, Rejection> {
        match T::from_context(cx) {
            Ok(value) => Ok(Some(value)),
            Err(Rejection::Missing(_) | Rejection::Denied(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn need() -> Need {
        Need {
            optional: true,
            ..T::need()
        }
    }
}
