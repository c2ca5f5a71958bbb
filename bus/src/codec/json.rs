//! JSON, the one format of payloads and outputs.

use std::any::type_name;
use std::cell::Cell;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::CodecError;

/// Encodes a payload or an output.
///
/// # Errors
/// When `Serialize` refuses: a map with keys that are no strings, or an error of the type's own.
/// The error names the type and the path to the field.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, CodecError> {
    // Taken, not borrowed: the value's own code may come by here again.
    let mut scratch = SCRATCH.take();
    scratch.clear();
    let written = serde_json::to_writer(&mut scratch, value).map(|()| compact(&scratch));
    // One large payload must not occupy a thread's memory for good.
    scratch.shrink_to(KEPT);
    SCRATCH.set(scratch);
    match written {
        Ok(bytes) => Ok(bytes),
        // Tracking the path costs time, so only a value that failed is asked again where.
        Err(source) => Err(CodecError::Encode {
            type_name: type_name::<T>(),
            path: encode_path(value),
            source,
        }),
    }
}

thread_local! {
    /// Where values are written before their length is known.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// So much of the scratch space stays with a thread.
const KEPT: usize = 16 * 1024;

/// The bytes in as few allocations as can be. A payload is stored, taken and run, so it is shared
/// always, and most are short: those lie in one piece with their count.
fn compact(bytes: &[u8]) -> Bytes {
    match bytes.len() {
        0..64 => Bytes::from_owner(Short::<63>::of(bytes)),
        64..128 => Bytes::from_owner(Short::<127>::of(bytes)),
        128..256 => Bytes::from_owner(Short::<255>::of(bytes)),
        _ => Bytes::copy_from_slice(bytes),
    }
}

/// Up to `N` bytes, in place.
struct Short<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Short<N> {
    fn of(bytes: &[u8]) -> Self {
        let mut short = Self {
            length: u8::try_from(bytes.len()).expect("the caller has compared the length"),
            bytes: [0; N],
        };
        short.bytes[..bytes.len()].copy_from_slice(bytes);
        short
    }
}

impl<const N: usize> AsRef<[u8]> for Short<N> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

fn encode_path<T: Serialize + ?Sized>(value: &T) -> String {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Serializer::new(std::io::sink());
    // The first pass has failed; this one only fills the track.
    drop(value.serialize(serde_path_to_error::Serializer::new(&mut json, &mut track)));
    track.path().to_string()
}

/// Decodes what [`encode`] made.
///
/// ```
/// let error = bus::codec::decode::<Vec<u8>>(b"[1, 2, 300]").unwrap_err();
/// assert!(error.to_string().ends_with("see `[2]`"));
/// ```
///
/// # Errors
/// When the bytes are no JSON or not of this type; the error names the type and the path.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    // Text that is known to be text is not checked again string by string.
    let value = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    value.map_err(|source| {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let path = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(error) => error.path().to_string(),
            // The value itself is good, so what follows it is not.
            Ok(_) => ".".to_owned(),
        };
        CodecError::Decode {
            type_name: type_name::<T>(),
            path,
            source,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Item {
        price: u32,
    }

    #[test]
    fn values_survive() {
        let order = Order {
            items: vec![Item { price: 7 }],
        };
        assert_eq!(decode::<Order>(&encode(&order).unwrap()).unwrap(), order);
        decode::<()>(&encode(&()).unwrap()).unwrap();
    }

    #[test]
    fn payloads_of_all_lengths_survive_and_may_be_made_within_each_other() {
        for length in [0, 1, 61, 62, 63, 125, 126, 253, 254, 255, 256, 70_000] {
            let text = "x".repeat(length);
            assert_eq!(decode::<String>(&encode(&text).unwrap()).unwrap(), text);
        }
        struct Nested;
        impl Serialize for Nested {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_u64(encode("inner").unwrap().len() as u64)
            }
        }
        assert_eq!(encode(&[Nested, Nested]).unwrap(), "[7,7]");
    }

    #[test]
    fn an_error_names_the_type_and_the_path() {
        let error = decode::<Order>(br#"{"items":[{"price":1},{"price":"x"}]}"#).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("Order") && text.ends_with("see `items[1].price`"),
            "{text}"
        );
        let error = decode::<Order>(br#"{"items":[]} x"#).unwrap_err();
        assert!(error.to_string().ends_with("see `.`"), "{error}");
        let error = encode(&[BTreeMap::from([(vec![1], 1)])]).unwrap_err();
        assert!(
            error.to_string().ends_with("cannot be encoded at `[0]`"),
            "{error}"
        );
    }
}
