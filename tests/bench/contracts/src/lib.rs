//! Remote commands of the benchmark: dispatched by one crate, handled by another.

/// What all handlers of the benchmark fail with.
pub type Refused = &'static str;

/// The work of every case.
///
/// # Errors
/// If there is nothing to do.
#[inline]
pub fn price(sku: u32, quantity: u32) -> Result<u64, Refused> {
    match quantity {
        0 => Err("nothing"),
        n => Ok(u64::from(sku) * u64::from(n)),
    }
}

/// Handled by a plain function.
#[bus::command(remote, output = u64, error = Refused)]
#[derive(Debug)]
pub struct RemoteSync {
    /// What.
    pub sku: u32,
    /// How many.
    pub quantity: u32,
}

/// Handled by an `async` function.
#[bus::command(remote, output = u64, error = Refused)]
#[derive(Debug)]
pub struct RemoteAsync {
    /// What.
    pub sku: u32,
    /// How many.
    pub quantity: u32,
}
