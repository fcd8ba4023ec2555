//! The composition root: the only place that knows every room.
//!
//! Opens the data folder, wires the services, and ends them in an order that
//! loses nothing. How they are reached is not its business.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base::ids::{RequestId, WorkspaceId};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::jobs::Jobs;
use crate::telemetry::{ConnectionCounts, RequestCounts, RequestLog};
use base::audit::AuditLog;
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::events::{Recorder, Uses, Writer};
use base::op::{Door, OpCtx, Principal, Task};
use base::store::{AppSchema, DataDir, Database, Durability, EventsSchema, Store};
use domain::apis::Apis;
use domain::bulk::{Bulk, Runner};
use domain::credits::Ledger;
use domain::explain::Explainer;
use domain::idempotency::Idempotency;
use domain::identities::Identities;
use domain::keys::Keys;
use domain::leaks::Leaks;
use domain::permissions::Permissions;
use domain::portals::Portals;
use domain::ratelimit::limiter::Limiter;
use domain::ratelimit::namespaces::Namespaces;
use domain::ratelimit::overrides::Overrides;
use domain::ratelimit::{RateLimiter, Ratelimits};
use domain::root_keys::RootKeys;
use domain::secret_links::SecretLinks;
use domain::session::Sessions;
use domain::transfer::{Sources, Transfer};
use domain::users::{CreateUser, Role, Users};
use domain::vault::{MasterKey, MasterKeySource, Vault};
use domain::verification::Verifier;
use domain::workspaces::{CreateWorkspace, Workspaces};
use insight::analytics::Analytics;
use insight::search::{Follower, Indexer, Search};
use insight::sql::{Limits, Sql, SqlConfig};

/// How often longer rate-limit windows are stored
/// (docs/decisions.md#what-a-crash-may-lose).
const SNAPSHOT_EVERY: Duration = Duration::from_secs(3);
/// How often the limiter is trimmed, and due jobs are looked for.
const TEND_EVERY: Duration = Duration::from_secs(20);
/// How often the clock is looked at: for so long a limit may refuse by a window
/// that was counted ahead.
const CLOCK_EVERY: Duration = Duration::from_millis(250);
/// How often the last use of keys is written.
const LAST_USED_EVERY: Duration = Duration::from_secs(60);

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
    pub bulk: Bulk,
    pub explainer: Explainer,
    pub transfer: Transfer,
    pub sessions: Sessions,
    pub secret_links: SecretLinks,
    pub leaks: Leaks,
    pub jobs: Jobs,
    pub recorder: Recorder,
    pub requests: RequestCounts,
    pub connections: Arc<ConnectionCounts>,
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
    /// What a damaged `events.db` is called now, if this start found one.
    pub events_set_aside: Option<PathBuf>,
    /// Where the server listens, once it does.
    pub address: OnceLock<SocketAddr>,
}

