//! The id of one dispatch.
use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// Names one dispatch, and through [`Context::correlation_id`](crate::Context::correlation_id)
/// all dispatches that one request led to.
///
/// 128 random bits, printed as 32 lower-case hexadecimal digits: a valid W3C trace id.
/// Making one takes a few nanoseconds and no system call.
///
/// ```
/// let id = bus::MessageId::new();
/// assert_eq!(id.to_string().len(), 32);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(u128);

impl MessageId {
    /// The id of no dispatch: that of the context outside any bus.
    pub const NIL: Self = Self(0);

    /// A new random id.
    #[expect(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self(random())
    }

    /// Whether this is [`NIL`](Self::NIL).
    pub fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// The 128 bits.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// The id with these bits.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }
}

/// 128 bits of SplitMix64 (Steele, Lea, Flood 2014), one stream a thread, each with a random
/// seed.
fn random() -> u128 {
    // Constant and without an end, so that a thread finds it without asking whether it is there.
    thread_local!(static STATE: Cell<Option<u64>> = const { Cell::new(None) });
    let first = STATE.get().unwrap_or_else(seed).wrapping_add(STEP);
    let second = first.wrapping_add(STEP);
    STATE.set(Some(second));
    (u128::from(mixed(first)) << 64) | u128::from(mixed(second))
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cold]
fn seed() -> u64 {
    RandomState::new().hash_one(std::thread::current().id())
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}
