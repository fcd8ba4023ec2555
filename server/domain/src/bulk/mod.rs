//! One change to many rows, as a job that survives restarts.
//!
//! A job keeps which rows are left and how each went. Every row goes through
//! the service and the rights that a single change goes through, in the name of
//! whoever started the job, and carries a claim of its own: a row whose result
//! was not noted before a crash is not done twice. Nothing here changes a row
//! itself.

mod batches;
mod file;
#[cfg(test)]
mod file_tests;
mod import;
mod job_task;
mod jobs;
mod lines;
mod row_change;
mod store;

use base::ids::{ApiId, BulkJobId, KeyId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Notify};

use std::sync::Arc;

use crate::identities::Identities;
use crate::keys::Keys;
use crate::permissions::Permissions;
use crate::users::Users;
use base::clock::Clock;
use base::entropy::Entropy;
use base::error::{Code, Error};
use base::store::Store;

pub use file::ImportFile;
pub use import::{ImportFormat, ImportOf};
pub use job_task::Runner;

/// Rows that may be named one by one.
pub const MAX_NAMED: usize = 10_000;

/// What to do with each row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    EnableKeys,
    DisableKeys,
    DeleteKeys,
    /// Takes deletions back.
    RestoreKeys,
    /// Unix milliseconds; `None` is never.
    SetExpiry {
        expires_at: Option<i64>,
    },
    /// `None` is unlimited.
    SetCredits {
        remaining: Option<i64>,
    },
    AddCredits {
        amount: i64,
    },
    SetLimits {
        limits: Vec<Limit>,
    },
    AddRoles {
        names: Vec<String>,
    },
    RemoveRoles {
        names: Vec<String>,
    },
    AddPermissions {
        slugs: Vec<String>,
    },
    RemovePermissions {
        slugs: Vec<String>,
    },
    /// `None` detaches the identity.
    SetIdentity {
        external_id: Option<String>,
    },
    /// Members to set; `null` removes one.
    MergeMeta {
        meta: Map<String, Value>,
    },
    ImportKeys {
        api: String,
    },
    ImportIdentities,
    ImportPermissions,
    ImportRoles,
}

/// A limit to be stored on each key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    pub name: String,
    pub limit: i64,
    /// Milliseconds.
    pub duration: i64,
    #[serde(default)]
    pub auto_apply: bool,
}

/// The rows of a job.
#[derive(Clone, Debug)]
pub enum Selection {
    Keys(Vec<KeyId>),
    /// Every key that a filter fits when the job starts.
    Matching {
        api: Option<ApiId>,
        /// In the language of [`base::filter`].
        filter: String,
    },
}

/// A row of a file: what names it, and the row itself as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    subject: String,
    payload: String,
}

/// A job to be started.
pub struct StartJob {
    pub work: Work,
    pub selection: Selection,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its keys are being found.
    Collecting,
    Running,
    Done,
    Cancelled,
    /// It could not go on; rows that were done stay done.
    Failed,
}

/// A job as lists show it.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: BulkJobId,
    pub work: Work,
    pub state: State,
    pub total: i64,
    pub done: i64,
    pub failed: i64,
    /// Why it could not go on.
    pub error: Option<String>,
    pub actor_id: String,
    /// Unix milliseconds.
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

impl Job {
    /// Whether [`Bulk::undo`] takes back what it did.
    pub fn can_be_undone(&self) -> bool {
        self.work == Work::DeleteKeys && self.state.is_over() && self.done > 0
    }
}

/// How one row went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowResult {
    /// Place in the job, from 0.
    pub position: i64,
    pub subject: String,
    pub outcome: RowState,
    /// Why it failed.
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    Waiting,
    Done,
    Failed,
}

/// Jobs over many rows. Cheap to clone.
#[derive(Clone)]
pub struct Bulk {
    store: Store,
    entropy: Entropy,
    clock: Clock,
    keys: Keys,
    identities: Identities,
    permissions: Permissions,
    users: Users,
    /// Says that there is a job to run.
    wake: Arc<Notify>,
    /// Of two that carry jobs out, one waits: a row that both had would count twice.
    turn: Arc<Mutex<()>>,
}

impl Bulk {
    pub fn new(
        store: Store,
        entropy: Entropy,
        clock: Clock,
        keys: Keys,
        identities: Identities,
        permissions: Permissions,
        users: Users,
    ) -> Self {
        Self {
            store,
            entropy,
            clock,
            keys,
            identities,
            permissions,
            users,
            wake: Arc::default(),
            turn: Arc::default(),
        }
    }
}

impl Work {
    /// Its name in documents and audit entries.
    pub fn as_str(&self) -> &'static str {
        match self {
            Work::EnableKeys => "enable keys",
            Work::DisableKeys => "disable keys",
            Work::DeleteKeys => "delete keys",
            Work::RestoreKeys => "restore keys",
            Work::SetExpiry { .. } => "set the expiry of keys",
            Work::SetCredits { .. } => "set the credits of keys",
            Work::AddCredits { .. } => "add credits to keys",
            Work::SetLimits { .. } => "set the limits of keys",
            Work::AddRoles { .. } => "add roles to keys",
            Work::RemoveRoles { .. } => "remove roles from keys",
            Work::AddPermissions { .. } => "add permissions to keys",
            Work::RemovePermissions { .. } => "remove permissions from keys",
            Work::SetIdentity { .. } => "set the identity of keys",
            Work::MergeMeta { .. } => "merge metadata into keys",
            Work::ImportKeys { .. } => "import keys",
            Work::ImportIdentities => "import identities",
            Work::ImportPermissions => "import permissions",
            Work::ImportRoles => "import roles",
        }
    }
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Collecting => "collecting",
            State::Running => "running",
            State::Done => "done",
            State::Cancelled => "cancelled",
            State::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "collecting" => State::Collecting,
            "running" => State::Running,
            "done" => State::Done,
            "cancelled" => State::Cancelled,
            _ => State::Failed,
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Cancelled | State::Failed)
    }
}

impl RowState {
    pub fn as_str(self) -> &'static str {
        match self {
            RowState::Waiting => "waiting",
            RowState::Done => "done",
            RowState::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "waiting" => RowState::Waiting,
            "done" => RowState::Done,
            _ => RowState::Failed,
        }
    }
}

fn absent() -> Error {
    Error::absent(Code::JobNotFound)
}
