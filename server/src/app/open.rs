//! Opening a data folder: what is opened before any service, which service is
//! made of which, and what the first start must do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::App;
use super::upkeep::Background;
use crate::backup::{Backups, Live};
use crate::courier::Courier;
use crate::doctor::{Doctor, Running, Subject};
use crate::jobs::{BackupJob, Jobs};
use crate::telemetry::{RequestCounts, RequestLog};
use base::access::{Door, Principal, Task};
use base::audit::AuditLog;
use base::clock::Clock;
use base::config::{Config, Tls};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::events::Recorder;
use base::store::{AppSchema, DataDir, Database, Durability, EventsSchema, IfEmpty, Store, moves};
use domain::apis::Apis;
use domain::bulk::Bulk;
use domain::configuration::{Configuration, Rooms};
use domain::credits::Ledger;
use domain::explain::Explainer;
use domain::idempotency::Idempotency;
use domain::identities::Identities;
use domain::keys::Keys;
use domain::leaks::Leaks;
use domain::oauth::Oauth;
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
use domain::webhooks::{Outbox, Webhooks};
use domain::workspaces::{CreateWorkspace, Workspaces};
use insight::analytics::Analytics;
use insight::search::Search;
use insight::sql::{Limits, Sql, SqlConfig};

/// What is opened before any service.
struct Ground {
    store: Store,
    events: Database,
    events_set_aside: Option<PathBuf>,
    limiter: RateLimiter,
    recorder: Recorder,
    vault: Vault,
    entropy: Entropy,
}

impl Ground {
    async fn open(config: &Config, entropy: Entropy, dir: &DataDir, now_ms: i64) -> Result<Self> {
        dir.refuse_half_restored()?;
        let database = open_app_db(config, dir).await?;
        moves::settle(&database).await?;
        let store = Store::new(database);
        store.tell_of_entries(Arc::new(Outbox::new(entropy.clone())));
        let (events, events_set_aside) =
            Database::open_replaceable::<EventsSchema>(&dir.events_db(), Durability::Normal, now_ms).await?;
        let limiter = Limiter::new(config.limiter_max_counters)
            .max_per_workspace(config.limiter_max_counters_per_workspace);
        let limiter = RateLimiter::with(limiter, events.clone());
        limiter.restore(now_ms).await?;
        let vault = Vault::open(store.clone(), entropy.clone(), master_key(config, dir), now_ms).await?;
        let recorder = Recorder::default();
        Ok(Self { store, events, events_set_aside, limiter, recorder, vault, entropy })
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::new(self.store.clone(), self.vault.clone())
    }

    fn root_keys(&self) -> RootKeys {
        let (store, entropy, limiter) = (self.store.clone(), self.entropy.clone(), self.limiter.clone());
        RootKeys::new(store, entropy, self.recorder.last_used().clone(), limiter)
    }

    fn workspaces(&self, insight: &Insight, are_open: bool) -> Workspaces {
        let (store, entropy) = (self.store.clone(), self.entropy.clone());
        Workspaces::new(store, entropy, insight.analytics.clone()).open_to_members(are_open)
    }

    fn backup_job(&self, config: &Config, clock: &Clock, dir: &DataDir) -> BackupJob {
        let (recorder, limiter, vault) = (self.recorder.clone(), self.limiter.clone(), self.vault.clone());
        let (engine, live) = (self.store.database().engine(), Live { recorder, limiter, vault });
        let backups = Backups::live(dir, engine, clock.clone(), self.entropy.clone(), live);
        let (store, entropy, plan) = (self.store.clone(), self.entropy.clone(), config.backup.plan.clone());
        BackupJob::new(store, backups, entropy, clock.clone(), plan)
    }

    fn webhooks(&self, clock: &Clock, private_targets: bool) -> Webhooks {
        let (store, entropy, vault) = (self.store.clone(), self.entropy.clone(), self.vault.clone());
        let courier = Arc::new(Courier::new(private_targets));
        Webhooks::new(store, entropy, vault, clock.clone(), courier).private_targets(private_targets)
    }

    fn oauth(&self, root_keys: &RootKeys, sessions: &Sessions) -> Oauth {
        let (store, entropy, limiter) = (self.store.clone(), self.entropy.clone(), self.limiter.clone());
        Oauth::new(store, entropy, root_keys.clone(), sessions.clone(), limiter)
    }
}

/// What can be asked about the past and found in the present.
struct Insight {
    search: Search,
    analytics: Analytics,
    sql: Sql,
    audit_log: AuditLog,
}

impl Insight {
    fn open(config: &Config, ground: &Ground, dir: &DataDir) -> Result<Self> {
        let (store, events) = (&ground.store, &ground.events);
        let search = Search::open(&dir.index())?;
        let limits = Limits {
            time: Duration::from_secs(config.analytics_seconds),
            memory_bytes: config.analytics_memory_bytes,
            ..Limits::default()
        };
        let sql = SqlConfig {
            enabled: config.analytics_sql,
            region: config.region.clone(),
            limits,
            ..SqlConfig::default()
        };
        Ok(Self {
            analytics: Analytics::new(search.clone(), events.clone()),
            sql: Sql::new(sql, store.clone(), &domain::apis::ApiFeed, search.clone(), events.clone())?,
            audit_log: AuditLog::new(store.clone(), search.audit_text(store.clone())),
            search,
        })
    }
}

