//! Portals: a customer's end users look after their own keys.
//!
//! A portal serves the keys of one API. A backend opens a session for one
//! external id, the redirect carries a one-time code, and the code is exchanged
//! for a token that lives in the end user's browser. Pages are not made here.

mod configuration;
mod end_user;
mod sessions;
mod store;

use base::ids::{ApiId, KeyspaceId, PortalId, PortalSessionId, WorkspaceId};

pub use configuration::{CreatePortal, PortalName, UpdatePortal};
pub use sessions::{
    CODE_MS, CreateSession, ExternalSessions, Opened, Redeemed, SessionInfo, SessionStatus, TOKEN_MS,
};
pub use store::{amend_times, sweep};
pub(crate) use store::{copy_of_live, first, remove_copied};

use crate::identities::Identities;
use crate::keys::Keys;
use base::access::Scope;
use base::audit;
use base::entropy::Entropy;
use base::error::{Code, Error};
use base::store::Store;
use insight::analytics::Analytics;

/// A portal of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    pub id: PortalId,
    /// Unique in the workspace: 3 to 64 lower-case letters, digits and single
    /// inner hyphens.
    pub slug: String,
    pub display_name: String,
    /// The API whose keys it serves; an API has one portal at most.
    pub api: ApiId,
    pub keyspace: KeyspaceId,
    /// A disabled portal opens no sessions.
    pub enabled: bool,
    pub logo_url: Option<String>,
    /// `#rrggbb`.
    pub primary_color: Option<String>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

/// An open session of an end user.
#[derive(Clone, Debug)]
pub struct PortalSession {
    pub id: PortalSessionId,
    pub portal: PortalId,
    pub workspace: WorkspaceId,
    pub api: ApiId,
    pub external_id: String,
    pub scopes: Vec<Scope>,
    pub return_url: Option<String>,
}

/// The operations on portals and their sessions. Cheap to clone.
#[derive(Clone)]
pub struct Portals {
    store: Store,
    entropy: Entropy,
    keys: Keys,
    identities: Identities,
    analytics: Analytics,
}

impl Portals {
    pub fn new(
        store: Store,
        entropy: Entropy,
        keys: Keys,
        identities: Identities,
        analytics: Analytics,
    ) -> Self {
        Self { store, entropy, keys, identities, analytics }
    }
}

impl Portal {
    fn audit_target(&self) -> audit::Target {
        audit::Target::new("portal", self.id.as_str(), Some(&self.slug))
    }
}

fn absent() -> Error {
    Error::absent(Code::PortalNotFound)
}
