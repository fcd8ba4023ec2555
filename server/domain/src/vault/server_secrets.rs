//! What belongs to the server rather than to one workspace: secrets of people,
//! who may be in several, and keys for signing what the server hands out.

use zeroize::Zeroizing;

use super::{DataKey, MasterKey, Vault, store};
use base::error::{Error, Result};
use base::store::Tx;

/// Stands where data keys of workspaces name theirs.
pub(super) const SERVER: &str = "server";

impl Vault {
    /// A key for one purpose, derived from the master key; another one after the
    /// master key was rotated.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.keys.read().current().derive(purpose))
    }

    /// Encrypts what belongs to no workspace, bound to a name that opening it
    /// must repeat. Survives rotations of the master key.
    pub async fn seal_for_server(&self, tx: &Tx, name: &str, text: &[u8], now_ms: i64) -> Result<Vec<u8>> {
        let data_key = match store::server_key(tx.db()).await? {
            Some(sealed) => self.keys.read().open(&sealed, SERVER)?,
            None => {
                let data_key = DataKey::new(self.entropy.bytes());
                let sealed = self.seal_data_key(tx, SERVER, &data_key).await?;
                store::set_server_key(tx, &sealed, now_ms).await?;
                data_key
            }
        };
        data_key.seal(self.entropy.bytes(), text, name)
    }

    /// Decrypts what [`Vault::seal_for_server`] made under this very name.
    pub async fn open_for_server(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let data_key = store::server_key(self.store.read())
            .await?
            .ok_or_else(|| Error::internal("a ciphertext exists, but the server has no data key"))?;
        let data_key = self.keys.read().open(&data_key, SERVER)?;
        data_key.open(sealed, name).map(Zeroizing::new)
    }

    pub(super) async fn reseal_server_key(&self, tx: &Tx, next: &MasterKey, now_ms: i64) -> Result<()> {
        let Some(sealed) = store::server_key(tx.db()).await? else { return Ok(()) };
        let data_key = self.keys.read().open(&sealed, SERVER)?;
        let sealed = next.seal(self.entropy.bytes(), &data_key, SERVER)?;
        store::set_server_key(tx, &sealed, now_ms).await
    }
}
