//! How much room a database takes, and how much there is.

use std::path::Path;

use sea_orm::ConnectionTrait;

use super::dialect::{Engine, statement};
use crate::error::{Error, Result};

/// Bytes that are in use; what was freed in a file is not. On a server the indexes
/// and the copies of rows that wait to be cleared away are counted as well.
pub async fn stored_bytes(db: &impl ConnectionTrait) -> Result<u64> {
    match Engine::of(db) {
        Engine::Sqlite => {
            let pages = pragma(db, "page_count").await?.saturating_sub(pragma(db, "freelist_count").await?);
            Ok(pages * pragma(db, "page_size").await?)
        }
        Engine::Postgres => number(db, "SELECT pg_database_size(current_database())").await,
    }
}

/// A number that SQLite keeps about a file.
pub async fn pragma(db: &impl ConnectionTrait, name: &str) -> Result<u64> {
    number(db, &format!("PRAGMA {name}")).await
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> Result<u64> {
    let row = db.query_one_raw(statement(db, sql, [])).await?;
    let row = row.ok_or_else(|| Error::internal(format!("{sql} answers nothing")))?;
    Ok(row.try_get_by_index::<i64>(0)?.unsigned_abs())
}

/// Room on the file system of a folder, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// What this process may still use.
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// How much room there is where `path` lies.
pub fn disk_space(path: &Path) -> Result<DiskSpace> {
    let found = rustix::fs::statvfs(path).map_err(Error::internal)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(DiskSpace { free_bytes: bytes(found.f_bavail), total_bytes: bytes(found.f_blocks) })
}
