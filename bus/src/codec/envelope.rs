//! A command at rest: name, version, headers, bytes.

use bytes::Bytes;

use super::error::CodecError;
use super::headers::Headers;
use crate::id::CommandName;

/// A command as it is stored and sent.
///
/// ```
/// use bus::codec::Envelope;
/// use bus::id::CommandName;
/// let mail = Envelope::new(CommandName::from_static("shop::SendReceipt"), 1, r#"{"order":7}"#);
/// let packed = mail.pack().into();
/// assert_eq!(Envelope::unpack(&packed)?, mail);
/// # Ok::<(), bus::codec::CodecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The stored name of the command.
    pub name: CommandName,
    /// The version of the payload's shape, from 1 on.
    pub version: u16,
    /// The key that the body is encrypted with; `None`: it is not.
    pub key_id: Option<Box<str>>,
    /// What travels along; `None` if nothing.
    pub headers: Option<Box<Headers>>,
    /// The payload.
    pub body: Bytes,
}

/// The first byte of a packed envelope.
const FORMAT: u8 = 1;

impl Envelope {
    /// A plain envelope.
    #[must_use]
    pub fn new(name: CommandName, version: u16, body: impl Into<Bytes>) -> Self {
        Self {
            name,
            version,
            key_id: None,
            headers: None,
            body: body.into(),
        }
    }

    /// The same with these headers; empty ones are left out.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = (!headers.is_empty()).then(|| Box::new(headers));
        self
    }

    /// The whole envelope in one value, for stores that keep blobs. Column stores keep the fields.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.packed_len());
        self.pack_into(&mut packed);
        packed
    }

    /// What [`pack`](Self::pack) gives, appended.
    ///
    /// Format 1, lengths little-endian: format `u8`, version `u16`, then name, key id and headers
    /// (JSON) each as `u32` length and bytes (0: none), then the body to the end.
    pub fn pack_into(&self, packed: &mut Vec<u8>) {
        packed.push(FORMAT);
        packed.extend_from_slice(&self.version.to_le_bytes());
        let headers = self
            .headers
            .as_ref()
            .map(|headers| headers.to_json())
            .unwrap_or_default();
        for part in [
            self.name.as_str(),
            self.key_id.as_deref().unwrap_or_default(),
            &headers,
        ] {
            let length = u32::try_from(part.len()).expect("names and headers are below 4 GiB");
            packed.extend_from_slice(&length.to_le_bytes());
            packed.extend_from_slice(part.as_bytes());
        }
        packed.extend_from_slice(&self.body);
    }

    /// How long the packed envelope is, without headers.
    pub(crate) fn packed_len(&self) -> usize {
        let key = self.key_id.as_ref().map_or(0, |key| key.len());
        1 + 2 + 3 * 4 + self.name.as_str().len() + key + self.body.len()
    }

    /// Reads what [`pack`](Self::pack) made; the body shares the memory of `packed`.
    ///
    /// # Errors
    /// When it is cut short, no valid text, or of a newer format.
    pub fn unpack(packed: &Bytes) -> Result<Self, CodecError> {
        let mut rest = packed.as_ref();
        let [format] = *take::<1>(&mut rest)?;
        if format != FORMAT {
            return Err(CodecError::Packed {
                what: "its format is newer than this version",
            });
        }
        let version = u16::from_le_bytes(*take(&mut rest)?);
        let name = CommandName::new(take_text(&mut rest)?).map_err(|_| CodecError::Packed {
            what: "the name is not valid",
        })?;
        let key_id = Some(take_text(&mut rest)?)
            .filter(|key| !key.is_empty())
            .map(Box::from);
        let headers = match take_text(&mut rest)? {
            "" => None,
            json => Some(Box::new(Headers::from_json(json.as_bytes())?)),
        };
        let body = packed.slice(packed.len() - rest.len()..);
        Ok(Self {
            name,
            version,
            key_id,
            headers,
            body,
        })
    }
}

const CUT: CodecError = CodecError::Packed {
    what: "it is cut short",
};

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], CodecError> {
    let (part, left) = rest.split_first_chunk().ok_or(CUT)?;
    *rest = left;
    Ok(part)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, CodecError> {
    let length = usize::try_from(u32::from_le_bytes(*take(rest)?)).map_err(|_| CUT)?;
    let (part, left) = rest.split_at_checked(length).ok_or(CUT)?;
    *rest = left;
    std::str::from_utf8(part).map_err(|_| CodecError::Packed {
        what: "it holds text not in utf-8",
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_envelope_comes_back_whole(
            name in "[a-z:ö]{1,40}", version: u16, key in proptest::option::of("[a-z]{1,9}"),
            correlation in proptest::option::of(".*"), body: Vec<u8>,
        ) {
            let headers = Headers { correlation, ..Headers::default() };
            let mut envelope = Envelope::new(CommandName::new(name).unwrap(), version, body)
                .with_headers(headers);
            envelope.key_id = key.map(Box::from);
            prop_assert_eq!(Envelope::unpack(&envelope.pack().into()).unwrap(), envelope);
        }

        #[test]
        fn garbage_is_an_error_and_never_a_panic(bytes: Vec<u8>) {
            let _ = Envelope::unpack(&Bytes::from(bytes.clone()));
            let framed: Vec<u8> = [&[FORMAT], bytes.as_slice()].concat();
            let _ = Envelope::unpack(&framed.into());
        }
    }

    #[test]
    fn a_cut_or_newer_envelope_says_so() {
        let mail = Envelope::new(CommandName::from_static("m"), 1, "");
        let packed = mail.pack();
        for end in 0..packed.len() {
            let error = Envelope::unpack(&Bytes::copy_from_slice(&packed[..end])).unwrap_err();
            assert_eq!(
                error.to_string(),
                "a packed envelope cannot be read: it is cut short"
            );
        }
        let newer = [&[FORMAT + 1], &packed[1..]].concat();
        assert!(
            Envelope::unpack(&newer.into())
                .unwrap_err()
                .to_string()
                .contains("newer")
        );
    }
}
