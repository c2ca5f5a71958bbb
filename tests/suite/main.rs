//! The one test binary: a module a behaviour.

mod drivers;
