//! The cases are in `pass/` and `fail/`; this library is empty.
