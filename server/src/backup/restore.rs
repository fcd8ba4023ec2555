//! Putting a backup into an empty folder, and finding out whether one could be.
//!
//! All of it is read and checked below a name of its own first; no server starts in a
//! folder that has something there. Then each file gets its place, and at last that
//! name goes. Whatever ends a restore, the next one begins anew.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::manifest::{APP_DB, EVENTS_DB, Manifest, SEALED_MASTER_KEY};
use super::progress::Report;
use super::unpack::{Wanted, remove_folder, sync_folder, unmade, unpack};
use base::error::{Error, Result};
use base::secret::PlainKey;
use base::store::DataDir;
use domain::vault::{self, MasterKey};

/// What a restore puts into a folder, in this order: without `app.db` nothing starts,
/// whatever else is there.
const PLACED: [&str; 3] = ["master.key", EVENTS_DB, APP_DB];

/// What becomes of a sealed master key.
pub enum WithMasterKey {
    /// It is asked for the passphrase if there is one.
    Unsealed(Box<dyn FnOnce() -> Result<PlainKey> + Send>),
    /// It is left out.
    No,
}

/// Restores a backup into a folder that is empty, or not there yet.
pub fn restore(
    source: impl Read,
    folder: &Path,
    master_key: WithMasterKey,
    report: &mut impl Report,
) -> Result<Manifest> {
    let was_there = folder.exists();
    if was_there {
        // First of all: taking hold of a folder keeps what is in it to its owner.
        require_empty(folder)?;
    }
    let Some(dir) = DataDir::acquire(folder)? else {
        return Err(Error::invalid(format!("another unkey process uses {}", folder.display())));
    };
    require_empty(dir.path())?;
    let part = dir.restoring();
    remove_folder(&part)?;
    let outcome = unpack(source, &part, Wanted::Everything, report).and_then(|manifest| {
        unseal(&part, &manifest, master_key)?;
        put_in_place(&dir)?;
        Ok(manifest)
    });
    if outcome.is_err() {
        // The first error is the one to tell. The folder goes last: until then no server
        // starts on what is there.
        for name in PLACED.into_iter().chain(["lock"]) {
            let _ = fs::remove_file(dir.path().join(name));
        }
        let _ = remove_folder(&part);
        if !was_there {
            let _ = fs::remove_dir(dir.path());
        }
    }
    outcome
}

/// Reads a backup as a restore does, into a folder that is removed again.
pub fn verify(source: impl Read, below: Option<&Path>, report: &mut impl Report) -> Result<Manifest> {
    let builder = &mut tempfile::Builder::new();
    let builder = builder.prefix("unkey-verify-");
    let temporary = match below {
        Some(below) => builder.tempdir_in(below),
        None => builder.tempdir(),
    };
    let temporary =
        temporary.map_err(|error| unmade(below.unwrap_or(Path::new("the temporary folder")), error))?;
    unpack(source, &temporary.path().join("data"), Wanted::Everything, report)
}

/// Only the lock, which is ours, and what an interrupted restore left may be there.
fn require_empty(path: &Path) -> Result<()> {
    let is_half_made = DataDir::restoring_in(path).exists();
    for entry in fs::read_dir(path).map_err(|error| unmade(path, error))? {
        let name = entry.map_err(|error| unmade(path, error))?.file_name();
        let ours: &[&str] = match is_half_made {
            true => &["lock", "restore.part", PLACED[0], PLACED[1], PLACED[2]],
            false => &["lock"],
        };
        if !ours.iter().any(|ours| *ours == name) {
            return Err(Error::invalid(format!(
                "{} is not empty, it has {}: name another folder, or take away what is there",
                path.display(),
                Path::new(&name).display()
            )));
        }
    }
    Ok(())
}

/// Puts the master key into the clear, beside the databases.
fn unseal(part: &Path, manifest: &Manifest, master_key: WithMasterKey) -> Result<()> {
    let sealed_path = part.join(SEALED_MASTER_KEY);
    let WithMasterKey::Unsealed(passphrase) = master_key else { return Ok(()) };
    if !manifest.has_master_key() {
        return Ok(());
    }
    let sealed = fs::read(&sealed_path).map_err(|error| unmade(&sealed_path, error))?;
    let fingerprint = manifest.master_key_fingerprint.as_deref().unwrap_or_default();
    let key: MasterKey = vault::import(&sealed, &passphrase()?, fingerprint)?;
    vault::write_master_key(&part.join("master.key"), &key)
}

fn put_in_place(dir: &DataDir) -> Result<()> {
    let part = dir.restoring();
    // The key may be missing, and app.db where the database is a server's.
    for name in PLACED.into_iter().filter(|name| part.join(name).exists()) {
        let to = dir.path().join(name);
        fs::rename(part.join(name), &to).map_err(|error| unmade(&to, error))?;
    }
    sync_folder(dir.path())?;
    remove_folder(&part)?;
    sync_folder(dir.path())
}
