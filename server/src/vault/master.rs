//! The master key and where it comes from.
//!
//! By configuration (environment or file), or, so that an empty folder works, a
//! file in the data folder that the first start makes.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::seal::{self, DataKey, NONCE_BYTES};
use crate::entropy::Entropy;
use crate::error::{Error, Result};

/// 32 bytes that everything recoverable hangs on. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Where the master key is kept.
#[derive(Clone)]
pub enum MasterKeySource {
    /// Given by configuration.
    Given(MasterKey),
    /// A file with mode 0600; made when missing and the database is new.
    File(PathBuf),
}

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 32 bytes in standard base64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        bytes.as_slice().try_into().ok().map(Self::new)
    }

    fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// Names the key without telling it.
    pub fn fingerprint(&self) -> String {
        STANDARD.encode(self.derive("unkey master key fingerprint"))
    }

    /// A key for one purpose, which tells nothing of this one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut derived = [0; 32];
        Hkdf::<Sha256>::new(None, &*self.0)
            .expand(purpose.as_bytes(), &mut derived)
            .expect("32 bytes are a valid length for HKDF-SHA-256");
        derived
    }

    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        data_key: &DataKey,
        workspace: &str,
    ) -> Result<Vec<u8>> {
        seal::seal(&self.0, nonce, data_key.bytes(), workspace)
    }

    pub(super) fn open(&self, sealed: &[u8], workspace: &str) -> Result<DataKey> {
        let plain = Zeroizing::new(seal::open(&self.0, sealed, workspace)?);
        let bytes =
            plain.as_slice().try_into().map_err(|_| Error::internal("a data key has the wrong length"))?;
        Ok(DataKey::new(bytes))
    }
}

impl MasterKeySource {
    pub fn is_file(&self) -> bool {
        matches!(self, MasterKeySource::File(_))
    }

    /// The key with the `known` fingerprint; a new one when the database knows none.
    pub(super) fn load(&self, entropy: &Entropy, known: Option<&str>) -> Result<MasterKey> {
        let matches = |key: &MasterKey| known.is_none_or(|known| known == key.fingerprint());
        match self {
            MasterKeySource::Given(key) if matches(key) => Ok(key.clone()),
            MasterKeySource::Given(_) => Err(wrong_key("The configured master key")),
            MasterKeySource::File(path) => match (read(path)?, read(&next(path))?) {
                (Some(key), _) if matches(&key) => Ok(key),
                // A rotation was cut short after its commit.
                (_, Some(key)) if known.is_some() && matches(&key) => {
                    self.promote_next()?;
                    Ok(key)
                }
                (Some(_), _) => Err(wrong_key(&path.display().to_string())),
                (None, _) if known.is_some() => Err(Error::invalid(format!(
                    "{} is missing, and this database was used with a master key. Restore the file, or set UNKEY_MASTER_KEY.",
                    path.display()
                ))),
                (None, _) => {
                    let key = MasterKey::new(entropy.bytes());
                    write(path, &key)?;
                    tracing::warn!(
                        path = %path.display(),
                        "made a new master key beside the data it protects; keep a copy elsewhere, or give one by UNKEY_MASTER_KEY_FILE"
                    );
                    Ok(key)
                }
            },
        }
    }

    pub(super) fn write_next(&self, key: &MasterKey) -> Result<()> {
        match self {
            MasterKeySource::File(path) => write(&next(path), key),
            MasterKeySource::Given(_) => Ok(()),
        }
    }

    pub(super) fn promote_next(&self) -> Result<()> {
        match self {
            MasterKeySource::File(path) => fs::rename(next(path), path).map_err(|error| failed(path, error)),
            MasterKeySource::Given(_) => Ok(()),
        }
    }
}

fn next(path: &Path) -> PathBuf {
    path.with_extension("key.next")
}

fn read(path: &Path) -> Result<Option<MasterKey>> {
    match fs::read_to_string(path) {
        Ok(text) => match MasterKey::from_base64(&text) {
            Some(key) => Ok(Some(key)),
            None => Err(Error::invalid(format!("{} does not hold 32 bytes in base64", path.display()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// On disk before this returns.
fn write(path: &Path, key: &MasterKey) -> Result<()> {
    let store = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(key.to_base64().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    };
    store().map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("cannot use the master key file {}: {error}", path.display())).because(error)
}

fn wrong_key(name: &str) -> Error {
    Error::invalid(format!(
        "{name} is not the master key this database was used with. Starting with another one would make every \
         recoverable key unreadable; give the right key, or restore the database that belongs to this one."
    ))
}
