//! Plaintexts that may be read again: recoverable keys, encrypted at rest.
//!
//! An envelope (docs/decisions.md#recoverable-keys-lie-in-an-envelope): the
//! master key, which the database never holds, encrypts one data key per
//! workspace; the data key encrypts each row, bound to its workspace and key id
//! so that ciphertexts cannot be swapped. AES-256-GCM throughout, nonce in
//! front of the ciphertext. Who may decrypt is not decided here.

mod age;
mod export;
mod look;
mod master;
mod rotation;
mod seal;
mod server_secrets;
mod source;
mod store;

use std::sync::Arc;

use base::ids::{KeyId, WorkspaceId};
use parking_lot::RwLock;
use tokio::sync::Mutex;

pub use export::{fingerprint_of_copy, import, write_master_key};
pub use look::{MasterKeyState, master_key_state};
pub use master::MasterKey;
use master::MasterKeys;
pub use seal::DataKey;
pub use source::MasterKeySource;

use crate::workspaces;
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::secret::PlainKey;
use base::store::{Store, Tx};

/// Encrypts and decrypts recoverable keys. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    entropy: Entropy,
    keys: Arc<RwLock<MasterKeys>>,
    source: MasterKeySource,
    /// Rotations take turns.
    rotating: Arc<Mutex<()>>,
}

impl Vault {
    /// Opens with the master key of `source`.
    ///
    /// Refuses a master key other than the one this database was used with:
    /// what it holds could not be decrypted.
    pub async fn open(store: Store, entropy: Entropy, source: MasterKeySource, now_ms: i64) -> Result<Self> {
        let known = store::fingerprint(store.read()).await?;
        let master = source.load(&entropy, known.as_deref())?;
        if known.is_none() {
            let fingerprint = master.fingerprint();
            store.write(|tx| async move { store::set_fingerprint(&tx, &fingerprint, now_ms).await }).await?;
        }
        let keys = Arc::new(RwLock::new(MasterKeys::new(master)));
        Ok(Self { store, entropy, keys, source, rotating: Arc::default() })
    }

    /// Encrypts the plaintext of a key, in the transaction that creates it.
    pub async fn encrypt(
        &self,
        tx: &Tx,
        workspace: &WorkspaceId,
        key: &KeyId,
        plaintext: &PlainKey,
    ) -> Result<Vec<u8>> {
        self.seal_text(tx, workspace, &binding(workspace, key), plaintext.reveal().as_bytes()).await
    }

    /// Encrypts any text of a workspace, bound to a name that opening it must
    /// repeat.
    pub async fn seal_text(
        &self,
        tx: &Tx,
        workspace: &WorkspaceId,
        name: &str,
        text: &[u8],
    ) -> Result<Vec<u8>> {
        let data_key = match workspaces::data_key(tx.db(), workspace).await? {
            Some(sealed) => self.open_data_key(workspace, &sealed)?,
            None => {
                let data_key = DataKey::new(self.entropy.bytes());
                let sealed = self.seal_data_key(tx, workspace.as_str(), &data_key).await?;
                workspaces::set_data_key(tx.db(), workspace, sealed).await?;
                data_key
            }
        };
        data_key.seal(self.entropy.bytes(), text, name)
    }

    /// Decrypts what [`Vault::encrypt`] made for these very keys, in their order.
    /// The data key is read once for all of them.
    pub async fn decrypt(
        &self,
        workspace: &WorkspaceId,
        sealed: &[(&KeyId, &[u8])],
    ) -> Result<Vec<Result<PlainKey>>> {
        let data_key = self.data_key(workspace).await?;
        let open = |(key, ciphertext): &(&KeyId, &[u8])| {
            let plain = data_key.open(ciphertext, &binding(workspace, key))?;
            String::from_utf8(plain).map(PlainKey::new).map_err(Error::internal)
        };
        Ok(sealed.iter().map(open).collect())
    }

    /// Decrypts what [`Vault::seal_text`] made under this very name.
    pub async fn open_text(&self, workspace: &WorkspaceId, name: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        self.data_key(workspace).await?.open(sealed, name)
    }

    async fn data_key(&self, workspace: &WorkspaceId) -> Result<DataKey> {
        let sealed = workspaces::data_key(self.store.read(), workspace)
            .await?
            .ok_or_else(|| Error::internal("a ciphertext exists, but its workspace has no data key"))?;
        self.open_data_key(workspace, &sealed)
    }

    /// Whether the master key seals this data key of a workspace.
    pub(crate) fn opens(&self, workspace: &WorkspaceId, sealed: &[u8]) -> bool {
        self.open_data_key(workspace, sealed).is_ok()
    }

    fn open_data_key(&self, workspace: &WorkspaceId, sealed: &[u8]) -> Result<DataKey> {
        self.keys.read().open(sealed, workspace.as_str())
    }

    /// Seals a new data key with the master key that this transaction sees: a
    /// rotation may just have committed.
    async fn seal_data_key(&self, tx: &Tx, name: &str, data_key: &DataKey) -> Result<Vec<u8>> {
        let fingerprint = store::fingerprint(tx.db()).await?.unwrap_or_default();
        let keys = self.keys.read();
        keys.find(&fingerprint)?.seal(self.entropy.bytes(), data_key, name)
    }
}

fn binding(workspace: &WorkspaceId, key: &KeyId) -> String {
    format!("{workspace}/{key}")
}

#[cfg(test)]
mod tests;
