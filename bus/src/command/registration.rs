//! What the macros submit at link time: the declared commands, the linked handlers.
use super::contract::Command;
use super::descriptor::Descriptor;
use super::extract::{Need, NeedKind};

/// One `#[command]` or `#[job]` of the linked program.
#[derive(Debug)]
pub struct Declaration {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) output: fn() -> &'static str,
    pub(crate) error: fn() -> &'static str,
}

impl Declaration {
    /// That of `C`.
    pub const fn new<C: Command>() -> Self {
        Self {
            descriptor: C::DESCRIPTOR,
            output: std::any::type_name::<C::Output>,
            error: std::any::type_name::<C::Error>,
        }
    }
}

/// One `#[handler]` of the linked program.
#[derive(Debug)]
pub struct Registration {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) handler: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) needs: &'static [fn() -> Need],
    pub(crate) blocking: bool,
}

impl Registration {
    /// That of the handler `handler`, which takes a `C` and needs `needs` besides.
    pub const fn new<C: Command>(
        handler: &'static str,
        file: &'static str,
        line: u32,
        needs: &'static [fn() -> Need],
    ) -> Self {
        Self {
            descriptor: C::DESCRIPTOR,
            handler,
            file,
            line,
            needs,
            blocking: false,
        }
    }

    /// The same, of a plain function: a worker runs it where it may block.
    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }
}

/// Whether the handler of this command, or one that may be, sees who asks: it takes something
/// of the context.
pub(crate) fn sees_who_asks(command: &Descriptor) -> bool {
    inventory::iter::<Registration>
        .into_iter()
        .filter(|handler| handler.descriptor.name == command.name)
        .flat_map(|handler| handler.needs)
        .any(|need| need().kind != NeedKind::State)
}

inventory::collect!(Declaration);
inventory::collect!(Registration);
