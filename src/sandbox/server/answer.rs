//! Answers with the bodies and types of the real servers: gin's, and the workspace runtime's.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// JSON as gin writes it.
pub(super) fn json(status: u16, body: &Value) -> Response {
    typed(status, "application/json; charset=utf-8", body.to_string())
}

/// `{"error": …}` as gin writes it.
pub(super) fn error(status: u16, text: &str) -> Response {
    json(status, &json!({"error": text}))
}

/// JSON that is serialised already.
pub(super) fn raw_json(bytes: Body) -> Response {
    typed(200, "application/json; charset=utf-8", bytes)
}

/// Gin's answer to a route that does not exist.
pub(super) fn no_route() -> Response {
    typed(404, "text/plain", "404 page not found")
}

/// The runtime's answer to a path that it does not have.
pub(super) fn not_found() -> Response {
    typed(404, "text/plain; charset=utf-8", "Not Found")
}

/// The runtime's answer to a method that a path does not have.
pub(super) fn not_allowed() -> Response {
    typed(405, "text/plain; charset=utf-8", "Method Not Allowed")
}

/// JSON as the runtime writes it.
pub(super) fn runtime_json(status: u16, body: &Value) -> Response {
    typed(status, "application/json", body.to_string())
}

/// An answer that asks to come back later.
pub(super) fn later(status: u16, seconds: u32, body: &Value) -> Response {
    let mut response = json(status, body);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Nothing but a status: the tenant guard.
pub(super) fn bare(status: u16) -> Response {
    status_of(status).into_response()
}

/// A body of a type.
pub(super) fn typed(status: u16, kind: &'static str, body: impl Into<Body>) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))];
    (status_of(status), headers, body.into()).into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
