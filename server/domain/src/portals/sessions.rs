//! Sessions of end users: opened by a backend, redeemed once, revocable.
//!
//! Only hashes of codes and tokens are stored. Every way in which a code or a
//! token can be wrong looks the same.

use base::clock::{DAY_MS, MINUTE_MS};
use base::ids::{PortalId, PortalSessionId};
use serde_json::json;

use super::{Portal, PortalName, PortalSession, Portals, absent, store};
use crate::apis;
use crate::keys::format;
use base::access::{OpCtx, Operation, PortalUser, Principal, Scope, Target};
use base::audit::{Event, Group, Target as Audited};
use base::error::{Code, Error, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::Page;
use base::store::Paged;

/// How long a code can be redeemed.
pub const CODE_MS: i64 = 15 * MINUTE_MS;
/// How long a token works.
pub const TOKEN_MS: i64 = DAY_MS;

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct CreateSession {
    /// Id or slug.
    pub portal: String,
    pub external_id: String,
    /// `keys:reroll` and `analytics:read` need `keys:read`. With none the end user
    /// may do nothing.
    pub scopes: Vec<Scope>,
    /// Where the portal leads back to.
    pub return_url: Option<String>,
}

/// A session that waits for its code.
#[derive(Debug)]
pub struct Opened {
    pub id: PortalSessionId,
    /// Goes into the redirect; redeemable once.
    pub code: PlainKey,
}

/// A redeemed code.
#[derive(Debug)]
pub struct Redeemed {
    pub token: PlainKey,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// The live sessions of one end user, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalSessions {
    pub external_id: String,
    pub sessions: Vec<SessionInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: PortalSessionId,
    pub status: SessionStatus,
    pub created_at: i64,
    /// Of a pending session, when its code ends.
    pub expires_at: i64,
    pub scopes: Vec<Scope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// The code was not redeemed yet.
    Pending,
    Active,
}

impl Portals {
    /// Opens a session. The caller must itself hold what each scope lets the
    /// end user do.
    pub async fn create_session(&self, cx: &OpCtx, command: CreateSession) -> Result<Opened> {
        let name = PortalName::IdOrSlug(command.portal.clone());
        let portal = store::find(self.store.read(), &cx.workspace, &name).await?.ok_or_else(absent)?;
        cx.require(Operation::PortalCreateSession, Target::portal(&portal.id))?;
        self.check_open(cx, &portal, &command).await?;
        let code = PlainKey::new(format!("pst_{}", format::body(&self.entropy.bytes::<24>())));
        let id: PortalSessionId = self.entropy.id(PortalSessionId::PREFIX, cx.now_ms);
        self.store
            .write(|tx| {
                let (id, hash) = (id.clone(), code.hash().to_base64());
                async move {
                    let meta = json!({
                        "portalId": portal.id.as_str(), "slug": portal.slug, "scopes": texts(&command.scopes),
                        "keyspaceIds": [portal.keyspace.as_str()],
                    });
                    let session = PortalSession {
                        id: id.clone(),
                        portal: portal.id,
                        workspace: cx.workspace.clone(),
                        api: portal.api,
                        external_id: command.external_id,
                        scopes: command.scopes,
                        return_url: command.return_url,
                    };
                    store::insert_session(&tx, &session, &hash, cx.now_ms, cx.now_ms + CODE_MS).await?;
                    let target = Audited::new("portalSession", id.as_str(), Some(&session.external_id));
                    let mut group = Group::new();
                    let text = format!("Opened a portal session for {}", session.external_id);
                    group.push(Event::PortalSessionCreate, text, vec![target.with_meta(meta)]);
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(Opened { id, code })
    }

    async fn check_open(&self, cx: &OpCtx, portal: &Portal, command: &CreateSession) -> Result<()> {
        if !(1..=256).contains(&command.external_id.chars().count()) {
            return Err(Error::invalid("The external id must have 1 to 256 characters."));
        }
        if command.scopes.iter().any(|scope| *scope != Scope::KeysRead)
            && !command.scopes.contains(&Scope::KeysRead)
        {
            return Err(Error::invalid("The scopes keys:reroll and analytics:read need keys:read."));
        }
        if !portal.enabled {
            return Err(Error::new(Code::Forbidden, "This portal is disabled."));
        }
        let api = apis::find_live(self.store.read(), &cx.workspace, &portal.api)
            .await?
            .ok_or_else(|| Error::new(Code::Forbidden, "The API of this portal was deleted."))?;
        let target = Target::api(&api.id, &api.keyspace_id);
        for scope in &command.scopes {
            let held = match scope {
                Scope::KeysRead => cx.may(Operation::PortalScopeKeysRead, target),
                Scope::KeysReroll => {
                    cx.may(Operation::PortalScopeKeysReroll, target)
                        && (!api.store_encrypted_keys || cx.may(Operation::PortalScopeEncrypt, target))
                }
                Scope::AnalyticsRead => cx.may(Operation::PortalScopeAnalytics, target),
            };
            if !held {
                let detail =
                    format!("The root key does not hold what the scope '{}' gives away.", scope.as_str());
                return Err(Error::new(Code::InsufficientPermissions, detail));
            }
        }
        Ok(())
    }

    /// Exchanges a code for a token; of several callers exactly one succeeds.
    /// `cx` carries no workspace: the code names it.
    pub async fn redeem(&self, cx: &OpCtx, code: &str) -> Result<Redeemed> {
        let code = KeyHash::of(code).to_base64();
        let token = PlainKey::new(format!("pat_{}", format::body(&self.entropy.bytes::<24>())));
        let expires_at = cx.now_ms + TOKEN_MS;
        self.store
            .write(|tx| {
                let hash = token.hash().to_base64();
                async move {
                    let session = store::redeem(&tx, &code, &hash, expires_at, cx.now_ms)
                        .await?
                        .ok_or_else(|| Error::absent(Code::PortalSessionNotFound))?;
                    let principal = Principal::PortalSession(session.id.clone());
                    let cx = OpCtx { workspace: session.workspace, principal, ..cx.clone() };
                    let target =
                        Audited::new("portalSession", session.id.as_str(), Some(&session.external_id));
                    let mut group = Group::new();
                    let text = format!("Redeemed the code of a portal session of {}", session.external_id);
                    group.push(Event::PortalSessionExchange, text, vec![target]);
                    group.record(&cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(Redeemed { token, expires_at })
    }

    /// Whose token this is.
    pub async fn authenticate(&self, token: &str, now_ms: i64) -> Result<PortalSession> {
        let hash = KeyHash::of(token).to_base64();
        store::by_token(self.store.read(), &hash, now_ms)
            .await?
            .ok_or_else(|| Error::absent(Code::PortalSessionNotFound))
    }

    /// The portal a session is of.
    pub async fn of_session(&self, session: &PortalSession) -> Result<Portal> {
        let name = PortalName::IdOrSlug(session.portal.to_string());
        store::find(self.store.read(), &session.workspace, &name).await?.ok_or_else(absent)
    }

    /// How many sessions of a portal are live.
    pub async fn count_sessions(&self, cx: &OpCtx, portal: &PortalId) -> Result<u64> {
        cx.require(Operation::PortalRead, Target::portal(portal))?;
        store::count_live(self.store.read(), &cx.workspace, portal, cx.now_ms).await
    }

    /// Live sessions grouped by end user, those with this prefix.
    pub async fn list_sessions(
        &self,
        cx: &OpCtx,
        portal: &str,
        prefix: Option<&str>,
        page: &Page,
    ) -> Result<Paged<ExternalSessions>> {
        let name = PortalName::IdOrSlug(portal.to_owned());
        let portal = self.get(cx, &name).await?;
        store::sessions(self.store.read(), &portal.id, prefix.unwrap_or_default(), page, cx.now_ms).await
    }

    /// Ends every session of an end user; answers how many there were.
    pub async fn revoke_sessions(&self, cx: &OpCtx, portal: &str, external_id: &str) -> Result<u64> {
        let name = PortalName::IdOrSlug(portal.to_owned());
        let portal = store::find(self.store.read(), &cx.workspace, &name).await?.ok_or_else(absent)?;
        cx.require(Operation::PortalUpdate, Target::portal(&portal.id))?;
        self.store.write(|tx| self.revoke_in(cx, tx, portal.id, external_id)).await
    }

    async fn revoke_in(
        &self,
        cx: &OpCtx,
        tx: base::store::Tx,
        portal: PortalId,
        external_id: &str,
    ) -> Result<u64> {
        let ended = store::revoke_of(&tx, &portal, external_id, cx.now_ms).await?;
        if ended > 0 {
            let mut group = Group::new();
            let target = Audited::new("portal", portal.as_str(), None);
            let text = format!("Ended {ended} portal sessions of {external_id}");
            group.push(Event::PortalSessionRevoke, text, vec![target]);
            group.record(cx, &tx, &self.entropy).await?;
        }
        Ok(ended)
    }
}

impl PortalSession {
    /// The end user as the one who acts.
    pub fn principal(&self) -> Principal {
        Principal::PortalUser(PortalUser {
            session: self.id.clone(),
            api: self.api.clone(),
            external_id: self.external_id.clone(),
            scopes: self.scopes.clone(),
        })
    }
}

fn texts(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.as_str()).collect()
}
