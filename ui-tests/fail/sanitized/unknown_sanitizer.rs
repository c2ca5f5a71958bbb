//! A sanitizer that does not exist.

#[bus::sanitized]
struct Address {
    #[sanitize(trimm)]
    street: String,
}

fn main() {}
