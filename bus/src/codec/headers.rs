//! What travels with a command beside its payload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::CodecError;

/// Where a command comes from and on whose behalf. Stored as JSON with short names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    /// The same for all that one request caused.
    #[serde(rename = "cor", skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The job or command that caused this one.
    #[serde(rename = "cau", skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// W3C trace context: `traceparent`.
    #[serde(rename = "tp", skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// W3C trace context: `tracestate`.
    #[serde(rename = "ts", skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    /// Who asked, encoded as JSON by the application.
    #[serde(rename = "pri", skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What the application wants to travel along.
    #[serde(rename = "bag", skip_serializing_if = "BTreeMap::is_empty")]
    pub baggage: BTreeMap<String, String>,
}

impl Headers {
    /// Nothing travels along.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings always serialise")
    }

    /// Reads what [`to_json`](Self::to_json) made; headers of newer versions are passed over.
    ///
    /// # Errors
    /// When it is no such JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, CodecError> {
        serde_json::from_slice(json).map_err(CodecError::Headers)
    }
}
