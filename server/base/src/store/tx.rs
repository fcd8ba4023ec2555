//! Changing `app.db`: one transaction at a time, its consequences published
//! after the commit and before the answer.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use crate::ids::{ApiId, IdentityId, NamespaceId, UserId, WorkspaceId};
use parking_lot::Mutex;

use super::{Database, EntryFeed, NewEntry, Reader, Transaction};
use crate::cache::{Epochs, Subject};
use crate::error::{Error, Result};

/// What a transaction changed, as far as cached values depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A key with this stored hash was created, changed or removed.
    Key(String),
    /// A root key with this stored hash was created, changed or removed.
    RootKey(String),
    Api(ApiId),
    Identity(IdentityId),
    Workspace(WorkspaceId),
    /// So much that nothing cached is worth keeping.
    Everything,
    /// A user, their roles, or one of their sessions.
    User(UserId),
    /// Roles or permissions of a workspace, or what they consist of.
    Rbac(WorkspaceId),
    /// A namespace was created, changed or removed, or its overrides were.
    Namespace {
        workspace: WorkspaceId,
        id: NamespaceId,
        name: String,
    },
}

impl Change {
    fn bump(&self, epochs: &Epochs) {
        match self {
            Change::Namespace { workspace, id, name } => {
                epochs.bump(namespace_subject(epochs, workspace, id.as_str()));
                epochs.bump(namespace_subject(epochs, workspace, name));
            }
            Change::Everything => epochs.bump_all(),
            Change::Key(hash) => epochs.bump(epochs.subject("key", hash.as_str())),
            Change::RootKey(hash) => epochs.bump(epochs.subject("root key", hash.as_str())),
            Change::Api(id) => epochs.bump(epochs.subject("api", id.as_str())),
            Change::Identity(id) => epochs.bump(epochs.subject("identity", id.as_str())),
            Change::Workspace(id) => epochs.bump(epochs.subject("workspace", id.as_str())),
            Change::User(id) => epochs.bump(epochs.subject("user", id.as_str())),
            Change::Rbac(id) => epochs.bump(epochs.subject("rbac", id.as_str())),
        }
    }
}

/// The subject of a namespace under its id or its name.
pub fn namespace_subject(epochs: &Epochs, workspace: &WorkspaceId, id_or_name: &str) -> Subject {
    epochs.subject("namespace", &(workspace.as_str(), id_or_name))
}

/// `app.db`.
#[derive(Clone)]
pub struct Store {
    database: Database,
    epochs: Arc<Epochs>,
    feed: Feed,
}

/// Who is told of entries of the audit log; nobody until they are named.
type Feed = Arc<OnceLock<Arc<dyn EntryFeed>>>;

/// A running transaction. Clones share it; it commits when [`Store::write`] returns.
#[derive(Clone)]
pub struct Tx(Arc<Inner>);

struct Inner {
    db: Transaction,
    feed: Feed,
    changes: Mutex<Vec<Change>>,
}

impl Tx {
    pub fn db(&self) -> &Transaction {
        &self.0.db
    }

    /// Says what this transaction changes; published after its commit.
    pub fn changed(&self, change: Change) {
        let mut changes = self.0.changes.lock();
        if !changes.contains(&change) {
            changes.push(change);
        }
    }

    /// Tells of entries that this transaction has written.
    pub async fn tell(&self, workspace: &WorkspaceId, now_ms: i64, entries: &[NewEntry]) -> Result<()> {
        match self.0.feed.get() {
            Some(feed) => feed.written(self, workspace, now_ms, entries).await,
            None => Ok(()),
        }
    }
}

impl Store {
    pub fn new(database: Database) -> Self {
        let epochs: Arc<Epochs> = Arc::default();
        let known = epochs.clone();
        database.when_another_history(move || known.bump_all());
        Self { database, epochs, feed: Arc::default() }
    }

    /// Has every transaction from now on tell of its entries; once.
    pub fn tell_of_entries(&self, feed: Arc<dyn EntryFeed>) {
        // A second one would be a mistake of the composition root, without harm.
        let _ = self.feed.set(feed);
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &Reader {
        self.database.reader()
    }

    pub fn epochs(&self) -> &Arc<Epochs> {
        &self.epochs
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Runs `work` in one transaction: commits on `Ok`, leaves no trace on `Err`
    /// or when dropped before the commit. Transactions run one after the other in
    /// the order they asked; long work commits in batches so that others get
    /// their turn.
    ///
    /// The commit and the publishing of its changes are a task of their own: a
    /// caller that goes away meanwhile cannot part the two.
    pub async fn write<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Tx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let (inner, outcome) = self.run(work).await?;
        match outcome {
            Ok(value) => {
                let publishing = tokio::spawn(inner.commit(self.epochs.clone()));
                publishing.await.map_err(Error::internal)??;
                Ok(value)
            }
            Err(error) => {
                inner.db.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs `work` in a transaction that is taken back at its end, whatever it answers:
    /// what it says of the change it made is what would have been.
    pub async fn rehearse<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Tx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let (inner, outcome) = self.run(work).await?;
        inner.db.rollback().await;
        outcome
    }

    /// A transaction that is as `work` left it.
    async fn run<T, F, Fut>(&self, work: F) -> Result<(Inner, Result<T>)>
    where
        F: FnOnce(Tx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let db = self.database.begin().await?;
        let tx = Tx(Arc::new(Inner { db, feed: self.feed.clone(), changes: Mutex::default() }));
        let outcome = work(tx.clone()).await;
        let inner = Arc::into_inner(tx.0);
        Ok((inner.ok_or_else(|| Error::internal("a transaction outlived its scope"))?, outcome))
    }
}

impl Inner {
    async fn commit(self, epochs: Arc<Epochs>) -> Result<()> {
        let committed = self.db.commit().await;
        // A failed commit may still have reached the disk: reload in either case.
        self.changes.into_inner().iter().for_each(|change| change.bump(&epochs));
        Ok(committed?)
    }
}
