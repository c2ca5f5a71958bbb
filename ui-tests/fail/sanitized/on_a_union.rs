//! Nobody knows which field is set.

#[bus::sanitized]
union Text {
    a: u32,
    b: u32,
}

fn main() {}
