//! A SQLite file of its own for a test.
use super::name::{PREFIX, is_stale, unique};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A folder for one database file and what SQLite puts beside it; removed with this value.
#[derive(Debug)]
pub struct Sqlite {
    folder: PathBuf,
}

impl Sqlite {
    /// Makes the folder; the file is made by who opens it.
    ///
    /// # Panics
    /// If the folder for temporary files can't be written.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        static SWEPT: Once = Once::new();
        let temporary = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&temporary));
        let folder = temporary.join(unique());
        fs::create_dir(&folder)
            .unwrap_or_else(|error| panic!("{} can't be made: {error}", folder.display()));
        Self { folder }
    }

    /// The URL of the file.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    /// The path of the file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("test.db")
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Removes what killed runs left.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && is_stale(&name) {
            // Another process may sweep too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("a test could not clean up: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_gone_afterwards() {
        let sqlite = Sqlite::new();
        let folder = sqlite.folder().to_owned();
        fs::write(sqlite.path(), "x").unwrap();
        assert!(sqlite.url().starts_with("sqlite:///"));
        drop(sqlite);
        assert!(!folder.exists());
    }
}
