//! Which handler a stored name and version mean.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::erased::Runnable;
use super::list::same;
use crate::codec::Envelope;
use crate::command::{Declaration, Kind, Registration};

/// The jobs that this program can run, by stored name.
#[derive(Debug)]
pub(crate) struct Runnables(Names);

type Names = HashMap<&'static str, Vec<Entry>, BuildHasherDefault<NameHasher>>;

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
        let mut jobs = Names::default();
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

/// The keys are the program's own and never change, so nobody can make them collide: the hash need
/// only be fast, as each job asks for one. Eight bytes a step, by the constant of FxHash.
#[derive(Default)]
struct NameHasher(u64);

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        // The table takes the upper bits to tell entries apart and the lower ones to place them.
        self.0.rotate_left(26)
    }
}
