//! The v1 name and status of every error, the texts its contract fixes, and its
//! envelope (docs/contract/v1.md#error-envelope, docs/decisions.md#errors).

use bytes::Bytes;
use std::borrow::Cow;

use poem::Response;
use poem::http::StatusCode;
use serde::Serialize;

use super::reply::{ResponseContext, encode};
use crate::http::headers::show_remedy;
use base::error::{Code, Error, Result};

#[derive(Serialize)]
struct Envelope<'a> {
    error: ErrorOut<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorOut<'a> {
    code: &'a str,
    docs: String,
    message: &'a str,
    request_id: &'a str,
}

/// Status and v1 code of an error.
pub fn status(code: Code) -> (u16, &'static str) {
    match code {
        Code::InvalidInput
        | Code::QuerySyntax
        | Code::AnalyticsQuery
        | Code::AnalyticsTable
        | Code::AnalyticsFunction
        | Code::AnalyticsQueryType
        | Code::QueryRetention
        | Code::QueryTimeout
        | Code::QueryMemory
        | Code::QueryRows
        | Code::BodyUnreadable => (400, "BAD_REQUEST"),
        Code::AuthMissing
        | Code::AuthMalformed
        | Code::RootKeyNotFound
        | Code::PortalTokenMissing
        | Code::PortalSessionNotFound
        | Code::SignInRefused
        | Code::SessionOver => (401, "UNAUTHORIZED"),
        Code::InsufficientPermissions => (403, "INSUFFICIENT_PERMISSIONS"),
        Code::Forbidden | Code::WorkspaceDisabled => (403, "FORBIDDEN"),
        Code::KeyDisabled => (403, "DISABLED"),
        Code::RootKeyExpired => (403, "EXPIRED"),
        Code::KeyNotFound
        | Code::ApiNotFound
        | Code::IdentityNotFound
        | Code::PermissionNotFound
        | Code::RoleNotFound
        | Code::WorkspaceNotFound
        | Code::MigrationNotFound
        | Code::NamespaceNotFound
        | Code::NamespaceGone
        | Code::OverrideNotFound
        | Code::KeySpaceNotFound
        | Code::PortalNotFound
        | Code::WebhookNotFound
        | Code::DeliveryNotFound
        | Code::MemberNotFound
        | Code::LinkNotFound
        | Code::ViewNotFound
        | Code::AuditEntryNotFound
        | Code::JobNotFound
        | Code::RouteNotFound => (404, "NOT_FOUND"),
        Code::MethodNotAllowed => (405, "METHOD_NOT_ALLOWED"),
        Code::RequestTimeout => (408, "BAD_REQUEST"),
        Code::IdentityExists
        | Code::RoleExists
        | Code::PermissionExists
        | Code::KeyExists
        | Code::RatelimitExists
        | Code::PortalExists
        | Code::IdempotencyConflict
        | Code::EditConflict => (409, "CONFLICT"),
        Code::PreconditionFailed | Code::AnalyticsNotConfigured => (412, "PRECONDITION_FAILED"),
        Code::BodyTooLarge => (413, "BAD_REQUEST"),
        Code::UnsupportedCoding => (415, "BAD_REQUEST"),
        Code::ProtectedResource => (429, "DELETE_PROTECTED"),
        Code::WorkspaceRateLimited
        | Code::UnknownKeysRateLimited
        | Code::TooManyAttempts
        | Code::QueryQuota => (429, "TOO_MANY_REQUESTS"),
        Code::Unexpected => (500, "INTERNAL_SERVER_ERROR"),
        Code::ServiceUnavailable | Code::AnalyticsUnavailable => (503, "INTERNAL_SERVER_ERROR"),
    }
}

/// The texts of v1 for what can happen to any request
/// (docs/contract/v1.md#root-key).
fn message(error: &Error) -> Cow<'_, str> {
    Cow::Borrowed(match error.code() {
        Code::AuthMissing => "key required",
        Code::RootKeyNotFound => "key not found",
        Code::WorkspaceDisabled => "workspace is disabled",
        Code::KeyDisabled => "the key is disabled",
        Code::RootKeyExpired => "the key has expired",
        _ => error.detail(),
    })
}

/// The response of a failed request. `base_url` is where its error page lives.
/// Its body comes beside it, for the request log.
pub fn respond(error: &Error, context: &ResponseContext<'_>, base_url: &str) -> (Response, Bytes) {
    let (status, code) = status(error.code());
    let envelope = Envelope {
        error: ErrorOut {
            code,
            docs: format!("{base_url}/docs/api-reference/errors/code/{code}"),
            message: &message(error),
            request_id: context.request_id.as_str(),
        },
    };
    let status = StatusCode::from_u16(status).expect("the table holds valid statuses");
    let limited_by = (error.code() == Code::WorkspaceRateLimited).then_some("api requests");
    let body = Bytes::from(encode(&envelope, context.pretty));
    let mut response = context.respond(status, body.clone(), limited_by);
    show_remedy(response.headers_mut(), error);
    (response, body)
}

/// Says a failure in the words of the contract.
pub trait Tell<T> {
    /// Replaces what a failure with this code says.
    fn telling(self, code: Code, text: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Tell<T> for Result<T> {
    fn telling(self, code: Code, text: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| if error.code() == code { Error::new(code, text()) } else { error })
    }
}
