//! The list of commands and their handlers.
use crate::command::{Declaration, Descriptor, Kind, Need, NeedKind, Registration};
use std::fmt;

/// One handler of a command.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerEntry {
    /// The path of the function.
    pub name: &'static str,
    /// The file of the handler.
    pub file: &'static str,
    /// The line of the handler.
    pub line: u32,
    /// What is injected into it.
    pub needs: Vec<Need>,
}

/// One command or job, with its handlers: one, none or too many.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The facts of the declaration.
    pub descriptor: &'static Descriptor,
    /// The type of the output.
    pub output: &'static str,
    /// The type of the error.
    pub error: &'static str,
    /// Its handlers that are linked into this program.
    pub handlers: Vec<HandlerEntry>,
}

/// All commands and handlers of this program, ordered by name.
#[derive(Debug)]
#[non_exhaustive]
pub struct Registry {
    /// The commands and jobs.
    pub entries: Vec<Entry>,
}

/// Lists what is linked into this program.
///
/// ```
/// use bus::prelude::*;
///
/// #[command(name = "universe.answer", output = u32, timeout = "1s")]
/// struct Answer;
///
/// #[handler]
/// async fn answer(_: Answer) -> u32 { 42 }
///
/// let registry = bus::registry();
/// let entry = registry.get("universe.answer").expect("it is linked");
/// assert_eq!(entry.output, "u32");
/// println!("{registry}");
/// ```
pub fn registry() -> Registry {
    let mut entries: Vec<Entry> = inventory::iter::<Declaration>
        .into_iter()
        .map(|declaration| Entry {
            descriptor: declaration.descriptor,
            output: (declaration.output)(),
            error: (declaration.error)(),
            handlers: handlers(declaration.descriptor),
        })
        .collect();
    entries.sort_by_key(|entry| (entry.descriptor.name, entry.descriptor.version));
    Registry { entries }
}

fn handlers(command: &'static Descriptor) -> Vec<HandlerEntry> {
    let mut handlers: Vec<HandlerEntry> = inventory::iter::<Registration>
        .into_iter()
        .filter(|handler| same(handler.descriptor, command))
        .map(|handler| HandlerEntry {
            name: handler.handler,
            file: handler.file,
            line: handler.line,
            needs: handler.needs.iter().map(|need| need()).collect(),
        })
        .collect();
    handlers.sort_by_key(|handler| (handler.file, handler.line));
    handlers
}

/// A constant may be instantiated more than once, so the address alone does not tell.
pub(super) fn same(a: &Descriptor, b: &Descriptor) -> bool {
    std::ptr::eq(a, b) || (a.name, a.file, a.line) == (b.name, b.file, b.line)
}

impl Registry {
    /// The entry with this stored name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.descriptor.name == name)
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            write!(f, "{entry}")?;
        }
        let handlers: usize = self.entries.iter().map(|entry| entry.handlers.len()).sum();
        writeln!(f, "{} commands, {handlers} handlers", self.entries.len())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.descriptor;
        write!(f, "{}", command.name)?;
        if command.version > 1 {
            write!(f, " v{}", command.version)?;
        }
        if command.kind == Kind::Job {
            f.write_str(" (job)")?;
        }
        if command.remote {
            f.write_str(" (remote)")?;
        }
        writeln!(f, " -> {}", short(self.output))?;
        for (key, value) in command.policies {
            match value.is_empty() {
                true => writeln!(f, "    {key}")?,
                false => writeln!(f, "    {key} = {value}")?,
            }
        }
        if self.handlers.is_empty() {
            writeln!(
                f,
                "    no handler is linked ({}:{})",
                command.file, command.line
            )?;
        }
        for handler in &self.handlers {
            write!(
                f,
                "    by {} ({}:{})",
                handler.name, handler.file, handler.line
            )?;
            for (index, need) in handler.needs.iter().enumerate() {
                f.write_str(if index == 0 { ", takes " } else { ", " })?;
                let name = short(need.type_name);
                match need.kind {
                    NeedKind::Principal => write!(f, "principal {name}")?,
                    _ => f.write_str(&name)?,
                }
                if need.optional {
                    f.write_str("?")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A type's name without the paths: `Result<Vec<Order>, Error>`.
pub(super) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut word = 0;
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            short.truncate(word);
            rest = after;
            continue;
        }
        short.push(c);
        if !(c.is_alphanumeric() || c == '_') {
            word = short.len();
        }
        rest = &rest[c.len_utf8()..];
    }
    short
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn paths_are_cut() {
        assert_eq!(
            short("core::result::Result<alloc::vec::Vec<app::Order>, (u8, app::a::Error)>"),
            "Result<Vec<Order>, (u8, Error)>"
        );
        assert_eq!(short("()"), "()");
    }
}
