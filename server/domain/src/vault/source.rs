//! Where the master key is kept.
//!
//! By configuration (environment or file), or, so that an empty folder works, in
//! a file of the data folder that the first start makes. No file is ever written
//! over: a key is whole and on disk under a name of its own before it gets the
//! name it is read by, and one that waits to be used is used, not replaced.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::MasterKey;
use base::durable;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::file_fault;

/// Where the master key is kept.
#[derive(Clone)]
pub enum MasterKeySource {
    /// Given by configuration.
    Given(MasterKey),
    /// A file with mode 0600; made when missing and the database is new.
    File(PathBuf),
}

/// A master key that was looked for.
pub(super) struct FoundKey {
    pub key: MasterKey,
    pub place: KeyPlace,
}

/// Where a master key stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyPlace {
    Own,
    /// Under the name that it has during a rotation.
    Provisional,
}

impl MasterKeySource {
    pub fn is_file(&self) -> bool {
        matches!(self, MasterKeySource::File(_))
    }

    /// The key with the `known` fingerprint; a new one when the database knows none.
    pub(super) fn load(&self, entropy: &Entropy, known: Option<&str>) -> Result<MasterKey> {
        match (self, known) {
            (MasterKeySource::Given(key), None) => Ok(key.clone()),
            (MasterKeySource::File(path), None) => load_or_make(path, entropy),
            (_, Some(known)) => self.load_known(known),
        }
    }

    /// As [`MasterKeySource::find`]; a key that a rotation left under its provisional
    /// name gets its own.
    fn load_known(&self, known: &str) -> Result<MasterKey> {
        let FoundKey { key, place } = self.find(known)?;
        if place == KeyPlace::Provisional
            && let Err(error) = self.promote(&key)
        {
            tracing::warn!(%error, "the rotated master key keeps its provisional name");
        }
        Ok(key)
    }

    /// The key the database goes by, by its fingerprint: that of the file, or the next
    /// one if a rotation was cut short after its commit.
    pub(super) fn find(&self, known: &str) -> Result<FoundKey> {
        let is_known = |key: &MasterKey| key.fingerprint() == known;
        let path = match self {
            MasterKeySource::Given(key) if is_known(key) => {
                return Ok(FoundKey { key: key.clone(), place: KeyPlace::Own });
            }
            MasterKeySource::Given(_) => return Err(wrong_key("The configured master key")),
            MasterKeySource::File(path) => path,
        };
        let kept = read(path);
        if let Ok(Some(key)) = &kept
            && is_known(key)
        {
            return Ok(FoundKey { key: key.clone(), place: KeyPlace::Own });
        }
        // Whatever is wrong with this file matters only if nothing else helps.
        if let Ok(Some(key)) = read(&next(path))
            && is_known(&key)
        {
            return Ok(FoundKey { key, place: KeyPlace::Provisional });
        }
        match kept? {
            Some(_) => Err(wrong_key(&path.display().to_string())),
            None => Err(Error::invalid(format!(
                "{} is missing, and this database was used with a master key. Restore the file, or set UNKEY_MASTER_KEY.",
                path.display()
            ))),
        }
    }

    /// The key of the next rotation, on disk. One that an earlier rotation left
    /// there is used: nothing else may hold it, so it is never replaced.
    pub(super) fn prepare_next(&self, current: &MasterKey, entropy: &Entropy) -> Result<MasterKey> {
        let MasterKeySource::File(path) = self else {
            return Err(Error::internal("only a master key in a file is replaced"));
        };
        let waiting = next(path);
        if let Ok(Some(key)) = read(&waiting)
            && key.fingerprint() != current.fingerprint()
        {
            return Ok(key);
        }
        let key = MasterKey::new(entropy.bytes());
        write(&waiting, &key)?;
        Ok(key)
    }

    /// Gives the key in use its place, if it still stands in that of the next one.
    pub(super) fn promote(&self, key: &MasterKey) -> Result<()> {
        let MasterKeySource::File(path) = self else { return Ok(()) };
        let is =
            |path: &Path| matches!(read(path), Ok(Some(found)) if found.fingerprint() == key.fingerprint());
        if !is(path) && is(&next(path)) {
            durable::rename(&next(path), path).map_err(|error| failed(path, error))?;
        }
        Ok(())
    }
}

fn load_or_make(path: &Path, entropy: &Entropy) -> Result<MasterKey> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = MasterKey::new(entropy.bytes());
    write(path, &key)?;
    tracing::warn!(
        path = %path.display(),
        "made a new master key beside the data it protects; keep a copy elsewhere, or give one by UNKEY_MASTER_KEY_FILE"
    );
    Ok(key)
}

fn next(path: &Path) -> PathBuf {
    path.with_extension("key.next")
}

/// An empty file is what a start leaves that was killed while it made one.
fn read(path: &Path) -> Result<Option<MasterKey>> {
    match fs::read_to_string(path) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => match MasterKey::from_base64(&text) {
            Some(key) => Ok(Some(key)),
            None => Err(Error::invalid(format!("{} does not hold 32 bytes in base64", path.display()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// Whole and on disk before this returns, or not there at all.
pub(super) fn write(path: &Path, key: &MasterKey) -> Result<()> {
    let draft = path.with_extension("draft");
    let mut text = key.to_base64();
    text.push('\n');
    durable::write(path, &draft, text.as_bytes()).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("cannot use the master key file {}", file_fault::describe(path, &error)))
}

fn wrong_key(name: &str) -> Error {
    Error::invalid(format!(
        "{name} is not the master key this database was used with. Starting with another one would make every \
         recoverable key unreadable; give the right key, or restore the database that belongs to this one."
    ))
}
