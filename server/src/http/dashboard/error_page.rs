//! Errors as pages: with which status, and what of them is said.

use base::ids::RequestId;
use poem::http::StatusCode;
use poem::{Request, Response};
use web::pages::error::{ErrorView, bare_error};
use web::texts::shell as text;

use super::page_frame::frame;
use super::reply::Reply;
use super::visitor_request::VisitorRequest;
use crate::app::App;
use base::error::Code::*;
use base::error::{Code, Error, Result};

/// Why there is no page, or not the one that was asked for.
pub enum Failure {
    /// A form that is not one that the session of its sender was shown.
    StaleForm,
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::StaleForm => StatusCode::FORBIDDEN,
            Self::Error(error) => status(error.code()),
        }
    }

    /// What the page says.
    pub fn view(&self, request_id: &RequestId) -> ErrorView {
        let Self::Error(error) = self else { return ErrorView::StaleForm };
        let message = error.detail().to_owned();
        match self.status() {
            StatusCode::FORBIDDEN => ErrorView::Forbidden { message },
            StatusCode::NOT_FOUND => ErrorView::NotFound,
            StatusCode::TOO_MANY_REQUESTS => ErrorView::TooMany { message },
            StatusCode::SERVICE_UNAVAILABLE => ErrorView::Unavailable { message },
            StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorView::Refused { message },
            _ => ErrorView::Internal { request_id: request_id.to_string() },
        }
    }

    /// Tells the log what is no fault of the sender.
    pub fn log(&self, request_id: &RequestId) {
        if let Self::Error(error) = self
            && self.status().is_server_error()
        {
            tracing::error!(request_id = %request_id, code = error.code().as_str(),
                detail = error.detail(), cause = %error.cause_chain(), "a page failed");
        }
    }
}

/// How an error is answered.
fn status(code: Code) -> StatusCode {
    match code {
        InsufficientPermissions | Forbidden | WorkspaceDisabled | KeyDisabled => StatusCode::FORBIDDEN,
        KeyNotFound
        | ApiNotFound
        | IdentityNotFound
        | PermissionNotFound
        | RoleNotFound
        | WorkspaceNotFound
        | MigrationNotFound
        | MemberNotFound
        | LinkNotFound
        | ViewNotFound
        | AuditEntryNotFound
        | NamespaceNotFound
        | NamespaceGone
        | OverrideNotFound
        | KeySpaceNotFound
        | JobNotFound
        | PortalSessionNotFound
        | RouteNotFound
        | RootKeyNotFound => StatusCode::NOT_FOUND,
        PortalNotFound | WebhookNotFound | DeliveryNotFound => StatusCode::NOT_FOUND,
        TooManyAttempts | QueryQuota | WorkspaceRateLimited => StatusCode::TOO_MANY_REQUESTS,
        SessionOver | PortalTokenMissing => StatusCode::UNAUTHORIZED,
        EditConflict => StatusCode::CONFLICT,
        BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        UnsupportedCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ServiceUnavailable | AnalyticsUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
        InvalidInput
        | ProtectedResource
        | PreconditionFailed
        | AuthMissing
        | AuthMalformed
        | SignInRefused
        | RootKeyExpired
        | PortalExists
        | IdentityExists
        | RoleExists
        | PermissionExists
        | KeyExists
        | RatelimitExists
        | AnalyticsNotConfigured
        | AnalyticsQuery
        | AnalyticsTable
        | AnalyticsFunction
        | AnalyticsQueryType
        | QueryRetention
        | QueryTimeout
        | QueryMemory
        | QueryRows
        | QuerySyntax
        | BodyUnreadable
        | RequestTimeout
        | UnknownKeysRateLimited
        | IdempotencyConflict
        | MethodNotAllowed => StatusCode::BAD_REQUEST,
    }
}

/// The page for a request that is not carried out.
pub fn unavailable(app: &App, request: &Request, error: &Error) -> Response {
    let (frame, _) = frame(app, request.headers(), None, request.uri().path(), app.clock.now_ms());
    let view = ErrorView::Unavailable { message: error.detail().to_owned() };
    Reply::page_with_status(status(error.code()), bare_error(&frame, &view, false))
        .remedy(error)
        .into_response(&app.config, false)
}

/// Whatever has no page.
pub async fn not_found(_: VisitorRequest) -> Result<Reply> {
    Err(Error::absent(Code::RouteNotFound))
}

/// A link that leads nowhere: unknown, used or too old.
pub fn closed_link(request: &VisitorRequest) -> Reply {
    let message = text::LINK_IS_OVER;
    let view = ErrorView::Refused { message: message.to_owned() };
    Reply::page_with_status(StatusCode::NOT_FOUND, bare_error(&request.frame, &view, request.who.is_some()))
}
