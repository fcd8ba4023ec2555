//! Root keys for programs that cannot be given one: the authorization code grant
//! of OAuth 2.1, for clients of MCP (docs/ai-tools.md#clients-that-sign-in).
//!
//! A program [registers](Oauth::register) without a credential (RFC 7591) and sends
//! a person here. They [look](Oauth::begin) at who asks and [allow](Oauth::allow)
//! what they pick; that makes a code, bound to the program, to where it goes, to a
//! secret of the program (PKCE, RFC 7636) and to the session of the person. The
//! program [exchanges](Oauth::exchange) it, once, for a root key of that person.
//!
//! Deliberately absent: secrets of clients, which a program on somebody's machine
//! cannot keep; refresh tokens, since the person picks how long the root key lasts;
//! metadata documents fetched from addresses that clients name, because this server
//! makes no connections. What a client calls itself is a claim, shown as one.

mod authorize;
mod budget;
mod exchange;
mod pkce;
mod redirect_uri;
mod register;
mod resource;
mod store;

use base::clock::{DAY_MS, MINUTE_MS};
use base::entropy::Entropy;
use base::error::Error;
use base::ids::OauthClientId;
use base::store::Store;

use crate::ratelimit::RateLimiter;
use crate::root_keys::RootKeys;
use crate::session::Sessions;

pub use authorize::{Authorization, AuthorizationRequest, Begun};
pub use exchange::{Exchange, Token};
pub use register::{MAX_REDIRECT_URIS, Registration};
pub use resource::{PROTECTED, is_protected};
pub use store::{amend_times, sweep};

/// How long a code may wait to be exchanged.
pub const CODE_MS: i64 = 5 * MINUTE_MS;

/// How long a used code is remembered, so that a second use of it is noticed.
const REPLAY_MS: i64 = DAY_MS;

/// How long a client is remembered whom nobody allowed anything.
pub const UNUSED_CLIENT_MS: i64 = 30 * DAY_MS;

/// The same of one whom somebody did, since they last did.
pub const CLIENT_MS: i64 = 400 * DAY_MS;

/// Clients whom nobody allowed anything yet; beyond that the oldest give way.
const MAX_UNUSED_CLIENTS: u64 = 1000;

/// A program that registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: OauthClientId,
    /// As it calls itself: text of a stranger. Empty if it does not say.
    pub name: String,
    /// Where answers may be sent.
    pub redirect_uris: Vec<String>,
    /// Unix milliseconds.
    pub created_at: i64,
}

impl Client {
    /// What people are shown.
    pub fn label(&self) -> &str {
        if self.name.is_empty() { "A program without a name" } else { &self.name }
    }
}

/// What is wrong with a request, by the names that the standards have for it
/// (RFC 6749 4.1.2.1 and 5.2, RFC 7591 3.2.2, RFC 8707 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidTarget,
    InvalidRedirectUri,
    InvalidClientMetadata,
    UnsupportedGrantType,
    UnsupportedResponseType,
    AccessDenied,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InvalidRequest => "invalid_request",
            Reason::InvalidClient => "invalid_client",
            Reason::InvalidGrant => "invalid_grant",
            Reason::InvalidTarget => "invalid_target",
            Reason::InvalidRedirectUri => "invalid_redirect_uri",
            Reason::InvalidClientMetadata => "invalid_client_metadata",
            Reason::UnsupportedGrantType => "unsupported_grant_type",
            Reason::UnsupportedResponseType => "unsupported_response_type",
            Reason::AccessDenied => "access_denied",
        }
    }
}

/// A request that is answered no, and why, in ASCII for the developer of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub reason: Reason,
    pub detail: String,
}

impl Refused {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// Why a client gets nothing.
#[derive(Debug)]
pub enum Failure {
    /// It asks for what it may not have.
    Refused(Refused),
    /// Too much, or no fault of the client.
    Error(Error),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The authorization server. Cheap to clone.
#[derive(Clone)]
pub struct Oauth {
    store: Store,
    entropy: Entropy,
    root_keys: RootKeys,
    sessions: Sessions,
    limiter: RateLimiter,
}

impl Oauth {
    pub fn new(
        store: Store,
        entropy: Entropy,
        root_keys: RootKeys,
        sessions: Sessions,
        limiter: RateLimiter,
    ) -> Self {
        Self { store, entropy, root_keys, sessions, limiter }
    }
}
