//! Taking a script's answer apart.

use redis::{ErrorKind, RedisError, Value};

/// The answers of a script are arrays of fixed shape; anything else is another's script or server.
#[derive(Debug)]
pub(super) struct Reply(std::vec::IntoIter<Value>);

impl Reply {
    /// The parts of an array.
    pub(super) fn new(value: Value) -> Result<Self, RedisError> {
        match value {
            Value::Array(parts) => Ok(Self(parts.into_iter())),
            _ => Err(unexpected()),
        }
    }

    fn part(&mut self) -> Result<Value, RedisError> {
        self.0.next().ok_or_else(unexpected)
    }

    /// The next part, some bytes.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, RedisError> {
        bytes(self.part()?)
    }

    /// The next part, a number.
    pub(super) fn number(&mut self) -> Result<u64, RedisError> {
        match self.part()? {
            Value::Int(number) => u64::try_from(number).map_err(|_| unexpected()),
            other => {
                let digits = String::from_utf8(bytes(other)?).map_err(|_| unexpected())?;
                digits.parse().map_err(|_| unexpected())
            }
        }
    }

    /// The next part, an array.
    pub(super) fn array(&mut self) -> Result<Self, RedisError> {
        Self::new(self.part()?)
    }

    /// The next part, an array of bytes, each made into something; what it is not is passed over.
    pub(super) fn each<T>(
        &mut self,
        make: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, RedisError> {
        let mut all = Vec::new();
        for part in self.array()?.0 {
            all.extend(make(&bytes(part)?));
        }
        Ok(all)
    }

    /// Nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    /// How many parts are left.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A value that is some bytes.
pub(super) fn bytes(value: Value) -> Result<Vec<u8>, RedisError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Okay => Ok(b"OK".to_vec()),
        _ => Err(unexpected()),
    }
}

fn unexpected() -> RedisError {
    (
        ErrorKind::UnexpectedReturnType,
        "the answer has another shape",
    )
        .into()
}