impl App {
    /// Opens a data folder, new or used, and does what the first start must do.
    pub async fn open(config: Config, clock: Clock, entropy: Entropy, dir: DataDir) -> Result<Arc<Self>> {
        let now_ms = clock.now_ms();
        let store = Store::new(open_app_db(&dir).await?);
        let (events, events_set_aside) =
            Database::open_replaceable::<EventsSchema>(&dir.events_db(), Durability::Normal, now_ms).await?;
        let limiter = Limiter::new(config.limiter_max_counters)
            .max_per_workspace(config.limiter_max_counters_per_workspace);
        let limiter = RateLimiter::with(limiter, events.clone());
        limiter.restore(now_ms).await?;
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), events.clone());
        let vault = Vault::open(store.clone(), entropy.clone(), master_key(&config, &dir), now_ms).await?;
        let namespaces = Namespaces::new(store.clone(), entropy.clone());
        let ledger = Ledger::start(store.clone());
        let keys = Keys::new(store.clone(), entropy.clone(), vault.clone());
        let search = Search::open(&dir.index())?;
        let indexer = Indexer::start(search.clone(), events.clone());
        let follower = Follower::start(search.clone(), store.clone(), domain::ENTITY_FEEDS);
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
        let sql = Sql::new(sql, store.clone(), &domain::apis::ApiFeed, search.clone(), events.clone())?;
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
            workspaces: Workspaces::new(store.clone(), entropy.clone(), analytics.clone())
                .open_to_members(config.members_create_workspaces),
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
            followed_steps: AtomicU64::new(0),
            entropy,
            store,
            recorder,
            requests: RequestCounts::default(),
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
            events_set_aside,
            address: OnceLock::new(),
        });
        app.first_start().await?;
        Ok(app)
    }

    /// A context for `principal` in `workspace`, now.
    pub fn cx(&self, workspace: WorkspaceId, principal: Principal, door: Door) -> OpCtx {
        let now_ms = self.clock.now_ms();
        OpCtx::new(principal, workspace, now_ms, self.entropy.id(RequestId::PREFIX, now_ms), door)
    }

    /// Where security links point: the public URL or the listen address, never a
    /// Host header (docs/decisions.md#security-links-ignore-the-host-header).
    pub fn origin(&self) -> String {
        let address = self.address.get().unwrap_or(&self.config.listen);
        match &self.config.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
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
    /// are stored.
    pub async fn ready(&self) -> Result<()> {
        self.workspaces.list().await?;
        if self.store.database().health().is_failing() {
            return Err(Error::new(Code::ServiceUnavailable, "changes cannot be stored"));
        }
        if !self.recorder.health().storing {
            return Err(Error::new(Code::ServiceUnavailable, "events cannot be stored"));
        }
        Ok(())
    }

    /// Tends what needs tending until `shutdown` resolves: jobs, snapshots,
    /// eviction, last use of keys, and the clock.
    pub async fn tend(&self, shutdown: impl Future<Output = ()>) {
        // Neither waits for jobs, which may take long.
        tokio::join!(self.keep(shutdown), self.watch_clock(), self.run_jobs());
    }

    async fn run_jobs(&self) {
        let mut ticks = tokio::time::interval(TEND_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = async {
                ticks.tick().await;
                self.jobs.run_due(self.clock.moment()).await
            };
            let done = tokio::select! {
                // A job that is cut short is due at the next start.
                () = self.closing() => return,
                done = due => done,
            };
            if let Err(error) = done {
                tracing::error!(?error, "scheduled jobs could not run");
            }
        }
    }

    async fn watch_clock(&self) {
        let mut ticks = tokio::time::interval(CLOCK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.closing() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.follow_clock().await {
                tracing::error!(?error, "rate-limit windows could not follow the clock back, trying again");
            }
        }
    }

    /// Has rate limits follow the clock if it was set back. Jobs find out by
    /// themselves.
    pub async fn follow_clock(&self) -> Result<()> {
        let at = self.clock.moment();
        if at.steps_back != self.followed_steps.load(Ordering::Relaxed) {
            self.limiter.rebase(at.now_ms).await?;
            self.followed_steps.store(at.steps_back, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Keeps on disk what is in memory only.
    async fn keep(&self, shutdown: impl Future<Output = ()>) {
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
                _ = snapshot.tick() => ("storing rate-limit windows", self.store_windows().await),
                _ = tend.tick() => ("trimming rate-limit windows", self.limiter.evict(self.clock.now_ms()).await),
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

    async fn store_windows(&self) -> Result<()> {
        // Logged where it failed first; readiness tells until it works again.
        let _ = self.store.database().try_again().await;
        self.limiter.snapshot(self.clock.now_ms()).await
    }

    async fn flush_last_used(&self) -> Result<()> {
        let last_used = self.recorder.last_used();
        let uses = last_used.take();
        if let Err(error) = self.store_uses(&uses).await {
            last_used.put_back(uses);
            return Err(error);
        }
        self.sessions.flush_seen().await
    }

    async fn store_uses(&self, uses: &Uses) -> Result<()> {
        domain::keys::note_used(&self.store, &uses.keys).await?;
        domain::root_keys::note_used(&self.store, &uses.root_keys).await
    }

    /// Stores what is still in memory and closes the databases. Call when no
    /// more requests are served.
    pub async fn close(&self) -> Result<()> {
        self.closing.send_replace(true);
        let mut outcome = Ok(());
        // Whatever fails, the rest is still stored and closed.
        let mut note = |what: &str, done: Result<()>| {
            if let Err(error) = done {
                tracing::error!(?error, "{what} failed");
                outcome = Err(error);
            }
        };
        let runner = self.runner.lock().take();
        if let Some(runner) = runner {
            note("ending bulk work", runner.shutdown().await);
        }
        let writer = self.writer.lock().take();
        if let Some(writer) = writer {
            note("storing events", writer.shutdown().await);
        }
        let indexer = self.indexer.lock().take();
        if let Some(indexer) = indexer {
            note("ending the index of events", indexer.shutdown().await);
        }
        let follower = self.follower.lock().take();
        if let Some(follower) = follower {
            note("ending the index of changes", follower.shutdown().await);
        }
        note("storing the last use of keys", self.flush_last_used().await);
        note("storing rate-limit windows", self.limiter.shutdown(self.clock.now_ms()).await);
        note("closing app.db", self.store.database().close().await);
        note("closing events.db", self.events.close().await);
        outcome
    }

    /// The first workspace, and what configuration asks for
    /// (docs/decisions.md#the-first-start-needs-nobody).
    async fn first_start(&self) -> Result<()> {
        let job = |workspace| self.cx(workspace, Principal::Job(Task::Bootstrap), Door::Job);
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

/// A folder that was in use never becomes a new server: whoever takes its files
/// away must not be offered its first account.
async fn open_app_db(dir: &DataDir) -> Result<Database> {
    let path = dir.app_db();
    match dir.was_in_use() {
        true => Database::open_existing::<AppSchema>(&path, Durability::Full).await,
        false => Database::open::<AppSchema>(&path, Durability::Full).await,
    }
}

fn master_key(config: &Config, dir: &DataDir) -> MasterKeySource {
    match config.master_key.as_ref().and_then(|key| MasterKey::from_base64(key.reveal())) {
        Some(key) => MasterKeySource::Given(key),
        None => MasterKeySource::File(dir.master_key()),
    }
}
