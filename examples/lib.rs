//! The examples are the `[[example]]` targets of this package; here is what they share.
mod folder;

pub use folder::Folder;
