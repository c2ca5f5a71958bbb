//! What a command looks like at rest.
//!
//! Responsible for: the envelope (name, version, headers, bytes) and turning values into its bytes
//! and back.
//!
//! Not responsible for: which handler a name means (`registry`), keeping it (`driver`).
//!
//! Invariants:
//! - What is packed here is in people's stores: a reader understands each format ever written.
//! - Any body is carried: empty, 8 MiB, NULs, not even JSON.

mod envelope;
mod error;
mod headers;
mod json;

pub use envelope::Envelope;
pub use error::CodecError;
pub use headers::Headers;
pub use json::{decode, encode};
