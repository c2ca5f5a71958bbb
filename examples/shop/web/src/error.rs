//! From the reasons of the bus to status codes: one place for all routes.
use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bus::{BoxError, Error};
use serde_json::{Value, json};
use shop_contracts::ShopError;

/// An answer that is not 2xx.
pub(crate) struct ApiError {
    status: StatusCode,
    body: Value,
    header: Option<(HeaderName, String)>,
}

/// What the handler's own error means to a client.
pub(crate) trait Status {
    fn status(&self) -> StatusCode;
}

impl Status for ShopError {
    fn status(&self) -> StatusCode {
        match self {
            Self::OutOfStock { .. } => StatusCode::CONFLICT,
            Self::NoSuchOrder(_) => StatusCode::NOT_FOUND,
        }
    }
}

impl Status for BoxError {
    fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

impl<E: Status + std::fmt::Display> From<Error<E>> for ApiError {
    fn from(error: Error<E>) -> Self {
        let mut body = json!({ "error": error.to_string() });
        // Whole seconds, rounded up: earlier would be refused again.
        let header = error.retry_after().map(|wait| {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            (header::RETRY_AFTER, format!("{seconds:.0}"))
        });
        let status = match &error {
            Error::Invalid(invalid) => {
                let fields = invalid.fields();
                body["fields"] = fields
                    .iter()
                    .map(|(path, error)| json!({ "path": path, "code": error.code }))
                    .collect();
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Error::Denied(_) => StatusCode::FORBIDDEN,
            Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::CircuitOpen { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
            Error::Handler(error) => error.status(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            body,
            header,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some((name, value)) = self.header
            && let Ok(value) = value.parse()
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
