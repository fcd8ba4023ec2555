//! What a backup says of itself: the first file in it, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use base::error::{Error, Result};
use base::store::copies::unknown_migration;
use base::store::{AppSchema, EventsSchema};

/// Of the form of backups: what an older program cannot read raises it.
pub const FORMAT: u32 = 1;

pub const APP_DB: &str = "app.db";
pub const EVENTS_DB: &str = "events.db";
pub const SEALED_MASTER_KEY: &str = "master.key.age";

/// The first of these is the manifest.
pub(super) const MANIFEST: &str = "manifest.json";

/// Longer ones are none of ours.
pub(super) const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// A sealed master key is some two hundred bytes long.
const MAX_SEALED_BYTES: u64 = 64 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// RFC 3339, in UTC, for people.
    pub made_at: String,
    /// Unix milliseconds.
    pub made_at_ms: i64,
    /// `sqlite`, or `postgres`, whose database is backed up by its own tools.
    pub database: String,
    /// Of the key that recoverable keys hang on.
    pub master_key_fingerprint: Option<String>,
    /// Verifications, rate-limit decisions and requests.
    pub events: u64,
    /// When the newest of them happened, Unix milliseconds.
    pub newest_event_ms: Option<i64>,
    /// When the newest entry of the audit log was written, Unix milliseconds.
    pub newest_change_ms: Option<i64>,
    /// In the order in which they follow.
    pub files: Vec<FileEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Of a database, the migrations it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<String>,
    /// Of a database, how many rows each table has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, u64>,
}

/// What every version of a manifest says.
#[derive(Deserialize)]
struct Form {
    format: u32,
    program: String,
}

impl Manifest {
    /// Reads a manifest, and refuses one that this program cannot restore.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let foreign = |error: serde_json::Error| {
            Error::invalid("its manifest cannot be read, so it is no backup of this program").because(error)
        };
        let form: Form = serde_json::from_slice(bytes).map_err(foreign)?;
        if form.format > FORMAT {
            return Err(Error::invalid(format!(
                "it was made by version {} in a form that this one ({}) does not know: use that version or a newer one",
                form.program,
                env!("CARGO_PKG_VERSION")
            )));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(foreign)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        let databases: &[&str] = if self.is_of_postgres() { &[EVENTS_DB] } else { &[APP_DB, EVENTS_DB] };
        let (ours, rest) = names.split_at_checked(databases.len()).unwrap_or((names.as_slice(), &[]));
        if ours != databases || !(rest.is_empty() || rest == [SEALED_MASTER_KEY]) {
            return Err(Error::invalid("its manifest names other files than a backup has"));
        }
        if self.find(SEALED_MASTER_KEY).is_some_and(|file| file.bytes > MAX_SEALED_BYTES) {
            return Err(Error::invalid("its master key is longer than one can be"));
        }
        for file in &self.files {
            let unknown = match file.name.as_str() {
                APP_DB => unknown_migration::<AppSchema>(&file.migrations),
                EVENTS_DB => unknown_migration::<EventsSchema>(&file.migrations),
                _ => None,
            };
            if let Some(unknown) = unknown {
                return Err(Error::invalid(format!(
                    "it was made by version {}, whose {} has the migration {unknown}: use that version or a newer one",
                    self.program, file.name
                )));
            }
        }
        Ok(())
    }

    pub fn is_of_postgres(&self) -> bool {
        self.database == "postgres"
    }

    pub fn find(&self, name: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.name == name)
    }

    pub fn has_master_key(&self) -> bool {
        self.find(SEALED_MASTER_KEY).is_some()
    }

    /// What restoring it takes on a disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// Rows of a table of `app.db`.
    pub fn rows(&self, table: &str) -> u64 {
        self.find(APP_DB).and_then(|file| file.rows.get(table)).copied().unwrap_or(0)
    }
}
