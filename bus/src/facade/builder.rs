//! Puts a bus together and checks that every linked handler finds what it needs.
use super::bus::Bus;
use crate::dispatch::{Middleware, Stack, erase};
use crate::extensions::Extensions;
use crate::registry::{Unwired, missing_state};
use std::sync::Arc;

/// Puts a [`Bus`] together.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    state: Extensions,
    stack: Stack,
    partial: bool,
}

impl Builder {
    /// Gives the bus a value for handlers to take as `&T` or `State<T>`; one of the same
    /// type is replaced.
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.state.insert(state);
        self
    }

    /// Gives the bus a value that is shared already.
    pub fn state_arc<T: Send + Sync + 'static>(mut self, state: Arc<T>) -> Self {
        self.state.insert_arc(state);
        self
    }

    /// Puts a middleware around every dispatch, inside those given before.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.stack.push(erase(middleware));
        self
    }

    /// Admits handlers whose state is not given: dispatching to one answers
    /// `Error::Missing`. For tests that exercise a part of a program.
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Checks the wiring and makes the bus.
    ///
    /// # Errors
    /// [`Unwired`] with everything that is missing, each with its file and line.
    pub async fn build(mut self) -> Result<Bus, Unwired> {
        if !self.partial {
            let problems = missing_state(&self.state);
            if !problems.is_empty() {
                return Err(Unwired::new(problems));
            }
        }
        if !self.stack.as_slice().is_empty() {
            self.state.insert(self.stack);
        }
        Ok(Bus::new(self.state))
    }
}
