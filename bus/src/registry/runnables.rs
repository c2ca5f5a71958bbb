//! Which handler a stored name and version mean.

use std::collections::HashMap;

use super::erased::Runnable;
use super::list::same;
use crate::codec::Envelope;
use crate::command::{Declaration, Kind, Registration};

/// The jobs that this program can run, by stored name.
#[derive(Debug)]
pub(crate) struct Runnables(HashMap<&'static str, Vec<Entry>>);

/// One version of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) job: &'static Runnable,
    /// Its handler is a plain function.
    pub(crate) blocking: bool,
}

impl Runnables {
    /// Those that are linked now.
    pub(crate) fn linked() -> Self {
        let mut jobs: HashMap<_, Vec<_>> = HashMap::new();
        for job in inventory::iter::<Runnable> {
            let blocking = inventory::iter::<Registration>
                .into_iter()
                .any(|handler| handler.blocking && same(handler.descriptor, job.descriptor()));
            let entry = Entry { job, blocking };
            jobs.entry(job.descriptor().name).or_default().push(entry);
        }
        Self(jobs)
    }

    /// The one that runs this envelope.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn find(&self, envelope: &Envelope) -> Result<Entry, String> {
        let name = envelope.name.as_str();
        let Some(versions) = self.0.get(name) else {
            return Err(unknown(name));
        };
        let of = |entry: &&Entry| entry.job.descriptor().version == envelope.version;
        versions.iter().find(of).copied().ok_or_else(|| {
            let known: Vec<_> = versions
                .iter()
                .map(|entry| entry.job.descriptor().version.to_string())
                .collect();
            format!(
                "job `{name}` is stored in version {}, this program knows {}",
                envelope.version,
                known.join(", ")
            )
        })
    }
}

fn unknown(name: &str) -> String {
    let declared = inventory::iter::<Declaration>
        .into_iter()
        .any(|known| known.descriptor.kind == Kind::Job && known.descriptor.name == name);
    match declared {
        true => format!("no handler of job `{name}` is linked into this program"),
        false => format!("job `{name}` is not known to this program"),
    }
}
