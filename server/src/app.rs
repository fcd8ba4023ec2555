//! The composition root: the only place that knows every room.
//!
//! Opens the data folder, wires the services, and ends them in an order that
//! loses nothing. How they are reached is not its business.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use entity::ids::{RequestId, WorkspaceId};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::analytics::Analytics;
use crate::apis::Apis;
use crate::audit::AuditLog;
use crate::bulk::{Bulk, Runner};
use crate::clock::Clock;
use crate::config::Config;
use crate::credits::Ledger;
use crate::entropy::Entropy;
use crate::error::{Code, Error, Result};
use crate::events::{Recorder, Writer};
use crate::explain::Explainer;
use crate::http::metrics::Requests;
use crate::http::request_log::RequestLog;
use crate::http::server::Tally;
use crate::idempotency::Idempotency;
use crate::identities::Identities;
use crate::jobs::Jobs;
use crate::keys::Keys;
use crate::leaks::Leaks;
use crate::op::{Door, OpCtx, Principal};
use crate::permissions::Permissions;
use crate::portals::Portals;
use crate::ratelimit::namespaces::Namespaces;
use crate::ratelimit::overrides::Overrides;
use crate::ratelimit::{RateLimiter, Ratelimits};
use crate::root_keys::RootKeys;
use crate::search::{Follower, Indexer, Search};
use crate::secret_links::SecretLinks;
use crate::session::Sessions;
use crate::sql::{Limits, Sql, SqlConfig};
use crate::store::{DataDir, Database, Durability, Store};
use crate::transfer::{Sources, Transfer};
use crate::users::{CreateUser, Role, Users};
use crate::vault::{MasterKey, MasterKeySource, Vault};
use crate::verification::Verifier;
use crate::workspaces::{CreateWorkspace, Workspaces};

/// How often longer rate-limit windows are stored (D28).
const SNAPSHOT_EVERY: Duration = Duration::from_secs(3);
/// How often the limiter is trimmed, and due jobs are looked for.
const TEND_EVERY: Duration = Duration::from_secs(20);
/// How often the last use of keys is written.
const LAST_USED_EVERY: Duration = Duration::from_secs(60);

/// Everything the doors call.
pub struct App {
    pub config: Config,
    pub clock: Clock,
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
    pub bulk: Bulk,
    pub explainer: Explainer,
    pub transfer: Transfer,
    pub sessions: Sessions,
    pub secret_links: SecretLinks,
    pub leaks: Leaks,
    pub jobs: Jobs,
    pub recorder: Recorder,
    pub requests: Requests,
    pub connections: Arc<Tally>,
    pub request_log: RequestLog,
    ledger: Ledger,
    events: Database,
    limiter: RateLimiter,
    writer: Mutex<Option<Writer>>,
    runner: Mutex<Option<Runner>>,
    indexer: Mutex<Option<Indexer>>,
    follower: Mutex<Option<Follower>>,
    dir: DataDir,
    closing: watch::Sender<bool>,
    /// Unix milliseconds.
    pub started_ms: i64,
    /// Where the server listens, once it does.
    pub address: OnceLock<SocketAddr>,
}

