//! Who acts, when, from where and through which door: the first argument of
//! every domain call.
//!
//! Carries facts only. What the principal may do is decided in `grants`.

use std::sync::Arc;

use crate::ids::{ApiId, BulkJobId, PortalSessionId, RequestId, RootKeyId, SessionId, UserId, WorkspaceId};
use ipnet::IpNet;

use crate::access::{Grants, Role};
use crate::address::ClientAddress;

/// The context of one operation.
#[derive(Clone)]
pub struct OpCtx {
    pub principal: Principal,
    /// The workspace the principal acts in; every query is scoped to it.
    pub workspace: WorkspaceId,
    /// Unix milliseconds; the only "now" of this operation.
    pub now_ms: i64,
    pub request_id: RequestId,
    pub door: Door,
    pub address: ClientAddress,
    pub user_agent: Option<String>,
    /// The caller wants its rate-limit decisions in no analytics.
    pub unrecorded: bool,
    /// Names the change, so that it is made once.
    pub idempotency: Option<Arc<IdempotencyKey>>,
}

impl OpCtx {
    /// The context of a call of which nothing else is known: no address, no user
    /// agent, no `Idempotency-Key`.
    pub fn new(
        principal: Principal,
        workspace: WorkspaceId,
        now_ms: i64,
        request_id: RequestId,
        door: Door,
    ) -> Self {
        Self {
            principal,
            workspace,
            now_ms,
            request_id,
            door,
            address: ClientAddress::NONE,
            user_agent: None,
            unrecorded: false,
            idempotency: None,
        }
    }

    /// The same call, from this address, by a client that calls itself so.
    #[must_use]
    pub fn from_client(self, address: ClientAddress, user_agent: Option<&str>) -> Self {
        Self { address, user_agent: user_agent.map(ToOwned::to_owned), ..self }
    }
}

/// An `Idempotency-Key`, whose it is, and the request it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub claimant: Claimant,
    /// Base64 of the SHA-256 of the header.
    pub key_hash: String,
    /// Base64 of the SHA-256 of operation and body.
    pub request_hash: String,
}

/// Whose an `Idempotency-Key` is: the same one of another claimant names another
/// change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimant {
    RootKey(RootKeyId),
    /// A form of the dashboard.
    Session(SessionId),
    /// A form of a portal.
    PortalSession(PortalSessionId),
    /// A row of a job over many rows.
    BulkJob(BulkJobId),
}

impl Claimant {
    /// As rows keep it: ids of all kinds are unique together.
    pub fn as_str(&self) -> &str {
        match self {
            Claimant::RootKey(id) => id.as_str(),
            Claimant::Session(id) => id.as_str(),
            Claimant::PortalSession(id) => id.as_str(),
            Claimant::BulkJob(id) => id.as_str(),
        }
    }
}

/// Who acts.
#[derive(Clone)]
pub enum Principal {
    RootKey(Arc<RootKeyPrincipal>),
    /// A person who signed in.
    User(Arc<UserPrincipal>),
    /// An end user in a portal, bound to one external id.
    PortalUser(PortalUser),
    /// A session whose code is being redeemed.
    PortalSession(PortalSessionId),
    /// Nobody yet; may do nothing.
    Anonymous,
    /// The operator at the command line; may do everything.
    Cli,
    /// The server itself; may do everything.
    Job(Task),
}

/// What the server does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// What configuration asks for at a start.
    Bootstrap,
    /// The link by which a new server is set up.
    FirstStart,
    /// Revokes root keys that a scanner found in public.
    SecretScanning,
    /// Deletes the keys of a deleted API.
    ApiDeletion,
    /// Revokes the root key of an authorization code that was used twice.
    CodeReplay,
    /// Ends overrides that were set for a while.
    OverrideEnd,
    /// Tells endpoints of events.
    WebhookDelivery,
}

impl Task {
    /// As audit rows and `created_by` columns keep it.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Bootstrap => "bootstrap",
            Task::FirstStart => "first start",
            Task::SecretScanning => "secret scanning",
            Task::ApiDeletion => "api deletion",
            Task::CodeReplay => "code replay",
            Task::OverrideEnd => "override end",
            Task::WebhookDelivery => "webhook delivery",
        }
    }
}

/// An authenticated root key.
#[derive(Debug)]
pub struct RootKeyPrincipal {
    pub id: RootKeyId,
    pub name: Option<String>,
    pub grants: Grants,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    /// Where it may be used; anywhere, if empty.
    pub ip_allowlist: Vec<IpNet>,
    /// Requests it may make in a minute, if limited.
    pub limit_per_minute: Option<u64>,
    /// The root key with which its requests count, if that is another one.
    pub budget_key: Option<RootKeyId>,
}

impl RootKeyPrincipal {
    /// The root key whose counter its requests count on.
    pub fn counts_on(&self) -> &RootKeyId {
        self.budget_key.as_ref().unwrap_or(&self.id)
    }
}

/// A person and the session they act in.
#[derive(Clone, Debug)]
pub struct UserPrincipal {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// In the workspace of the context. `None` looks after their own account
    /// and nothing else.
    pub role: Option<Role>,
    pub session: SessionId,
}

/// An end user's portal session.
#[derive(Clone, Debug)]
pub struct PortalUser {
    pub session: PortalSessionId,
    /// The API whose keys the portal serves.
    pub api: ApiId,
    pub external_id: String,
    pub scopes: Vec<Scope>,
}

/// What an end user may do in a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    KeysRead,
    KeysReroll,
    AnalyticsRead,
}

impl Scope {
    pub const ALL: [Scope; 3] = [Scope::KeysRead, Scope::KeysReroll, Scope::AnalyticsRead];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::KeysRead => "keys:read",
            Scope::KeysReroll => "keys:reroll",
            Scope::AnalyticsRead => "analytics:read",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Where a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    V1,
    V2,
    Dashboard,
    Mcp,
    /// What proxies ask.
    ForwardAuth,
    Cli,
    Job,
}

impl Door {
    pub fn as_str(self) -> &'static str {
        match self {
            Door::V1 => "v1",
            Door::V2 => "v2",
            Door::Dashboard => "dashboard",
            Door::Mcp => "mcp",
            Door::ForwardAuth => "forward_auth",
            Door::Cli => "cli",
            Door::Job => "job",
        }
    }
}

impl Principal {
    /// The root key, if it is one.
    pub fn root_key(&self) -> Option<&RootKeyPrincipal> {
        match self {
            Principal::RootKey(key) => Some(key),
            _ => None,
        }
    }

    /// Id of the actor, as audit rows and `created_by` columns keep it.
    pub fn id(&self) -> &str {
        match self {
            Principal::RootKey(key) => key.id.as_str(),
            Principal::User(user) => user.id.as_str(),
            Principal::PortalUser(user) => &user.external_id,
            Principal::PortalSession(id) => id.as_str(),
            Principal::Anonymous => "anonymous",
            Principal::Cli => "cli",
            Principal::Job(task) => task.as_str(),
        }
    }
}
