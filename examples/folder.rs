//! What the examples share: a folder for files that are gone afterwards.
use std::path::PathBuf;

/// A folder that is removed with this value.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one for the example of this name.
    ///
    /// # Errors
    /// If the folder for temporary files can't be written.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("bus-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// The URL of a SQLite store in it.
    #[must_use]
    pub fn store(&self) -> String {
        format!("sqlite://{}", self.file("jobs.db").display())
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}
