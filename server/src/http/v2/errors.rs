//! The v2 name and status of every error, and its envelope
//! (docs/contract/v2.md#error-envelope).

use base::ids::RequestId;
use bytes::Bytes;
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{ACCEPT, HeaderMap};
use serde::Serialize;

use crate::http::headers::show_remedy;
use crate::http::request_lifecycle::header;
use base::error::{Code, Error, Fault};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// How the content type of an error is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Negotiation {
    /// Failures of validation are always plain JSON.
    Json,
    /// Everything else is a problem document if the client asks for one.
    ByAccept,
}

#[derive(Serialize)]
struct Envelope<'a> {
    meta: MetaOut<'a>,
    error: ErrorOut<'a>,
}

#[derive(Serialize)]
struct MetaOut<'a> {
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    title: &'a str,
    detail: &'a str,
    status: u16,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FaultOut<'a>>>,
}

#[derive(Serialize)]
struct FaultOut<'a> {
    location: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

impl<'a> From<&'a Fault> for FaultOut<'a> {
    fn from(fault: &'a Fault) -> Self {
        Self { location: &fault.location, message: &fault.message, fix: fault.fix.as_deref() }
    }
}

/// Status and title of a code.
pub fn status(code: Code) -> (u16, &'static str) {
    use Code::*;
    match code {
        InvalidInput | AuthMissing | AuthMalformed | PortalTokenMissing | QuerySyntax | AnalyticsQuery
        | AnalyticsTable | AnalyticsFunction | AnalyticsQueryType | QueryRetention | BodyUnreadable => {
            (400, "Bad Request")
        }
        RootKeyNotFound | PortalSessionNotFound | SignInRefused | SessionOver => (401, "Unauthorized"),
        InsufficientPermissions => (403, "Insufficient Permissions"),
        Forbidden | RootKeyExpired => (403, "Forbidden"),
        KeyDisabled => (403, "Key is disabled"),
        WorkspaceDisabled => (403, "Workspace is disabled"),
        KeyNotFound | ApiNotFound | IdentityNotFound | PermissionNotFound | RoleNotFound
        | WorkspaceNotFound | MigrationNotFound | MemberNotFound | LinkNotFound | ViewNotFound
        | AuditEntryNotFound | NamespaceNotFound | OverrideNotFound | KeySpaceNotFound | PortalNotFound
        | WebhookNotFound | DeliveryNotFound | JobNotFound | RouteNotFound => (404, "Not Found"),
        MethodNotAllowed => (405, "Method Not Allowed"),
        RequestTimeout => (408, "Request Timeout"),
        IdentityExists | RoleExists | PermissionExists | KeyExists | RatelimitExists | PortalExists
        | IdempotencyConflict | EditConflict => (409, "Conflicting Resource"),
        NamespaceGone => (410, "Resource Gone"),
        ProtectedResource => (412, "Resource is protected"),
        PreconditionFailed | AnalyticsNotConfigured => (412, "Precondition Failed"),
        BodyTooLarge => (413, "Request Entity Too Large"),
        UnsupportedCoding => (415, "Unsupported Media Type"),
        QueryTimeout | QueryMemory | QueryRows => (422, "Unprocessable Entity"),
        WorkspaceRateLimited | UnknownKeysRateLimited | TooManyAttempts | QueryQuota => {
            (429, "Too Many Requests")
        }
        Unexpected => (500, "Internal Server Error"),
        ServiceUnavailable | AnalyticsUnavailable => (503, "Service Unavailable"),
    }
}

/// The response of a failed request, and its body. `base_url` is where its error
/// page lives.
pub fn respond(
    error: &Error,
    request_id: &RequestId,
    headers: &HeaderMap,
    base_url: &str,
    negotiation: Negotiation,
) -> (Response, Bytes) {
    let (status, title) = status(error.code());
    let has_faults = matches!(status, 400 | 408 | 413 | 415);
    let envelope = Envelope {
        meta: MetaOut { request_id: request_id.as_str() },
        error: ErrorOut {
            title,
            detail: error.detail(),
            status,
            kind: format!("{base_url}/docs/errors/{}", error.code().as_str().replace(':', "/")),
            errors: has_faults.then(|| error.faults().iter().map(FaultOut::from).collect()),
        },
    };
    let content_type = match negotiation {
        // The official SDKs recognise a 429 only in this form
        // (docs/decisions.md#every-429-is-a-problem-document).
        _ if status == 429 => PROBLEM,
        Negotiation::ByAccept if wants_problem(headers) => PROBLEM,
        _ => JSON,
    };
    let body = Bytes::from(serde_json::to_vec(&envelope).expect("an envelope is plain data"));
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).expect("the table holds valid statuses"))
        .content_type(content_type)
        .body(body.clone());
    show_remedy(response.headers_mut(), error);
    (response, body)
}

fn wants_problem(headers: &HeaderMap) -> bool {
    header(headers, &ACCEPT).is_some_and(|accept| {
        accept
            .split(',')
            .map(|range| range.split(';').next().unwrap_or_default().trim())
            .any(|range| matches!(range, "application/problem+json" | "application/*" | "*/*"))
    })
}

/// Input that is refused for one fault.
pub fn invalid(detail: &str, fault: Fault) -> Error {
    Error::invalid(detail).with_faults(vec![fault])
}

pub fn fault(location: &str, message: &str, fix: Option<&str>) -> Fault {
    Fault { location: location.to_owned(), message: message.to_owned(), fix: fix.map(ToOwned::to_owned) }
}
