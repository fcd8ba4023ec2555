//! A store on a temporary folder, and eyes for what operations leave in it.
//!
//! For tests of rooms only; nothing here runs in production.

#![allow(clippy::unwrap_used, reason = "these are tests, whoever compiles them")]

use std::sync::Arc;

use crate::ids::{RequestId, RootKeyId, SessionId, UserId, WorkspaceId};
use entity::{audit_entry, audit_target, workspace};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, Set};

use super::{Database, Durability, Engine, IfEmpty, Store, statement};
use crate::access::{Door, Grants, OpCtx, Principal, Role, RootKeyPrincipal, UserPrincipal};

pub mod postgres;

pub const NOW_MS: i64 = 1_790_000_000_000;

/// An empty `app.db` with the workspaces `ws_1` and `ws_2`.
pub struct TestStore {
    pub store: Store,
    dir: tempfile::TempDir,
    _database: Option<postgres::TestDatabase>,
}

/// One audit entry as a test wants to read it.
#[derive(Debug, PartialEq, Eq)]
pub struct Audited {
    pub event: String,
    pub description: String,
    pub request: String,
    pub correlation: Option<String>,
    /// Kind and id.
    pub targets: Vec<(String, String)>,
    pub changes: Option<serde_json::Value>,
}

impl TestStore {
    pub async fn open() -> Self {
        match postgres::server() {
            Some(server) => {
                let database = postgres::TestDatabase::create(server).await;
                Self::with(
                    Database::connect(&database.server(), IfEmpty::Refuse).await.unwrap(),
                    Some(database),
                )
                .await
            }
            None => Self::in_file().await,
        }
    }

    /// In a file, whichever the run is about.
    pub async fn in_file() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let database = Database::open::<migration::App>(&path, Durability::Normal).await.unwrap();
        Self { dir, ..Self::with(database, None).await }
    }

    async fn with(database: Database, server: Option<postgres::TestDatabase>) -> Self {
        for id in ["ws_1", "ws_2"] {
            let row = workspace::ActiveModel {
                id: Set(WorkspaceId::from(id)),
                slug: Set(id.to_owned()),
                name: Set(id.to_owned()),
                enabled: Set(true),
                created_at: Set(NOW_MS),
                ..Default::default()
            };
            workspace::Entity::insert(row).exec_without_returning(database.writer()).await.unwrap();
        }
        Self { store: Store::new(database), dir: tempfile::tempdir().unwrap(), _database: server }
    }

    pub fn engine(&self) -> Engine {
        self.store.database().engine()
    }

    /// Where `app.db` lies, if it is a file.
    pub fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// The audit log in the order it was written.
    pub async fn audited(&self) -> Vec<Audited> {
        let db = self.store.read();
        let targets =
            audit_target::Entity::find().order_by_asc(audit_target::Column::Position).all(db).await.unwrap();
        let entries =
            audit_entry::Entity::find().order_by_asc(audit_entry::Column::Seq).all(db).await.unwrap();
        entries
            .into_iter()
            .map(|entry| Audited {
                targets: targets
                    .iter()
                    .filter(|target| target.audit_id == entry.id)
                    .map(|target| (target.kind.clone(), target.target_id.clone()))
                    .collect(),
                event: entry.event,
                description: entry.description,
                request: entry.request_id,
                correlation: entry.correlation_id,
                changes: entry.changes.map(|text| serde_json::from_str(&text).unwrap()),
            })
            .collect()
    }

    /// The operator at the command line, in `ws_1`.
    pub fn operator(&self) -> OpCtx {
        OpCtx { principal: Principal::Cli, door: Door::Cli, ..owner() }
    }

    /// The events since the first `skip` entries.
    pub async fn events(&self, skip: usize) -> Vec<String> {
        self.audited().await.into_iter().skip(skip).map(|entry| entry.event).collect()
    }

    /// Runs one statement past every rule, to make a state no operation makes.
    pub async fn force(&self, sql: &str) {
        self.store.database().writer().execute_unprepared(sql).await.unwrap();
    }

    /// A column of bytes as the digits of a text.
    pub fn hex(&self, column: &str) -> String {
        self.engine().choose(format!("hex({column})"), format!("upper(encode({column}, 'hex'))"))
    }

    /// Bytes, given by their digits.
    pub fn bytes(&self, digits: &str) -> String {
        self.engine().choose(format!("x'{digits}'"), format!("'\\x{digits}'"))
    }

    /// How SQLite means to answer a query.
    pub async fn plan(&self, sql: &str) -> String {
        let question = statement(self.store.read(), format!("EXPLAIN QUERY PLAN {sql}"), []);
        let rows = self.store.read().query_all_raw(question).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How many rows of a table satisfy a condition.
    pub async fn count(&self, table: &str, condition: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let question = statement(self.store.read(), sql, []);
        let row = self.store.read().query_one_raw(question).await.unwrap().unwrap();
        row.try_get("", "n").unwrap()
    }
}

/// A caller of `ws_1` who may do everything.
pub fn owner() -> OpCtx {
    caller("ws_1", Grants::new(true, []))
}

/// A caller of `ws_1` with exactly these permissions.
pub fn holder(permissions: &[&str]) -> OpCtx {
    caller("ws_1", Grants::new(false, permissions.iter().map(|text| (*text).to_owned())))
}

/// A caller of `ws_2` who may do everything there.
pub fn stranger() -> OpCtx {
    caller("ws_2", Grants::new(true, []))
}

fn caller(workspace: &str, grants: Grants) -> OpCtx {
    let principal = RootKeyPrincipal {
        id: RootKeyId::from("key_root"),
        name: None,
        grants,
        expires_at: None,
        ip_allowlist: Vec::new(),
        limit_per_minute: None,
        budget_key: None,
    };
    let (workspace, request) = (WorkspaceId::from(workspace), RequestId::from("req_1"));
    OpCtx::new(Principal::RootKey(Arc::new(principal)), workspace, NOW_MS, request, Door::V2)
}

/// A person with this role in `ws_1`, who has no row.
pub fn person(role: Role) -> OpCtx {
    signed_in("user_1", Some(role))
}

/// The user with this id, acting in `ws_1` with this role.
pub fn signed_in(id: &str, role: Option<Role>) -> OpCtx {
    let user = UserPrincipal {
        id: UserId::from(id),
        name: id.to_owned(),
        email: format!("{id}@example.com"),
        role,
        session: SessionId::from("ses_1"),
    };
    OpCtx { principal: Principal::User(Arc::new(user)), door: Door::Dashboard, ..owner() }
}

/// Somebody who has not signed in, in no workspace.
pub fn anonymous() -> OpCtx {
    OpCtx {
        principal: Principal::Anonymous,
        workspace: WorkspaceId::from(""),
        door: Door::Dashboard,
        ..owner()
    }
}
