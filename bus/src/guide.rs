//! From the first command to an application of several crates, in reading order.
//!
//! [errors]: crate::guide::errors
#![doc = include_str!("../../docs/guide.md")]

/// Every error of the macros by its number: cause and fix.
pub mod errors {
    #![doc = include_str!("../../docs/errors.md")]
}
