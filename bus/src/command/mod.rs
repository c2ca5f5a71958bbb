//! What may be asked, and what a handler may know beside the command.
//!
//! - responsible for: the `Command` and `Handled` contracts, the context and what is
//!   injected from it, the facts the macros state, why a command was not answered
//! - not responsible for: running anything (`dispatch/`), storing anything (`job/`, `queue/`)
//! - invariant: nothing here knows a bus, a job or a queue
mod answer;
mod authorize;
mod context;
mod contract;
mod descriptor;
mod error;
mod error_kind;
mod extract;
mod id;
mod invalid;
mod origin;
mod registration;
mod sanitize;

pub use answer::{IntoAnswer, IsError, IsOutput};
pub use authorize::{Denied, IntoDecision};
pub use context::Context;
pub(crate) use context::set_installed;
pub use contract::{
    Answer, CloneProbe, Command, Declared, DeclaredAnswer, Handled, HandledBy, NotClone, NotSend,
    Same, SendProbe,
};
pub use descriptor::{Descriptor, Kind};
pub use error::{Cause, Error, Panicked};
pub use error_kind::ErrorKind;
pub use extract::{FromContext, Need, NeedKind, Principal, Rejection, State, inject};
pub use id::MessageId;
pub use invalid::Invalid;
pub(crate) use origin::Origin;
pub(crate) use registration::sees_who_asks;
pub use registration::{Declaration, Registration};
pub use sanitize::{Sanitize, SanitizeText, collapse_whitespace, lowercase, trim, uppercase};
