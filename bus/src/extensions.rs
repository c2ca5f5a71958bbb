//! A map from a type to its value: the state of a bus, the extensions of a context.
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

type Value = Arc<dyn Any + Send + Sync>;

/// At most one value of each type.
///
/// ```
/// let mut extensions = bus::Extensions::default();
/// extensions.insert(7_u32);
/// assert_eq!(extensions.get::<u32>(), Some(&7));
/// assert_eq!(extensions.get::<u64>(), None);
/// ```
#[derive(Clone, Default)]
pub struct Extensions {
    values: HashMap<TypeId, (Value, &'static str), BuildHasherDefault<IdHasher>>,
    /// What stands around every dispatch of a bus. Apart, as each dispatch asks for it.
    around: Option<Value>,
}

impl Extensions {
    /// Stores `value`, replacing one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.insert_arc(Arc::new(value));
    }

    /// Stores a value that is shared already.
    pub fn insert_arc<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.values
            .insert(TypeId::of::<T>(), (value, std::any::type_name::<T>()));
    }

    /// The value of this type.
    #[inline]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values
            .get(&TypeId::of::<T>())
            .and_then(|(value, _)| value.downcast_ref())
    }

    /// The value of this type, owned.
    pub fn get_arc<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let (value, _) = self.values.get(&TypeId::of::<T>())?;
        Arc::clone(value).downcast().ok()
    }

    /// Puts `value` around every dispatch.
    pub(crate) fn set_around<T: Send + Sync + 'static>(&mut self, value: T) {
        self.around = Some(Arc::new(value));
    }

    /// Whether anything stands around every dispatch.
    pub(crate) fn has_around(&self) -> bool {
        self.around.is_some()
    }

    /// What stands around every dispatch, if it is of this type.
    #[inline]
    pub(crate) fn around<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.around.as_ref()?.downcast_ref()
    }

    /// Whether there is a value of the type with this id.
    pub fn contains(&self, id: TypeId) -> bool {
        self.values.contains_key(&id)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.values.values().map(|(_, name)| name))
            .finish()
    }
}

/// A `TypeId` is a hash already: hashing it again would cost more than the look-up.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}
