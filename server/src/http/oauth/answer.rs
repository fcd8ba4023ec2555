//! Answers as the standards have them: JSON, never cached, errors by their names.

use poem::Response;
use poem::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::http::headers::show_remedy;
use base::error::{Code, Error};
use domain::oauth::{Failure, Reason, Refused};

/// A body that is nobody else's.
pub fn json(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string())
}

pub fn failed(failure: &Failure) -> Response {
    match failure {
        Failure::Refused(refused) => refusal(refused),
        Failure::Error(error) => broken(error),
    }
}

fn refusal(refused: &Refused) -> Response {
    let status = match refused.reason {
        Reason::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    named(status, refused.reason.as_str(), &refused.detail)
}

/// What has no name in the standards for these addresses gets the nearest.
fn broken(error: &Error) -> Response {
    let (status, name) = match error.code() {
        Code::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
        Code::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        Code::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
        Code::UnsupportedCoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"),
        Code::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "invalid_request"),
        Code::BodyUnreadable => (StatusCode::BAD_REQUEST, "invalid_request"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    };
    let detail = match status {
        StatusCode::INTERNAL_SERVER_ERROR => {
            tracing::error!(cause = %error.cause_chain(), detail = error.detail(), "a request for a root key failed");
            "The server failed. Try again."
        }
        _ => error.detail(),
    };
    let mut response = named(status, name, detail);
    show_remedy(response.headers_mut(), error);
    response
}

fn named(status: StatusCode, name: &str, detail: &str) -> Response {
    json(status, &json!({ "error": name, "error_description": detail }))
}
