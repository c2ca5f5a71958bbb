//! The fields that `per` names: what a key can be made of.
use std::hash::{Hash, Hasher};

/// A part of a key: what `per` asks for, in our words instead of those of `Hash`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can't be the key of a limit: `{Self}` is not `Hash` [BUS042]",
    label = "`per` names it",
    note = "name a field that identifies something, such as a number or a text (never a float), or derive `Hash` for `{Self}`"
)]
pub trait KeyField {
    fn add(&self, hasher: &mut impl Hasher);
}

#[diagnostic::do_not_recommend]
impl<T: Hash + ?Sized> KeyField for T {
    #[inline]
    fn add(&self, hasher: &mut impl Hasher) {
        self.hash(hasher);
    }
}

struct Part<'f, T: ?Sized>(&'f T);

impl<T: KeyField + ?Sized> Hash for Part<'_, T> {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.add(hasher);
    }
}

/// One field of a key. Its type is not named, so that a field that can't be one is told once.
#[inline]
pub fn field<T: KeyField + ?Sized>(field: &T) -> impl Hash {
    Part(field)
}
