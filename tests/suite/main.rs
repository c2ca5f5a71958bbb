//! The one test binary: a module a behaviour.
mod layers;
mod middleware;
