//! Refusals at the level of HTTP, in the form of the protocol: a JSON-RPC error that
//! answers no message in particular.
//!
//! What a tool has to say against its call is a result of that tool, not one of these.

use bytes::Bytes;
use poem::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::http::{HeaderValue, StatusCode};
use poem::{Body, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::http::headers::show_remedy;
use base::error::{Code, Error};

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
/// The first of those that servers may give a meaning.
const REFUSED: i32 = -32000;

/// Why a request is turned away, and its number in the protocol.
pub struct Refusal {
    pub error: Error,
    number: i32,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let number = if error.code() == Code::InvalidInput { INVALID_REQUEST } else { REFUSED };
        Self { error, number }
    }
}

impl Refusal {
    /// Of a body that is no JSON.
    pub fn parse(fault: &serde_json::Error) -> Self {
        let error = Error::invalid(format!("The request body is not valid JSON: {fault}."));
        Self { error, number: PARSE_ERROR }
    }

    /// The response to a request of `path`; `failure` is status and body of the same
    /// failure in the offered contract.
    pub fn response(&self, app: &App, path: &str, failure: &(u16, Bytes)) -> Response {
        let asks = asks_for_credentials(self.error.code());
        let status = if asks { 401 } else { failure.0 };
        let data: Value = serde_json::from_slice(&failure.1).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = error_response(status, self.number, self.error.detail(), Some(data));
        let headers = response.headers_mut();
        show_remedy(headers, &self.error);
        if asks && let Ok(challenge) = HeaderValue::from_str(&challenge(app, path, self.error.code())) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Whether other credentials may help.
fn asks_for_credentials(code: Code) -> bool {
    matches!(code, Code::AuthMissing | Code::AuthMalformed | Code::RootKeyNotFound | Code::RootKeyExpired)
}

/// Where a client learns how to get credentials (RFC 9728), and what is wrong with
/// those it sent (RFC 6750). The document is about the very address that it called.
fn challenge(app: &App, path: &str, code: Code) -> String {
    let metadata = format!("{}/.well-known/oauth-protected-resource{path}", app.origin());
    match code {
        Code::AuthMissing => format!("Bearer resource_metadata=\"{metadata}\""),
        _ => format!("Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\""),
    }
}

/// What the library refuses in plain text, in the form of the protocol. A body that
/// is JSON but no message was sent in the right type all the same: that is a 400.
pub async fn in_protocol(response: Response) -> Response {
    let is_json = response.content_type().is_some_and(|kind| kind.starts_with("application/json"));
    let status = response.status();
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let text = body.into_string().await.unwrap_or_default();
    let is_message = text.starts_with(NO_MESSAGE);
    let text = if is_message { "The request body is no message of the protocol." } else { text.trim() };
    let (body, _) = error_body(INVALID_REQUEST, text, None);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_message {
        head.status = StatusCode::BAD_REQUEST;
    }
    Response::from_parts(head, Body::from(body))
}

/// How the library begins when it could read JSON and no message.
const NO_MESSAGE: &str = "fail to deserialize request body";

fn error_response(status: StatusCode, number: i32, message: &str, data: Option<Value>) -> Response {
    let (body, kind) = error_body(number, message, data);
    Response::builder().status(status).content_type(kind).body(body)
}

fn error_body(number: i32, message: &str, data: Option<Value>) -> (String, &'static str) {
    let mut error = json!({ "code": number, "message": message });
    if let Some(data) = data {
        error["data"] = data;
    }
    (json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string(), "application/json")
}
