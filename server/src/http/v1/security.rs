//! Who calls: the root key behind the bearer token
//! (docs/contract/v1.md#root-key).

use std::sync::Arc;

use base::ids::WorkspaceId;
use poem::http::header::{AUTHORIZATION, HeaderMap, USER_AGENT};

use crate::app::App;
use crate::http::request_lifecycle::{RequestStart, header};
use crate::http::request_log::Caller;
use base::access::{Door, OpCtx, Principal};
use base::error::{Code, Error, Result};
use domain::root_keys::Budget;

/// The context of a root key, and what is left of its budget, one request charged.
pub(super) async fn authenticate(
    app: &Arc<App>,
    call: &RequestStart,
    headers: &HeaderMap,
) -> Result<(OpCtx, Option<Budget>)> {
    let token = bearer(headers);
    if token.is_empty() {
        return Err(Error::new(Code::AuthMissing, "The Authorization header is missing."));
    }
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
    Ok((context(call, headers, principal, authenticated.workspace), budget))
}

/// Whose root key it is, for the request log: nothing is charged.
pub(super) fn caller(app: &App, call: &RequestStart, headers: &HeaderMap) -> Caller {
    let known = app.root_keys.authenticate_cached(bearer(headers), call.address.known(), call.now_ms);
    known.and_then(Result::ok).map_or_else(Caller::default, |known| Caller {
        workspace: known.workspace.into_string(),
        root_key: Some(known.principal.id.to_string()),
    })
}

/// The context of somebody who said nothing of themselves.
pub(super) fn anonymous(call: &RequestStart, headers: &HeaderMap) -> OpCtx {
    context(call, headers, Principal::Anonymous, "".into())
}

fn context(call: &RequestStart, headers: &HeaderMap, principal: Principal, workspace: WorkspaceId) -> OpCtx {
    OpCtx::new(principal, workspace, call.now_ms, call.request_id.clone(), Door::V1)
        .from_client(call.address, header(headers, &USER_AGENT))
}

/// The scheme is optional: one client sends the token alone.
fn bearer(headers: &HeaderMap) -> &str {
    let value = header(headers, &AUTHORIZATION).unwrap_or_default();
    value.strip_prefix("Bearer ").unwrap_or(value).trim()
}