impl App {
    /// Opens a data folder, new or used, and does what the first start must do.
    pub async fn open(config: Config, clock: Clock, entropy: Entropy, dir: DataDir) -> Result<Arc<Self>> {
        let now_ms = clock.now_ms();
        let store = Store::new(Database::open::<migration::App>(&dir.app_db(), Durability::Full).await?);
        let events = Database::open::<migration::Events>(&dir.events_db(), Durability::Normal).await?;
        let limiter = RateLimiter::new(config.limiter_max_counters, events.clone());
        limiter.restore(now_ms).await?;
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), events.clone());
        let vault = Vault::open(store.clone(), entropy.clone(), master_key(&config, &dir), now_ms).await?;
        let namespaces = Namespaces::new(store.clone(), entropy.clone());
        let ledger = Ledger::start(store.clone());
        let keys = Keys::new(store.clone(), entropy.clone(), vault.clone());
        let search = Search::open(&dir.index())?;
        let indexer = Indexer::start(search.clone(), events.clone());
        let follower = Follower::start(search.clone(), store.clone());
        let analytics = Analytics::new(search.clone(), events.clone());
        let sql = SqlConfig {
            enabled: config.analytics_sql,
            region: config.region.clone(),
            limits: Limits {
                time: Duration::from_secs(config.analytics_seconds),
                memory_bytes: config.analytics_memory_bytes,
                ..Limits::default()
            },
            ..SqlConfig::default()
        };
        let sql = Sql::new(sql, store.clone(), search.clone(), events.clone())?;
        let idempotency = Idempotency::new(store.clone(), vault.clone());
        let (log, percent) = (config.request_log, config.request_log_sample_percent);
        let request_log = RequestLog::new(log, percent, recorder.clone());
        let verifier = Verifier::new(
            store.clone(),
            limiter.clone(),
            ledger.clone(),
            recorder.clone(),
            keys.clone(),
            config.key_cache_bytes,
        );
        let permissions = Permissions::new(store.clone(), entropy.clone());
        let identities = Identities::new(store.clone(), entropy.clone());
        let overrides = Overrides::new(store.clone(), entropy.clone(), namespaces.clone());
        let audit_log = AuditLog::new(store.clone(), search.audit_text(store.clone()));
        let sources = Sources {
            keys: keys.clone(),
            identities: identities.clone(),
            permissions: permissions.clone(),
            overrides: overrides.clone(),
            audit_log: audit_log.clone(),
            analytics: analytics.clone(),
        };
        let users = Users::new(store.clone(), entropy.clone());
        let bulk = Bulk::new(
            store.clone(),
            entropy.clone(),
            clock.clone(),
            keys.clone(),
            identities.clone(),
            permissions.clone(),
            users.clone(),
        );
        let runner = Runner::start(bulk.clone());
        let last_used = recorder.last_used().clone();
        let root_keys = RootKeys::new(store.clone(), entropy.clone(), last_used, limiter.clone());
        let app = Arc::new(Self {
            bulk,
            transfer: Transfer::new(store.clone(), entropy.clone(), sources),
            workspaces: Workspaces::new(store.clone(), entropy.clone(), analytics.clone()),
            sessions: Sessions::new(
                store.clone(),
                entropy.clone(),
                vault.clone(),
                limiter.clone(),
                users.passwords().clone(),
            ),
            users,
            secret_links: SecretLinks::new(store.clone(), entropy.clone()),
            leaks: Leaks::new(store.clone(), entropy.clone(), root_keys.clone(), config.leak_public_key),
            root_keys,
            permissions,
            identities,
            apis: Apis::new(store.clone(), entropy.clone()),
            keys: keys.clone(),
            overrides,
            namespaces: namespaces.clone(),
            ratelimits: Ratelimits::new(limiter.clone(), namespaces, recorder.clone()),
            explainer: Explainer::new(keys.clone(), verifier.clone(), limiter.clone(), analytics.clone()),
            verifier,
            portals: Portals::new(store.clone(), entropy.clone(), keys.clone(), analytics.clone()),
            analytics,
            sql,
            audit_log,
            search: search.clone(),
            idempotency: idempotency.clone(),
            jobs: Jobs::new(
                store.clone(),
                events.clone(),
                keys,
                idempotency,
                search,
                config.events_max_bytes,
            ),
            vault,
            config,
            clock,
            entropy,
            store,
            recorder,
            requests: Requests::default(),
            connections: Arc::default(),
            request_log,
            ledger,
            events,
            limiter,
            writer: Mutex::new(Some(writer)),
            runner: Mutex::new(Some(runner)),
            indexer: Mutex::new(Some(indexer)),
            follower: Mutex::new(Some(follower)),
            dir,
            closing: watch::Sender::new(false),
            started_ms: now_ms,
            address: OnceLock::new(),
        });
        app.first_start().await?;
        Ok(app)
    }

    /// A context for `principal` in `workspace`, now.
    pub fn cx(&self, workspace: WorkspaceId, principal: Principal, door: Door) -> OpCtx {
        let now_ms = self.clock.now_ms();
        OpCtx {
            principal,
            workspace,
            now_ms,
            request_id: self.entropy.id(RequestId::PREFIX, now_ms),
            door,
            ip: None,
            user_agent: None,
            unrecorded: false,
            idempotency: None,
        }
    }

    /// Where security links point: the public URL or the listen address, never a
    /// Host header (design decision 5).
    pub fn origin(&self) -> String {
        let address = self.address.get().unwrap_or(&self.config.listen);
        match &self.config.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        }
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

    /// Whether requests can be served: the database answers, events are stored.
    pub async fn ready(&self) -> Result<()> {
        self.workspaces.list().await?;
        if !self.recorder.health().storing {
            return Err(Error::new(Code::ServiceUnavailable, "events cannot be stored"));
        }
        Ok(())
    }

    /// Tends what needs tending until `shutdown` resolves: jobs, snapshots,
    /// eviction, last use of keys.
    pub async fn tend(&self, shutdown: impl Future<Output = ()>) {
        let mut snapshot = tokio::time::interval(SNAPSHOT_EVERY);
        let mut tend = tokio::time::interval(TEND_EVERY);
        let mut last_used = tokio::time::interval(LAST_USED_EVERY);
        tokio::pin!(shutdown);
        loop {
            let (what, done) = tokio::select! {
                () = &mut shutdown => {
                    self.closing.send_replace(true);
                    return;
                }
                _ = snapshot.tick() => ("storing rate-limit windows", self.limiter.snapshot(self.clock.now_ms()).await),
                _ = tend.tick() => ("tending", self.tend_once().await),
                _ = last_used.tick() => ("storing the last use of keys and sessions", self.flush_last_used().await),
            };
            if let Err(error) = done {
                tracing::error!(?error, "{what} failed");
            }
        }
    }

    /// Resolves once the server is about to stop: what would go on for long ends.
    pub async fn closing(&self) {
        // The sender lives as long as the app, so waiting cannot fail.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    async fn flush_last_used(&self) -> Result<()> {
        self.recorder.last_used().flush(&self.store).await?;
        self.sessions.flush_seen().await
    }

    async fn tend_once(&self) -> Result<()> {
        let now_ms = self.clock.now_ms();
        self.limiter.evict(now_ms).await?;
        self.jobs.run_due(now_ms).await
    }

    /// Stores what is still in memory and closes the databases. Call when no
    /// more requests are served.
    pub async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        let runner = self.runner.lock().take();
        if let Some(runner) = runner {
            runner.shutdown().await?;
        }
        let writer = self.writer.lock().take();
        if let Some(writer) = writer {
            writer.shutdown().await?;
        }
        let indexer = self.indexer.lock().take();
        if let Some(indexer) = indexer {
            indexer.shutdown().await?;
        }
        let follower = self.follower.lock().take();
        if let Some(follower) = follower {
            follower.shutdown().await?;
        }
        self.flush_last_used().await?;
        self.limiter.shutdown(self.clock.now_ms()).await?;
        self.store.database().close().await?;
        self.events.close().await
    }

    /// The first workspace, and what configuration asks for (design decision 3).
    async fn first_start(&self) -> Result<()> {
        let job = |workspace| self.cx(workspace, Principal::Job("bootstrap"), Door::Job);
        let mut workspaces = self.workspaces.list().await?;
        if workspaces.is_empty() {
            let command = CreateWorkspace { slug: "default".to_owned(), name: "Default".to_owned() };
            workspaces.push(self.workspaces.create(&job("".into()), command).await?);
        }
        let cx = job(workspaces.remove(0).id);
        if let Some(root_key) = &self.config.root_key {
            self.root_keys.bootstrap(&cx, root_key).await?;
        }
        if let (Some(email), Some(password)) = (&self.config.admin_email, &self.config.admin_password)
            && !self.users.exist().await?
        {
            let (name, password) = (email.clone(), password.clone());
            let command = CreateUser { email: email.clone(), name, role: Role::Owner, password };
            self.users.create(&cx, command).await?;
        }
        Ok(())
    }
}

fn master_key(config: &Config, dir: &DataDir) -> MasterKeySource {
    match config.master_key.as_ref().and_then(|key| MasterKey::from_base64(key.reveal())) {
        Some(key) => MasterKeySource::Given(key),
        None => MasterKeySource::File(dir.master_key()),
    }
}
