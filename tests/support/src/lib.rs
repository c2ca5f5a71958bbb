//! Shared by the suite: scripted commands and jobs, servers, a database of its own for each test.
mod log;
mod script;

pub use log::Log;
pub use script::Script;
