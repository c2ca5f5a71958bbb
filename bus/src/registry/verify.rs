//! What a linker lets through: said at start.
use super::error::Unwired;
use super::list::{Entry, registry, same};
use crate::command::{Kind, NeedKind, Registration};
use crate::extensions::Extensions;
use std::fmt;

/// One thing that is wrong with the wiring.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A remote command without a handler, on a target whose linker admits that.
    NoHandler(Entry),
    /// Two handlers, with a linker that takes the first.
    ManyHandlers(Entry),
    /// Two commands with one name.
    OneName(Entry, Entry),
    /// A handler whose state was not given to the bus.
    NoState {
        registration: &'static Registration,
        needs: &'static str,
    },
    /// A store that cannot be opened, and why.
    NoStore(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHandler(entry) => write!(
                f,
                "command `{}` ({}:{}) has no handler in this program: write one, or link the \
                 crate that has it with `bus::wire!(…)`",
                entry.descriptor.name, entry.descriptor.file, entry.descriptor.line
            ),
            Self::ManyHandlers(entry) => {
                write!(
                    f,
                    "command `{}` has {} handlers:",
                    entry.descriptor.name,
                    entry.handlers.len()
                )?;
                for handler in &entry.handlers {
                    write!(f, " {} ({}:{})", handler.name, handler.file, handler.line)?;
                }
                Ok(())
            }
            Self::OneName(a, b) => write!(
                f,
                "two commands are named `{}`: {}:{} and {}:{}; give one `name = \"…\"`",
                a.descriptor.name,
                a.descriptor.file,
                a.descriptor.line,
                b.descriptor.file,
                b.descriptor.line
            ),
            Self::NoState {
                registration,
                needs,
            } => write!(
                f,
                "the handler `{}` of command `{}` ({}:{}) needs `{needs}`: add it with `.state(…)`",
                registration.handler,
                registration.descriptor.name,
                registration.file,
                registration.line
            ),
            Self::NoStore(reason) => write!(f, "the store cannot be opened: {reason}"),
        }
    }
}

/// Checks at start what some linkers let through: commands without a handler (wasm),
/// with two (mold), two commands of one name. `Bus::builder().build()` does this too.
///
/// # Errors
/// [`Unwired`] with every problem found.
///
/// ```
/// bus::verify()?;
/// # Ok::<(), bus::Unwired>(())
/// ```
pub fn verify() -> Result<(), Unwired> {
    let problems = wiring();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Unwired(problems))
    }
}

impl Unwired {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}

/// The problems that do not depend on a bus.
fn wiring() -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut entries = registry().entries.into_iter().peekable();
    while let Some(entry) = entries.next() {
        if let Some(next) = entries.next_if(|next| {
            next.descriptor.name == entry.descriptor.name
                && next.descriptor.version == entry.descriptor.version
                && !same(next.descriptor, entry.descriptor)
        }) {
            problems.push(Problem::OneName(entry, next));
            continue;
        }
        match entry.handlers.len() {
            // A job may be stored here and run elsewhere.
            0 if entry.descriptor.kind == Kind::Job => {}
            0 => problems.push(Problem::NoHandler(entry)),
            1 => {}
            _ => problems.push(Problem::ManyHandlers(entry)),
        }
    }
    problems
}

/// Every handler that needs state which is not in `state`, after the problems of the wiring.
pub(crate) fn missing_state(state: &Extensions) -> Vec<Problem> {
    let mut problems = wiring();
    let mut missing: Vec<_> = inventory::iter::<Registration>
        .into_iter()
        .flat_map(|registration| {
            registration
                .needs
                .iter()
                .map(move |need| (registration, need()))
        })
        .filter(|(_, need)| {
            need.kind == NeedKind::State && !need.optional && !state.contains((need.type_id)())
        })
        .map(|(registration, need)| Problem::NoState {
            registration,
            needs: need.type_name,
        })
        .collect();
    missing.sort_by_key(|problem| match problem {
        Problem::NoState { registration, .. } => (registration.file, registration.line),
        _ => ("", 0),
    });
    problems.extend(missing);
    problems
}
