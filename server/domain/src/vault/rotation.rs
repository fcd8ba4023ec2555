//! Replacing the master key while the server runs.
//!
//! The next key is on disk before anything is sealed with it, one rotation runs
//! at a time, and no caller can cut one short. Whatever fails or dies in between,
//! the key whose fingerprint the database knows is in one of two files.

use super::{MasterKey, Vault, store};
use crate::workspaces;
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::store::Tx;

impl Vault {
    /// Replaces the master key: every data key is sealed anew in one
    /// transaction, no ciphertext changes. A master key that came from the
    /// environment cannot be replaced from here.
    pub async fn rotate(&self, cx: &OpCtx) -> Result<()> {
        cx.require(Operation::MasterKeyRotate, access::Target::NONE)?;
        if !self.source.is_file() {
            return Err(Error::new(
                Code::PreconditionFailed,
                "The master key is given by configuration; only one kept in the data folder can be rotated.",
            ));
        }
        let (vault, cx) = (self.clone(), cx.clone());
        tokio::spawn(async move { vault.replace_master_key(&cx).await }).await.map_err(Error::internal)?
    }

    async fn replace_master_key(&self, cx: &OpCtx) -> Result<()> {
        let _turn = self.rotating.lock().await;
        // An earlier rotation may have ended without anybody knowing how.
        let current = self.settle().await?;
        let next = self.source.prepare_next(&current, &self.entropy)?;
        self.keys.write().expect(next.clone());
        let resealed = self.store.write(|tx| async move { self.reseal(cx, &tx, &next).await }).await;
        let settled = self.settle().await;
        resealed.and(settled.map(|_| ()))
    }

    /// Goes by the key that the database goes by, and gives it its file.
    async fn settle(&self) -> Result<MasterKey> {
        // In a transaction: a reader may see what a commit that failed left behind.
        let fingerprint = self.store.write(|tx| async move { store::fingerprint(tx.db()).await }).await?;
        let current = {
            let mut keys = self.keys.write();
            keys.settle(&fingerprint.unwrap_or_default());
            keys.current().clone()
        };
        self.source.promote(&current)?;
        Ok(current)
    }

    async fn reseal(&self, cx: &OpCtx, tx: &Tx, next: &MasterKey) -> Result<()> {
        for (workspace, sealed) in workspaces::data_keys(tx.db()).await? {
            let data_key = self.open_data_key(&workspace, &sealed)?;
            let sealed = next.seal(self.entropy.bytes(), &data_key, workspace.as_str())?;
            workspaces::set_data_key(tx.db(), &workspace, sealed).await?;
        }
        self.reseal_server_key(tx, next, cx.now_ms).await?;
        store::set_fingerprint(tx, &next.fingerprint(), cx.now_ms).await?;
        let mut group = Group::new();
        let target = Target::new("workspace", cx.workspace.as_str(), None);
        group.push(Event::MasterKeyRotate, "Rotated the master key", vec![target]);
        group.record(cx, tx, &self.entropy).await
    }
}
