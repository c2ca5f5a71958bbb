//! Keeps what is seldom there out of the code of what is always there.
use std::mem::ManuallyDrop;
use std::pin::Pin;

/// A boxed value that most futures do not have.
///
/// A future's drop code is part of every caller that could panic while it exists. Where
/// that code is too large to be compiled in place, the whole future lives in memory instead
/// of registers. So the rare value is dropped by one call and costs nothing else.
pub(super) struct Cold<T: ?Sized>(ManuallyDrop<Option<Pin<Box<T>>>>);

impl<T: ?Sized> Cold<T> {
    #[inline]
    pub(super) fn new(value: Pin<Box<T>>) -> Self {
        Self(ManuallyDrop::new(Some(value)))
    }

    /// The value; it is there until this is dropped.
    #[inline]
    pub(super) fn get_mut(&mut self) -> Pin<&mut T> {
        match &mut *self.0 {
            Some(value) => value.as_mut(),
            None => unreachable!("emptied only when dropped"),
        }
    }
}

impl<T: ?Sized> Drop for Cold<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // By value: a call that took the address of a part would keep all of the future in memory.
        if let Some(value) = self.0.take() {
            drop_cold(value);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_cold<T: ?Sized>(value: Pin<Box<T>>) {
    drop(value);
}
