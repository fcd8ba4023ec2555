//! The master key on its way into a backup and out of it: behind a passphrase, and
//! never in the clear.

use std::path::Path;

use super::{MasterKey, MasterKeySource, Vault, age, source, store};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::secret::PlainKey;
use base::store::copies::DatabaseCopy;

/// The fingerprint of the master key that a copy of `app.db` goes by.
pub fn fingerprint_of_copy(copy: &DatabaseCopy) -> Result<Option<String>> {
    store::fingerprint_of_copy(copy)
}

impl Vault {
    /// The fingerprint of the key that the database goes by.
    pub async fn fingerprint(&self) -> Result<Option<String>> {
        store::fingerprint(self.store.read()).await
    }

    /// The master key with this fingerprint, sealed.
    pub fn export(&self, fingerprint: &str, passphrase: &PlainKey) -> Result<Vec<u8>> {
        let key = self.keys.read().find(fingerprint)?.clone();
        seal(&key, passphrase, &self.entropy)
    }
}

impl MasterKeySource {
    /// As [`Vault::export`], where no server runs.
    pub fn export(&self, fingerprint: &str, passphrase: &PlainKey, entropy: &Entropy) -> Result<Vec<u8>> {
        seal(&self.load(entropy, Some(fingerprint))?, passphrase, entropy)
    }
}

fn seal(key: &MasterKey, passphrase: &PlainKey, entropy: &Entropy) -> Result<Vec<u8>> {
    age::seal(passphrase, key.to_base64().as_bytes(), entropy)
}

/// Opens what an export sealed.
///
/// Fails for another passphrase, and for a key that is not the one of this fingerprint.
pub fn import(sealed: &[u8], passphrase: &PlainKey, fingerprint: &str) -> Result<MasterKey> {
    let text = age::open(passphrase, sealed)?;
    let key = std::str::from_utf8(&text).ok().and_then(MasterKey::from_base64);
    key.filter(|key| key.fingerprint() == fingerprint).ok_or_else(|| {
        Error::invalid("the master key in the backup is not the one that its databases were used with")
    })
}

/// Writes a master key to a file of its own, whole and on disk before this returns.
pub fn write_master_key(path: &Path, key: &MasterKey) -> Result<()> {
    source::write(path, key)
}
