//! The composition root: the only place that knows every room.
//!
//! Opens the data folder, wires the services, and ends them in an order that
//! loses nothing. How they are reached is not its business.

mod open;
mod upkeep;

pub(crate) use open::master_key;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base::ids::{RequestId, WorkspaceId};
use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::open::look;
use self::upkeep::Background;
use crate::doctor::Doctor;
use crate::jobs::{BackupJob, Jobs};
use crate::telemetry::{ConnectionCounts, RequestCounts, RequestLog};
use crate::tls::Tls;
use base::access::{Door, OpCtx, Principal};
use base::audit::AuditLog;
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::events::Recorder;
use base::store::{DataDir, Database, Engine, Store};
use domain::apis::Apis;
use domain::bulk::Bulk;
use domain::configuration::Configuration;
use domain::credits::Ledger;
use domain::explain::Explainer;
use domain::idempotency::Idempotency;
use domain::identities::Identities;
use domain::keys::Keys;
use domain::leaks::Leaks;
use domain::oauth::Oauth;
use domain::permissions::Permissions;
use domain::portals::Portals;
use domain::ratelimit::namespaces::Namespaces;
use domain::ratelimit::overrides::Overrides;
use domain::ratelimit::{RateLimiter, Ratelimits};
use domain::root_keys::RootKeys;
use domain::secret_links::SecretLinks;
use domain::session::Sessions;
use domain::transfer::Transfer;
use domain::users::Users;
use domain::vault::Vault;
use domain::verification::Verifier;
use domain::webhooks::Webhooks;
use domain::workspaces::Workspaces;
use insight::analytics::Analytics;
use insight::search::Search;
use insight::sql::Sql;

/// Everything the doors call.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    /// How often the clock had been set back when the limiter last heard of it.
    followed_steps: AtomicU64,
    pub entropy: Entropy,
    pub store: Store,
    pub workspaces: Workspaces,
    pub users: Users,
    pub root_keys: RootKeys,
    pub permissions: Permissions,
    pub identities: Identities,
    pub apis: Apis,
    pub keys: Keys,
    pub vault: Vault,
    pub ratelimits: Ratelimits,
    pub overrides: Overrides,
    pub namespaces: Namespaces,
    pub verifier: Verifier,
    pub analytics: Analytics,
    pub sql: Sql,
    pub audit_log: AuditLog,
    pub search: Search,
    pub idempotency: Idempotency,
    pub portals: Portals,
    pub configuration: Configuration,
    pub bulk: Bulk,
    pub explainer: Explainer,
    pub transfer: Transfer,
    pub sessions: Sessions,
    pub secret_links: SecretLinks,
    pub leaks: Leaks,
    pub oauth: Oauth,
    pub webhooks: Webhooks,
    pub backup_job: BackupJob,
    pub jobs: Jobs,
    pub doctor: Doctor,
    pub recorder: Recorder,
    pub requests: RequestCounts,
    pub connections: Arc<ConnectionCounts>,
    pub request_log: RequestLog,
    ledger: Ledger,
    events: Database,
    limiter: RateLimiter,
    background: Mutex<Option<Background>>,
    dir: DataDir,
    closing: watch::Sender<bool>,
    /// What a damaged `events.db` is called now, if this start found one.
    pub events_set_aside: Option<PathBuf>,
    /// Where the server listens, once it does.
    pub address: Arc<OnceLock<SocketAddr>>,
    /// What it serves HTTPS with, if it does.
    pub tls: OnceLock<Arc<Tls>>,
}

/// How long the database may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(2);

/// What can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// Cached keys are verified; whatever needs the database is answered 503.
    CachesAlone,
}

impl App {
    /// A context for `principal` in `workspace`, now.
    pub fn cx(&self, workspace: WorkspaceId, principal: Principal, door: Door) -> OpCtx {
        let now_ms = self.clock.now_ms();
        OpCtx::new(principal, workspace, now_ms, self.entropy.id(RequestId::PREFIX, now_ms), door)
    }

    /// Where security links point: the public URL or the listen address, never a
    /// Host header (docs/decisions.md#security-links-ignore-the-host-header).
    /// One that stands for all addresses is none: this machine's own name stands in.
    pub fn origin(&self) -> String {
        let (scheme, address) = (self.config.scheme(), self.address.get().unwrap_or(&self.config.listen));
        match &self.config.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if address.ip().is_unspecified() => format!("{scheme}://localhost:{}", address.port()),
            None => format!("{scheme}://{address}"),
        }
    }

    /// When this process began, by the clock as it is now; Unix milliseconds.
    pub fn started_ms(&self) -> i64 {
        let at = self.clock.moment();
        at.now_ms - at.uptime_ms
    }

    pub fn rate_limiter(&self) -> &RateLimiter {
        &self.limiter
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Where events are stored.
    pub fn events(&self) -> &Database {
        &self.events
    }

    pub fn data_dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Whether requests can be served: the database answers, changes and events
    /// are stored. While a database server is away, what is cached is served.
    pub async fn ready(&self) -> Result<Readiness> {
        let found = tokio::time::timeout(ANSWER, self.workspaces.list()).await;
        let is_server = self.store.database().engine() == Engine::Postgres;
        if self.store.database().is_moved() {
            return Err(Error::new(Code::ServiceUnavailable, "what the database held was moved elsewhere"));
        }
        match found {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if is_server && error.code() == Code::ServiceUnavailable => {
                return Ok(Readiness::CachesAlone);
            }
            Ok(Err(error)) => return Err(error),
            Err(_) if is_server => return Ok(Readiness::CachesAlone),
            Err(_) => return Err(Error::new(Code::ServiceUnavailable, "the database does not answer")),
        }
        if self.store.database().health().is_failing() {
            return Err(Error::new(Code::ServiceUnavailable, "changes cannot be stored"));
        }
        if !self.recorder.health().storing {
            return Err(Error::new(Code::ServiceUnavailable, "events cannot be stored"));
        }
        Ok(Readiness::Ready)
    }
}
