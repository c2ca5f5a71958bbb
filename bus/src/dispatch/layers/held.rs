//! What the dispatches around a dispatch hold, so that it does not wait for its own parent.
use super::super::call::Call;
use std::sync::atomic::{AtomicU64, Ordering};

/// The extension of a context that lists what is held.
#[derive(Clone, Default)]
struct Held(Vec<u64>);

/// Names something that one dispatch holds and others wait for, unique in this process.
pub(super) fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Tells the dispatches inside this one that it holds `id`.
pub(super) fn hold(call: Call<'_>, id: u64) {
    call.update_context(|cx| {
        let mut held = cx.extension::<Held>().cloned().unwrap_or_default();
        held.0.push(id);
        cx.with_extension(held)
    });
}

/// Whether a dispatch around this one holds `id`.
pub(super) fn is_held(call: Call<'_>, id: u64) -> bool {
    let cx = call.context();
    cx.extension::<Held>()
        .is_some_and(|held| held.0.contains(&id))
}
