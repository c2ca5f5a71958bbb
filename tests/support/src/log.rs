//! A list that scripted handlers and middleware write to.
use std::sync::{Arc, Mutex, PoisonError};

/// What happened, in order. Clones share one list: one goes into the bus as state.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        self.lock().push(line.into());
    }

    /// All lines so far; the list is empty then.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
