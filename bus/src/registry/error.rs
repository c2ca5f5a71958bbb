//! What does not fit together in a program.
use std::fmt;

/// Everything that is wrong with the wiring of this program, at once.
#[derive(Debug)]
pub struct Unwired(pub(super) Vec<super::Problem>);

impl Unwired {
    /// Each problem in words, with file and line.
    pub fn problems(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(ToString::to_string)
    }
}

impl fmt::Display for Unwired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problems in the wiring", self.0.len())?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Unwired {}