/// What people configure.
struct Configured {
    apis: Apis,
    keys: Keys,
    identities: Identities,
    permissions: Permissions,
    namespaces: Namespaces,
    overrides: Overrides,
    users: Users,
}

impl Configured {
    fn new(ground: &Ground) -> Self {
        let (store, entropy) = (&ground.store, &ground.entropy);
        let namespaces = Namespaces::new(store.clone(), entropy.clone());
        Self {
            apis: Apis::new(store.clone(), entropy.clone()),
            keys: Keys::new(store.clone(), entropy.clone(), ground.vault.clone()),
            identities: Identities::new(store.clone(), entropy.clone()),
            permissions: Permissions::new(store.clone(), entropy.clone()),
            overrides: Overrides::new(store.clone(), entropy.clone(), namespaces.clone()),
            namespaces,
            users: Users::new(store.clone(), entropy.clone()),
        }
    }

    fn transfer(&self, ground: &Ground, insight: &Insight) -> Transfer {
        let sources = Sources {
            keys: self.keys.clone(),
            identities: self.identities.clone(),
            permissions: self.permissions.clone(),
            overrides: self.overrides.clone(),
            audit_log: insight.audit_log.clone(),
            analytics: insight.analytics.clone(),
        };
        Transfer::new(ground.store.clone(), ground.entropy.clone(), sources)
    }

    fn bulk(&self, ground: &Ground, clock: &Clock) -> Bulk {
        let (keys, identities) = (self.keys.clone(), self.identities.clone());
        let (permissions, users) = (self.permissions.clone(), self.users.clone());
        let (store, entropy) = (ground.store.clone(), ground.entropy.clone());
        Bulk::new(store, entropy, clock.clone(), keys, identities, permissions, users)
    }

    fn sessions(&self, ground: &Ground) -> Sessions {
        let (store, entropy) = (ground.store.clone(), ground.entropy.clone());
        let passwords = self.users.passwords().clone();
        Sessions::new(store, entropy, ground.vault.clone(), ground.limiter.clone(), passwords)
    }

    fn jobs(&self, ground: &Ground, idempotency: Idempotency, search: Search, max_bytes: u64) -> Jobs {
        let (store, events) = (ground.store.clone(), ground.events.clone());
        let (keys, overrides) = (self.keys.clone(), self.overrides.clone());
        Jobs::new(store, events, keys, overrides, idempotency, search, max_bytes)
    }

    /// What runs by the clock, who looks the server over, and where that one will hear on
    /// which address the server listens.
    fn upkeep(
        &self,
        (config, clock, dir): (&Config, &Clock, &DataDir),
        ground: &Ground,
        idempotency: &Idempotency,
        search: &Search,
    ) -> (Jobs, Doctor, Arc<OnceLock<SocketAddr>>) {
        let jobs = self.jobs(ground, idempotency.clone(), search.clone(), config.events_max_bytes);
        let address = Arc::default();
        let doctor = Doctor::new(Subject {
            config: config.clone(),
            clock: clock.clone(),
            data_dir: dir.path().to_owned(),
            index_dir: dir.index(),
            app: Ok(ground.store.database().clone()),
            events: Ok(ground.events.clone()),
            master_key: master_key(config, dir),
            running: Some(Running {
                search: search.clone(),
                jobs: jobs.clone(),
                recorder: ground.recorder.clone(),
                address: Arc::clone(&address),
            }),
        });
        (jobs, doctor, address)
    }

    fn explainer(&self, verifier: &Verifier, limiter: &RateLimiter, analytics: &Analytics) -> Explainer {
        let (keys, identities) = (self.keys.clone(), self.identities.clone());
        Explainer::new(keys, identities, verifier.clone(), limiter.clone(), analytics.clone())
    }

    fn portals(&self, ground: &Ground, analytics: &Analytics) -> Portals {
        let (keys, identities) = (self.keys.clone(), self.identities.clone());
        Portals::new(ground.store.clone(), ground.entropy.clone(), keys, identities, analytics.clone())
    }

    fn configuration(&self, ground: &Ground, analytics: &Analytics) -> Configuration {
        let rooms = Rooms {
            apis: self.apis.clone(),
            permissions: self.permissions.clone(),
            namespaces: self.namespaces.clone(),
            overrides: self.overrides.clone(),
            portals: self.portals(ground, analytics),
        };
        Configuration::new(ground.store.clone(), ground.entropy.clone(), rooms)
    }

    fn verifier(&self, ground: &Ground, ledger: &Ledger, config: &Config) -> Verifier {
        let (store, limiter) = (ground.store.clone(), ground.limiter.clone());
        Verifier::new(
            store,
            limiter,
            ledger.clone(),
            ground.recorder.clone(),
            self.keys.clone(),
            config.key_cache_bytes,
        )
    }
}

