//! The provided middleware, one a file.
