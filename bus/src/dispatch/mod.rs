//! Running a command here and now, typed, behind its policies and middleware.
//!
//! - responsible for: the current context, static routes, declared policies, middleware,
//!   local limits
//! - not responsible for: serialisation, jobs, drivers
//! - invariant: a command without policies costs its handler's call while nothing that
//!   could tell a difference (a middleware, a scope, a handler that reads its context) exists
mod call;
mod chain;
mod cold;
mod current;
mod end;
pub mod layers;
mod middleware;
mod next;
pub mod policy;
mod route;
mod run;
mod slot;
mod words;

pub use call::{Call, Failure, Verdict, WrongType};
pub(crate) use chain::Stack;
pub use chain::{Chain, Listed, NotMiddleware, Row, Tail, chain, middleware};
pub use current::Scope;
pub(crate) use current::{
    bus_installed, bus_made, context_made, next as next_context, next_on as next_context_on,
};
pub use middleware::Middleware;
pub use next::{Next, Running};
pub use route::{
    AllFromContext, InjectedCall, NotInjectable, Started, call, finish, route, routed,
};
pub use run::{Dispatch, Here, Way, layered, run, run_in};
pub use slot::{AnySlot, Slot};
