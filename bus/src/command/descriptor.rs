//! The facts that a declaration states, readable without running anything.

/// Whether a dispatch runs the handler here or stores the command for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `#[command]`: runs where it is dispatched.
    Command,
    /// `#[job]`: stored, and run by a worker.
    Job,
}

/// The facts that `#[command]` or `#[job]` states about a type.
///
/// Policies are kept as they were written, for listings; what they do is compiled in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Descriptor {
    /// The stored name: `crate::module::Type`, or what `name = "…"` says.
    pub name: &'static str,
    /// The version of the payload's shape; 1 when not declared.
    pub version: u16,
    /// Command or job.
    pub kind: Kind,
    /// Whether the handler may be in another crate.
    pub remote: bool,
    /// The file of the declaration.
    pub file: &'static str,
    /// The line of the declaration.
    pub line: u32,
    /// The declared policies, `(key, value as written)`, in the order they act.
    pub policies: &'static [(&'static str, &'static str)],
}

impl Descriptor {
    /// A local command without policies.
    pub const fn new(name: &'static str, version: u16, file: &'static str, line: u32) -> Self {
        Self {
            name,
            version,
            kind: Kind::Command,
            remote: false,
            file,
            line,
            policies: &[],
        }
    }

    /// The same, with its handler in any crate.
    #[must_use]
    pub const fn remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// The same, as a job.
    #[must_use]
    pub const fn job(mut self) -> Self {
        self.kind = Kind::Job;
        self
    }

    /// The same, with these policies.
    #[must_use]
    pub const fn policies(mut self, policies: &'static [(&'static str, &'static str)]) -> Self {
        self.policies = policies;
        self
    }

    /// The last part of the name: the type.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit("::").next().unwrap_or(self.name)
    }
}
