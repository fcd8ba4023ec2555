//! Who calls: the bearer token or the session cookie, and the budget it is
//! charged to (docs/contract/v2.md#credentials,
//! docs/contract/v2.md#request-budget).

use std::sync::Arc;

use base::ids::WorkspaceId;
use poem::http::header::{AUTHORIZATION, HeaderMap, HeaderName, USER_AGENT};

use super::errors::{fault, invalid};
use crate::app::App;
use crate::http::headers::{PORTAL_SESSION, cookie};
use crate::http::openapi::Access;
use crate::http::request_lifecycle::{RequestStart, header};
use crate::http::request_log::Caller;
use base::access::{Door, OpCtx, Principal};
use base::error::{Code, Error, Result};
use domain::root_keys::Budget;

/// `disabled` keeps a call out of the analytics (docs/contract/v2.md#limit).
static METRICS: HeaderName = HeaderName::from_static("x-unkey-metrics");

/// The root key behind the bearer token (docs/contract/v2.md#credentials), one
/// request of its budget charged.
pub(super) async fn authenticate(
    app: &Arc<App>,
    door: Door,
    call: &RequestStart,
    headers: &HeaderMap,
) -> Result<(OpCtx, Option<Budget>)> {
    let token = bearer(headers)?;
    let authenticated = match app.root_keys.authenticate_cached(token, call.address.known(), call.now_ms) {
        Some(outcome) => outcome?,
        // In a box, as each request would move its state.
        None => Box::pin(app.root_keys.authenticate(token, call.address.known(), call.now_ms)).await?,
    };
    let budget = match authenticated.is_limited() {
        true => app.root_keys.charge(&authenticated, call.now_ms).await?,
        false => None,
    };
    let principal = Principal::RootKey(authenticated.principal);
    Ok((context(door, call, headers, principal, authenticated.workspace), budget))
}

/// The end user behind the session cookie
/// (docs/contract/v2.md#portal-sessions).
pub(super) async fn portal_user(
    app: &Arc<App>,
    door: Door,
    call: &RequestStart,
    headers: &HeaderMap,
) -> Result<(OpCtx, Option<Budget>)> {
    let token = cookie(headers, PORTAL_SESSION).unwrap_or_default();
    if token.is_empty() {
        let detail = "The portal session cookie is empty.";
        return Err(Error::new(Code::PortalTokenMissing, detail));
    }
    let session = Box::pin(app.portals.authenticate(token, call.now_ms)).await?;
    Ok((context(door, call, headers, session.principal(), session.workspace.clone()), None))
}

/// The root key behind the bearer token if it is in memory, for the request log:
/// requests that are not logged need not carry it to their end, and one that was
/// refused for its body was not authenticated.
pub(super) fn caller(app: &App, call: &RequestStart, headers: &HeaderMap) -> Caller {
    let known = bearer(headers)
        .ok()
        .and_then(|token| app.root_keys.authenticate_cached(token, call.address.known(), call.now_ms)?.ok());
    known.map_or_else(Caller::default, |known| Caller {
        workspace: known.workspace.into_string(),
        root_key: Some(known.principal.id.to_string()),
    })
}

pub(super) fn context(
    door: Door,
    call: &RequestStart,
    headers: &HeaderMap,
    principal: Principal,
    workspace: WorkspaceId,
) -> OpCtx {
    let unrecorded = headers.get(&METRICS).is_some_and(|value| value == "disabled");
    let cx = OpCtx::new(principal, workspace, call.now_ms, call.request_id.clone(), door)
        .from_client(call.address, header(headers, &USER_AGENT));
    OpCtx { unrecorded, ..cx }
}

/// The credentials must be there at all; whether they are good comes later
/// (docs/contract/v2.md#request-order).
pub(super) fn check_security(access: Access, headers: &HeaderMap) -> Result<()> {
    let has_bearer = headers.contains_key(AUTHORIZATION);
    let missing =
        |detail: &str, message: &str, fix: &str| Err(invalid(detail, fault("security", message, Some(fix))));
    match access {
        Access::RootKey if !has_bearer => missing(
            "Authorization header for 'bearer' scheme",
            "The Authorization header is missing",
            "Send 'Authorization: Bearer <root key>'",
        ),
        // A bearer token makes the cookie count for nothing.
        Access::PortalSession if has_bearer || cookie(headers, PORTAL_SESSION).is_none() => missing(
            "Cookie 'portal_session'",
            "The portal session cookie is missing, or an Authorization header was sent beside it",
            "Send the cookie 'portal_session' and no Authorization header",
        ),
        _ => Ok(()),
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let value = header(headers, &AUTHORIZATION).unwrap_or_default().trim();
    let malformed = |detail| Error::new(Code::AuthMalformed, detail);
    let token = value
        .strip_prefix("Bearer ")
        .ok_or_else(|| malformed("The Authorization header must have the form 'Bearer <root key>'."))?
        .trim();
    if token.is_empty() { Err(malformed("The bearer token is empty.")) } else { Ok(token) }
}
