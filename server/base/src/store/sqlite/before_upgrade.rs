//! A copy of a database as it was before its schema changed, for whoever wants to go
//! back to the release that wrote it: there is no way down.
//!
//! It lies beside the database as `NAME.before-VERSION`, after the version that changes
//! the schema. Deliberately absent: putting it back, which is a matter of renaming it
//! (docs/upgrade.md#undoing-an-upgrade).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::durable;
use crate::error::{Error, Result};
use crate::store::copies::{CopyError, Pace, copy_database};
use crate::store::disk_space;

/// Of copies beside a database so many stay, the newest.
const KEPT: usize = 2;

/// Copies the database at `path`, with what its log holds, unless the disk has no room.
///
/// Wants room for the copy, and for as much again, because the migration that follows may
/// write everything anew. Whoever calls this has the database to himself. Blocks. Fails when
/// the database cannot be read, or the copy not be written for another reason than room.
pub(super) fn keep(path: &Path, version: &str) -> Result<()> {
    keep_within(path, version, disk_space(durable::folder_of(path))?.free_bytes)
}

fn keep_within(path: &Path, version: &str, free_bytes: u64) -> Result<()> {
    let bytes_of = |path: &Path| path.metadata().map_or(0, |file| file.len());
    let bytes = bytes_of(path) + bytes_of(&beside(path, "-wal"));
    if free_bytes / 2 < bytes {
        tracing::warn!(file = %path.display(), bytes, free_bytes,
            "no copy is kept of this database before its schema changes: the disk has no room for it");
        return Ok(());
    }
    let (copy, partial) = (beside(path, &format!(".before-{version}")), beside(path, ".before"));
    let kept =
        copy_database(path, &partial, Pace::full(), |_| Ok(())).and_then(|()| put_in_place(&partial, &copy));
    match kept {
        Ok(()) => {
            tracing::info!(file = %path.display(), kept_as = %copy.display(), bytes,
                "this database is kept as it was before its schema changes");
            Ok(())
        }
        Err(error) => {
            let _ = fs::remove_file(&partial);
            if !error.is_no_room() {
                let what = format!("it cannot be copied to {}: {error}", copy.display());
                return Err(Error::invalid(format!(
                    "{what}; nothing was changed, and without that copy its schema is not (docs/upgrade.md)"
                )));
            }
            tracing::warn!(file = %path.display(), %error,
                "no copy is kept of this database before its schema changes: the disk has no room for it");
            Ok(())
        }
    }
}

/// Removes copies beside the database but the newest.
pub(super) fn remove_old(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let start = format!("{}.before-", name.display());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let copies = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
    let made = |entry: &fs::DirEntry| entry.metadata().and_then(|file| file.modified());
    let mut copies: Vec<(SystemTime, PathBuf)> =
        copies.filter_map(|entry| Some((made(&entry).ok()?, entry.path()))).collect();
    copies.sort();
    copies.truncate(copies.len().saturating_sub(KEPT));
    for (_, copy) in copies {
        match fs::remove_file(&copy) {
            Ok(()) => tracing::info!(copy = %copy.display(), "removed a copy from before an earlier upgrade"),
            Err(error) => tracing::warn!(copy = %copy.display(), %error, "an old copy cannot be removed"),
        }
    }
}

fn put_in_place(partial: &Path, copy: &Path) -> std::result::Result<(), CopyError> {
    File::open(partial)?.sync_all()?;
    Ok(durable::rename(partial, copy)?)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use rusqlite::Connection;

    use super::*;

    /// A database of which a part is only in its log, and who holds it open.
    fn database(folder: &Path) -> (PathBuf, Connection) {
        let path = folder.join("app.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE words (word); ").unwrap();
        connection.execute_batch("INSERT INTO words (rowid, word) VALUES (7, 'here')").unwrap();
        (path, connection)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name.contains("before"));
        names.sort();
        names
    }

    #[test]
    fn a_copy_has_what_the_log_holds_and_nobody_else_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _open) = database(dir.path());
        fs::write(beside(&path, ".before"), "half of an earlier copy").unwrap();
        keep(&path, "9.0.0").unwrap();
        assert_eq!(names(dir.path()), ["app.db.before-9.0.0"]);
        let copy = beside(&path, ".before-9.0.0");
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let copy = Connection::open(copy).unwrap();
        let row: (i64, String) = copy
            .query_row("SELECT rowid, word FROM words", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(row, (7, "here".to_owned()));
    }

    #[test]
    fn without_room_for_twice_as_much_there_is_no_copy() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _open) = database(dir.path());
        let bytes = path.metadata().unwrap().len() + beside(&path, "-wal").metadata().unwrap().len();
        keep_within(&path, "9.0.0", 2 * bytes - 1).unwrap();
        assert!(names(dir.path()).is_empty());
        keep_within(&path, "9.0.0", 2 * bytes).unwrap();
        assert_eq!(names(dir.path()), ["app.db.before-9.0.0"]);
    }

    #[test]
    fn what_cannot_be_copied_is_an_error_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        fs::write(&path, "no database ".repeat(1000)).unwrap();
        let error = keep(&path, "9.0.0").unwrap_err();
        assert!(error.detail().contains("app.db.before-9.0.0"), "{}", error.detail());
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn of_older_copies_the_newest_two_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _open) = database(dir.path());
        // In another order than their names have.
        for (age, version) in ["10.0.0", "9.0.0", "11.0.0", "8.0.0"].iter().enumerate() {
            let copy = File::create(beside(&path, &format!(".before-{version}"))).unwrap();
            let age = Duration::from_secs(1000 * u64::try_from(age).unwrap());
            copy.set_modified(SystemTime::UNIX_EPOCH + age).unwrap();
        }
        fs::write(dir.path().join("app.db.beforehand"), "somebody else's").unwrap();
        remove_old(&path);
        assert_eq!(names(dir.path()), ["app.db.before-11.0.0", "app.db.before-8.0.0", "app.db.beforehand"]);
    }
}
