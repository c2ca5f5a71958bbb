//! What a middleware is told by its user: which key a dispatch has, which failures matter.
use super::super::call::{Call, Failure};
use super::super::policy::{Key, key};
use std::hash::Hash;

/// The key that something is kept by.
pub(super) struct By(Box<dyn Fn(Call<'_>) -> Option<Key> + Send + Sync>);

impl By {
    /// That of a function of the dispatch; what has no key is let pass.
    pub(super) fn new<K: Hash>(of: impl Fn(Call<'_>) -> Option<K> + Send + Sync + 'static) -> Self {
        Self(Box::new(move |call| of(call).map(|fields| key(&fields))))
    }

    /// Each command by itself.
    pub(super) fn command() -> Self {
        Self::new(|call| Some(call.descriptor().name))
    }

    pub(super) fn of(&self, call: Call<'_>) -> Option<Key> {
        (self.0)(call)
    }
}

/// Which failures matter.
pub(super) type Filter = Box<dyn Fn(Call<'_>, Failure) -> bool + Send + Sync>;