impl App {
    /// Opens a data folder, new or used, and does what the first start must do.
    pub async fn open(config: Config, clock: Clock, entropy: Entropy, dir: DataDir) -> Result<Arc<Self>> {
        let ground = Ground::open(&config, entropy, &dir, clock.now_ms()).await?;
        let insight = Insight::open(&config, &ground, &dir)?;
        let app = Arc::new(Self::assemble(config, clock, dir, ground, insight));
        let alone = app.store.database().start_lock().await?;
        app.first_start().await?;
        drop(alone);
        Ok(app)
    }

    fn assemble(config: Config, clock: Clock, dir: DataDir, ground: Ground, insight: Insight) -> Self {
        let made = Configured::new(&ground);
        let (store, entropy, events) = (&ground.store, &ground.entropy, &ground.events);
        let (limiter, recorder) = (&ground.limiter, &ground.recorder);
        let (analytics, search) = (&insight.analytics, &insight.search);
        let (ledger, sessions) = (Ledger::start(store.clone()), made.sessions(&ground));
        let (bulk, verifier) = (made.bulk(&ground, &clock), made.verifier(&ground, &ledger, &config));
        let (root_keys, idempotency) = (ground.root_keys(), ground.idempotency());
        let (jobs, doctor, address) = made.upkeep((&config, &clock, &dir), &ground, &idempotency, search);
        Self {
            backup_job: ground.backup_job(&config, &clock, &dir),
            doctor,
            background: Mutex::new(Some(Background::start(store, events, recorder, search, &bulk))),
            bulk,
            oauth: ground.oauth(&root_keys, &sessions),
            webhooks: ground.webhooks(&clock, config.webhook_private_targets),
            transfer: made.transfer(&ground, &insight),
            workspaces: ground.workspaces(&insight, config.members_create_workspaces),
            sessions,
            secret_links: SecretLinks::new(store.clone(), entropy.clone()),
            leaks: Leaks::new(store.clone(), entropy.clone(), root_keys.clone(), config.leak_public_key),
            root_keys,
            configuration: made.configuration(&ground, analytics),
            portals: made.portals(&ground, analytics),
            ratelimits: Ratelimits::new(limiter.clone(), made.namespaces.clone(), recorder.clone()),
            explainer: made.explainer(&verifier, limiter, analytics),
            verifier,
            idempotency,
            jobs,
            apis: made.apis,
            users: made.users,
            permissions: made.permissions,
            identities: made.identities,
            keys: made.keys,
            overrides: made.overrides,
            namespaces: made.namespaces,
            analytics: insight.analytics,
            sql: insight.sql,
            audit_log: insight.audit_log,
            search: insight.search,
            request_log: request_log(&config, recorder.clone()),
            config,
            clock,
            followed_steps: AtomicU64::new(0),
            requests: RequestCounts::default(),
            connections: Arc::default(),
            ledger,
            vault: ground.vault,
            entropy: ground.entropy,
            store: ground.store,
            recorder: ground.recorder,
            events: ground.events,
            limiter: ground.limiter,
            dir,
            closing: watch::Sender::new(false),
            events_set_aside: ground.events_set_aside,
            address,
            tls: OnceLock::new(),
        }
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

/// A folder that nobody serves, opened to be looked over: nothing in it is changed.
pub async fn look(config: Config, clock: Clock, dir: &DataDir) -> Doctor {
    let told = |error: Error| error.detail().to_owned();
    let app = match &config.database {
        Some(server) => Database::connect_to_look(server).await,
        None => Database::open_to_look(&dir.app_db()).await,
    };
    Doctor::new(Subject {
        clock,
        data_dir: dir.path().to_owned(),
        index_dir: dir.index(),
        app: app.map_err(told),
        events: Database::open_to_look(&dir.events_db()).await.map_err(told),
        master_key: master_key(&config, dir),
        running: None,
        config,
    })
}

/// A folder that was in use never becomes a new server: whoever takes its files
/// away must not be offered its first account.
async fn open_app_db(config: &Config, dir: &DataDir) -> Result<Database> {
    let path = dir.app_db();
    if let Some(server) = &config.database {
        if path.exists() {
            return Err(Error::invalid(format!(
                "{} holds what would be missing in the database of database_url: name another folder, or start without \
                 database_url",
                path.display()
            )));
        }
        if server.tls == Tls::Off {
            tracing::warn!("connections to the database are not encrypted, as database_url says");
        }
        let if_empty = if dir.was_in_use() { IfEmpty::Refuse } else { IfEmpty::Create };
        return Database::connect(server, if_empty).await;
    }
    match dir.was_in_use() {
        true => Database::open_existing::<AppSchema>(&path, Durability::Full).await,
        false => Database::open::<AppSchema>(&path, Durability::Full).await,
    }
}

fn request_log(config: &Config, recorder: Recorder) -> RequestLog {
    RequestLog::new(config.request_log, config.request_log_sample_percent, recorder)
}

pub fn master_key(config: &Config, dir: &DataDir) -> MasterKeySource {
    match config.master_key.as_ref().and_then(|key| MasterKey::from_base64(key.reveal())) {
        Some(key) => MasterKeySource::Given(key),
        None => MasterKeySource::File(dir.master_key()),
    }
}
