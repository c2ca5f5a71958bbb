//! Runs every case of `pass/` and `fail/`.
