//! What does not fit together in a program.
use std::fmt;

/// Everything that is wrong with the wiring of this program, at once.
pub struct Unwired(pub(super) Vec<super::Problem>);

impl Unwired {
    /// Each problem in words, with file and line.
    pub fn problems(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(ToString::to_string)
    }
}

impl fmt::Display for Unwired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("a problem in the wiring")?,
            many => write!(f, "{many} problems in the wiring")?,
        }
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// As `Display`: it is what `fn main() -> Result<(), Box<dyn Error>>` prints.
impl fmt::Debug for Unwired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Unwired {}
