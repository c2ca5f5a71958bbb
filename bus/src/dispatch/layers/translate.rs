//! `Translate`: makes another answer of the answer of one command.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use crate::command::{Answer, Command};
use std::fmt;

/// Makes another answer of every answer of one command; others pass untouched.
///
/// For what a caller should see otherwise than the handler said it: an error of a database
/// as one of the domain, a missing thing as a default.
///
/// ```standalone_crate
/// use bus::{Error, layers::Translate, prelude::*};
///
/// #[derive(Debug, PartialEq)]
/// enum FindError { NoSuchUser, Store(String) }
///
/// #[command(output = u32, error = FindError)]
/// struct AgeOf(&'static str);
///
/// #[handler]
/// fn age_of(_: AgeOf) -> Result<u32, FindError> {
///     Err(FindError::Store("row not found".into()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let absent = Translate::of::<AgeOf>(|answer| match answer {
///     Err(Error::Handler(FindError::Store(why))) if why == "row not found" => {
///         Err(Error::Handler(FindError::NoSuchUser))
///     }
///     other => other,
/// });
/// let bus = Bus::builder().middleware(absent).build().await?;
/// let error = bus.dispatch(AgeOf("ann")).await.unwrap_err();
/// assert_eq!(error.into_handler(), Some(FindError::NoSuchUser));
/// # Ok(()) }
/// ```
pub struct Translate {
    change: Box<dyn Fn(Call<'_>) -> Option<Verdict> + Send + Sync>,
}

impl Translate {
    /// Answers of `C` by what `change` makes of them.
    pub fn of<C: Command>(change: impl Fn(Answer<C>) -> Answer<C> + Send + Sync + 'static) -> Self {
        Self {
            change: Box::new(move |call| call.map_answer::<C>(&change)),
        }
    }
}

impl Middleware for Translate {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let verdict = next.run().await;
        (self.change)(call).unwrap_or(verdict)
    }
}

impl fmt::Debug for Translate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Translate")
    }
}
