//! v2 `portal.listSessions` and `portal.revokeSession`: the sessions of a portal, as
//! its workspace sees them (docs/contract/v2.md#managing-portals).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::PortalIdOrSlug;
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::{Error, Result};
use domain::portals::{ExternalSessions, SessionInfo, SessionStatus};

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/portal.listSessions",
            "List the live sessions of a portal by end user",
            Effect::Reads,
            sessions,
        )
        .needs(Right::PortalRead)
        .paged(),
        checked("/v2/portal.revokeSession", "End every session of an end user", Effect::Destroys, revoke)
            .needs(Right::PortalUpdate),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListSessionsBody {
    /// Id or slug.
    portal: PortalIdOrSlug,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
    /// What the external id begins with.
    #[oai(validator(max_length = 256))]
    search: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "PortalSessions")]
#[serde(rename_all = "camelCase")]
pub struct SessionsOut {
    external_id: String,
    /// The newest first.
    sessions: Vec<SessionOut>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "PortalSession")]
#[serde(rename_all = "camelCase")]
pub struct SessionOut {
    id: String,
    /// `pending` until the code is redeemed, then `active`.
    status: String,
    created_at: i64,
    expires_at: i64,
    scopes: Vec<String>,
}

impl From<SessionInfo> for SessionOut {
    fn from(session: SessionInfo) -> Self {
        let status = match session.status {
            SessionStatus::Pending => "pending",
            SessionStatus::Active => "active",
        };
        Self {
            id: session.id.into_string(),
            status: status.to_owned(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            scopes: session.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
        }
    }
}

impl From<ExternalSessions> for SessionsOut {
    fn from(user: ExternalSessions) -> Self {
        let sessions = user.sessions.into_iter().map(SessionOut::from).collect();
        Self { external_id: user.external_id, sessions }
    }
}

async fn sessions(app: Arc<App>, cx: OpCtx, body: ListSessionsBody) -> Result<Reply<Vec<SessionsOut>>> {
    let page = page(body.limit, body.cursor);
    let users = app.portals.list_sessions(&cx, &body.portal, body.search.as_deref(), &page).await?;
    Ok(Reply::page(users.map(SessionsOut::from)))
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeBody {
    /// Id or slug.
    portal: PortalIdOrSlug,
    #[oai(validator(min_length = 1, max_length = 256))]
    external_id: String,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedOut {
    sessions_revoked: i64,
}

async fn revoke(app: Arc<App>, cx: OpCtx, body: RevokeBody) -> Result<Reply<RevokedOut>> {
    let ended = app.portals.revoke_sessions(&cx, &body.portal, &body.external_id).await?;
    Ok(RevokedOut { sessions_revoked: i64::try_from(ended).map_err(Error::internal)? }.into())
}
