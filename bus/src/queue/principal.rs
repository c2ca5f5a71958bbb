//! How the principal travels with a job.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::command::Context;

/// Writes and reads the one type of principal of a bus.
#[derive(Clone, Copy)]
pub(crate) struct PrincipalCodec {
    encode: fn(&Context) -> Option<Result<String, serde_json::Error>>,
    decode: fn(&str, Context) -> Result<Context, serde_json::Error>,
}

impl PrincipalCodec {
    /// For principals of type `P`.
    pub(crate) fn of<P: Serialize + DeserializeOwned + Send + Sync + 'static>() -> Self {
        Self {
            encode: |cx| cx.principal::<P>().map(serde_json::to_string),
            decode: |text, cx| Ok(cx.with_principal(serde_json::from_str::<P>(text)?)),
        }
    }

    /// The principal of this context, if it has one of the type.
    pub(super) fn encode(&self, cx: &Context) -> Option<String> {
        let text = (self.encode)(cx)?;
        text.inspect_err(|error| tracing::error!(%error, "the principal cannot be encoded"))
            .ok()
    }

    /// The context with what [`encode`](Self::encode) made.
    pub(super) fn decode(&self, text: &str, cx: Context) -> Context {
        let before = cx.clone();
        (self.decode)(text, cx).unwrap_or_else(|error| {
            // Without a principal the handlers that need one refuse: the safe side.
            tracing::error!(%error, "the stored principal cannot be read");
            before
        })
    }
}

impl fmt::Debug for PrincipalCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrincipalCodec")
    }
}
