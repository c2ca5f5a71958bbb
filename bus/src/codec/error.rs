//! What can go wrong between a value and its bytes.

/// A value that cannot be encoded, or bytes that cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The value cannot be written.
    #[error("{type_name} cannot be encoded at `{path}`")]
    Encode {
        /// The Rust type.
        type_name: &'static str,
        /// Where in it, such as `items[3].price`; `.` is the value itself.
        path: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes are no such value.
    #[error("the stored bytes are no {type_name}: see `{path}`")]
    Decode {
        /// The Rust type.
        type_name: &'static str,
        /// Where in it, such as `items[3].price`; `.` is the value itself.
        path: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The headers are not readable.
    #[error("the stored headers cannot be read")]
    Headers(#[source] serde_json::Error),
    /// A packed value is damaged or of a format newer than this version.
    #[error("a packed envelope cannot be read: {what}")]
    Packed {
        /// What is wrong.
        what: &'static str,
    },
}
