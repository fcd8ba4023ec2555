//! Signing in: sessions, cookies, the second factor, and the tokens of forms.
//!
//! A cookie is a signed token that names a session and when it ends, nothing
//! else. Who that is, and what they may do, comes from the rows behind it,
//! through a cache that every change of a user, a role or a workspace empties:
//! revoking bites on the next request. Cookie names and attributes belong to the
//! door, passwords to `users`.

mod attempts;
mod authenticate;
mod form_token;
mod login;
mod open_sessions;
mod password;
mod recovery;
mod second_factor;
mod signer;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod totp;
mod turns;

use std::collections::HashMap;
use std::sync::Arc;

use base::clock::DAY_MS;
use base::ids::{SessionId, UserId, WorkspaceId};
use parking_lot::Mutex;

pub use form_token::ANONYMOUS_FORM_MS;
pub use login::{Login, NewSession, SecondStep, Step};
pub use open_sessions::SessionInfo;
pub use second_factor::Enrolment;
pub use store::{amend_times, sweep};
pub use turns::Turn;

use crate::ratelimit::RateLimiter;
use crate::users::{Passwords, Theme};
use crate::vault::Vault;
use base::access::{Principal, Role, UserPrincipal};
use base::cache::Cache;
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::store::Store;

/// How long a session lasts, whatever is done in it.
pub const SESSION_MS: i64 = 14 * DAY_MS;

/// How long a browser stays known after it signed in.
pub const DEVICE_MS: i64 = 180 * DAY_MS;

/// Memory for cached sessions: a server has few people.
const CACHE_BYTES: u64 = 4 << 20;

/// Who is signed in, as their session was last loaded.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub session: SessionId,
    pub user: UserId,
    pub email: String,
    pub name: String,
    /// A name of the IANA database.
    pub time_zone: String,
    pub theme: Theme,
    /// Signs in with a second factor.
    pub second_factor: bool,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// By name of the workspace; disabled ones are there, deleted ones are not.
    pub memberships: Vec<Membership>,
    /// Where entries go that concern the account and no workspace: the one the
    /// user joined first, or the first of the server.
    pub home: WorkspaceId,
}

/// A role in a workspace.
#[derive(Clone, Debug)]
pub struct Membership {
    pub workspace: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub enabled: bool,
    pub role: Role,
}

impl SignedIn {
    /// The workspace with this slug, if the user has a role in it.
    pub fn member_of(&self, slug: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.slug == slug)
    }

    /// The workspace with this slug, for somebody who wants to act in it.
    ///
    /// Fails with `workspace_not_found` or `workspace_disabled`.
    pub fn enter(&self, slug: &str) -> Result<&Membership> {
        match self.member_of(slug) {
            Some(membership) if membership.enabled => Ok(membership),
            Some(_) => Err(Error::new(Code::WorkspaceDisabled, "This workspace is disabled.")),
            None => Err(Error::absent(Code::WorkspaceNotFound)),
        }
    }

    /// Whether the user owns a workspace that serves.
    pub fn owns_one(&self) -> bool {
        self.memberships.iter().any(|membership| membership.enabled && membership.role == Role::Owner)
    }

    /// The user as the one who acts in `workspace`; without a role where they
    /// have none, and where the operator disabled it.
    pub fn principal(&self, workspace: &WorkspaceId) -> Principal {
        let held = |one: &&Membership| one.enabled && one.workspace == *workspace;
        let membership = self.memberships.iter().find(held);
        Principal::User(Arc::new(UserPrincipal {
            id: self.user.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            role: membership.map(|membership| membership.role),
            session: self.session.clone(),
        }))
    }
}

/// The sessions of this server. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    entropy: Entropy,
    vault: Vault,
    limiter: RateLimiter,
    passwords: Passwords,
    cache: Arc<Cache<SessionId, SignedIn>>,
    /// When sessions were last used, until that is stored.
    seen: Arc<Mutex<HashMap<SessionId, i64>>>,
    turns: Arc<turns::Turns>,
}

impl Sessions {
    pub fn new(
        store: Store,
        entropy: Entropy,
        vault: Vault,
        limiter: RateLimiter,
        passwords: Passwords,
    ) -> Self {
        let cache = Arc::new(Cache::new(store.epochs().clone(), CACHE_BYTES));
        Self { store, entropy, vault, limiter, passwords, cache, seen: Arc::default(), turns: Arc::default() }
    }
}
