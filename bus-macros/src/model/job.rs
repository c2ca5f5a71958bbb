//! What only a `#[job]` declares.
use super::command::Set;
use super::policy::Period;
use proc_macro2::Ident;
use syn::Path;

/// The keys that a job has beside those of a command.
#[derive(Default)]
pub(crate) struct JobKeys {
    pub(crate) queue: Option<Set<String>>,
    pub(crate) priority: Option<Set<i16>>,
    pub(crate) delay: Option<Set<Period>>,
    pub(crate) retry_until: Option<Set<Period>>,
    pub(crate) retain: Option<Set<Period>>,
    pub(crate) tags: Option<Set<Vec<String>>>,
    pub(crate) on_failure: Option<Set<Path>>,
    pub(crate) no_retry: Option<Set<Vec<Path>>>,
    pub(crate) at_most_once: Option<Set<()>>,
    /// Which of serde's derives the type has already.
    pub(crate) serde: Derived,
}

/// The derives of the user's own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Derived {
    pub(crate) serialize: bool,
    pub(crate) deserialize: bool,
}

/// One variant's name alone means a variant of the declared error.
pub(crate) fn only_ident(path: &Path) -> Option<&Ident> {
    path.get_ident()
}
