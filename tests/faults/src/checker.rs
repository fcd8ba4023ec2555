//! What the database file holds, read by another program, and whether the files
//! are whole.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use crate::database::query;
use crate::site::Site;
use crate::time::{now, wait_for};

/// How often rows are compared until nothing is under way any more.
const QUIET: Duration = Duration::from_millis(400);

/// Tables, and their columns that objects are compared with.
const TABLES: &[(&str, &str)] = &[
    (
        "keys",
        "id, name, api_id, CAST(enabled AS INTEGER) AS enabled, expires_at, remaining, identity_id, rotated_from, deleted_at",
    ),
    ("apis", "id, ip_allowlist, live_keys, deleted_at"),
    ("identities", "id, external_id, meta, deleted_at"),
    ("roles", "id, name"),
    ("permissions", "id, slug"),
    ("roles_permissions", "role_id, permission_id"),
    ("keys_roles", "key_id, role_id"),
    ("keys_permissions", "key_id, permission_id"),
    ("namespaces", "id, name"),
    ("overrides", "id, namespace_id, identifier, max_count, deleted_at"),
    ("root_keys", "id, name, CAST(enabled AS INTEGER) AS enabled, deleted_at"),
    ("users", "id, email"),
    ("sessions", "id, user_id, revoked_at"),
    ("portal_sessions", "id, external_id, CAST(token_hash IS NOT NULL AS INTEGER) AS exchanged, revoked_at"),
];

/// Rows by table, and groups of audit entries by what they are about.
pub struct Stored {
    tables: HashMap<String, Vec<Value>>,
    groups: HashMap<String, HashSet<String>>,
}

impl Stored {
    /// Reads all of it. An error is what the database says.
    pub fn read(site: &Site) -> Result<Self, String> {
        let selects = TABLES
            .iter()
            .map(|(table, columns)| format!("SELECT '{table}' AS \"table\", {columns} FROM {table}"));
        let groups = "SELECT 'groups' AS \"table\", t.target_id, COALESCE(a.correlation_id, a.id) AS id \
             FROM audit_log a JOIN audit_targets t ON t.audit_id = a.id";
        let selects: Vec<String> = selects.chain([groups.to_owned()]).collect();
        let mut stored = Self { tables: HashMap::new(), groups: HashMap::new() };
        for row in site.database.rows(&selects)? {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            if row["table"] == "groups" {
                stored.groups.entry(text("target_id")).or_default().insert(text("id"));
            } else {
                stored.tables.entry(text("table")).or_default().push(row);
            }
        }
        Ok(stored)
    }

    /// The rows of a table where a column has this value.
    pub fn rows<'a>(
        &'a self,
        table: &str,
        column: &'a str,
        value: &'a str,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        let rows = self.tables.get(table).into_iter().flatten();
        rows.filter(move |row| row[column] == value)
    }

    pub fn row(&self, table: &str, id: &str) -> Option<&Value> {
        self.tables.get(table)?.iter().find(|row| row["id"] == id)
    }

    /// Groups of audit entries about any of these objects.
    pub fn groups<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> u32 {
        let groups: HashSet<_> = ids.into_iter().filter_map(|id| self.groups.get(id)).flatten().collect();
        u32::try_from(groups.len()).unwrap_or(u32::MAX)
    }

    /// Groups of audit entries about an object, but not about any of these others.
    pub fn groups_apart<'a>(&self, id: &str, others: impl IntoIterator<Item = &'a str>) -> u32 {
        let others: HashSet<_> = others.into_iter().filter_map(|id| self.groups.get(id)).flatten().collect();
        let own = self.groups.get(id).into_iter().flatten().filter(|group| !others.contains(group));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }

    /// APIs whose count of keys is not that of its keys.
    fn miscounted(&self) -> Vec<String> {
        let apis = self.tables.get("apis").into_iter().flatten();
        let wrong = apis.filter_map(|api| {
            let id = api["id"].as_str()?;
            let live = self.rows("keys", "api_id", id).filter(|key| key["deleted_at"].is_null()).count();
            (api["live_keys"] != live).then(|| format!("{id}: {} for {live}", api["live_keys"]))
        });
        wrong.collect()
    }
}

/// Waits until nothing that was sent is still being carried out.
pub fn await_quiet(site: &Site) {
    let fingerprint = || {
        let sql = "SELECT COUNT(*) AS rows, (SELECT SUM(remaining) FROM keys) AS credits FROM audit_log";
        site.database.rows(&[sql.to_owned()])
    };
    let start = now();
    let mut before = fingerprint();
    wait_for(Duration::from_secs(15), || {
        std::thread::sleep(QUIET);
        let after = fingerprint();
        let is_quiet = after == before && after.is_ok();
        before = after;
        is_quiet.then_some(())
    });
    site.journal.line(&format!("quiet after {:?}", start.elapsed()));
}

/// Checks what holds whatever was done, and returns what is stored.
pub fn check_files(site: &Site) -> Option<Stored> {
    // A server keeps its files by itself.
    let own = site.database.server().is_none().then_some("app.db");
    for name in own.into_iter().chain(["events.db"]) {
        let sql = "PRAGMA integrity_check; PRAGMA foreign_key_check;";
        match query(&site.data.join(name), sql) {
            Ok(rows) if rows.len() == 1 && rows[0]["integrity_check"] == "ok" => {}
            Ok(rows) => site.journal.violation(name, "a whole database", Value::from(rows)),
            Err(error) => site.journal.violation(name, "a database that can be read", error),
        }
    }
    match Stored::read(site) {
        Ok(stored) => {
            let miscounted = stored.miscounted();
            if !miscounted.is_empty() {
                site.journal.violation("apis", "the number of live keys", miscounted.join(", "));
            }
            Some(stored)
        }
        Err(error) => {
            site.journal.violation("app.db", "a database that can be read", error);
            None
        }
    }
}
