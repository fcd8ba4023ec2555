//! Keys that come back with their API (docs/backup.md#one-api-or-one-workspace).
//!
//! What is here knows more than a backup: keys that went with the API come back as they
//! were last, with the credits that they had left. Only those whose rows are gone come
//! from the backup. Whoever was revoked stays so.

use std::collections::HashSet;

use base::ids::{ApiId, KeyId};

use super::orphans::TASK;
use super::store::recovered::{self, LostKeys, ReturningKey, Spending};
use super::{Keys, StoredHash};
use crate::ratelimit::limits;
use crate::{apis, identities, permissions, workspaces};
use base::access::OpCtx;
use base::audit::{self, Beyond, Event, Group, Target};
use base::error::{Error, Result};
use base::store::{Change, Reader, Tx};

/// Keys per transaction: others get their turn in between.
const BATCH: u64 = 100;

/// What happens to a key and leaves it what it is, or takes it away.
const UNTOUCHED: [Event; 3] = [Event::KeyDecrypt, Event::KeyRestore, Event::KeyDelete];

/// What became of the keys of an API that came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveredKeys {
    /// Were here, and went with the API.
    pub returned: u64,
    /// Come from the backup.
    pub copied: u64,
    /// Are in the backup and stay away: they were revoked here, are here as another key, spend
    /// the credits of one that stays away, or hold what no key can.
    pub left_out: u64,
    /// Were changed here after the backup was made: they come back disabled, for nobody knows
    /// any more whether they were leaked, disabled or expired.
    pub disabled: u64,
    /// Belong to an identity that was made here under the same external id, and has the
    /// limits that it was given here.
    pub elsewhere: u64,
    /// Whether the ciphertext of recoverable keys can be read here.
    pub with_ciphertext: bool,
}

impl Keys {
    /// Brings back the keys of an API that is live again. Repeated, it goes on where it
    /// was cut short.
    pub(crate) async fn recover(&self, cx: &OpCtx, from: &Reader, api: &ApiId) -> Result<RecoveredKeys> {
        let with_ciphertext = self.store.write(|tx| self.share_data_key(cx, tx, from)).await?;
        let beyond = audit::beyond(self.store.read(), from).await?;
        let mut recovered = RecoveredKeys { with_ciphertext, ..RecoveredKeys::default() };
        let mut last = String::new();
        loop {
            let returned = self.store.write(|tx| self.return_batch(cx, tx, api, &last)).await?;
            let Some(key) = returned.last() else { break };
            last = key.id.to_string();
            recovered.returned += returned.len() as u64;
        }
        for spending in [Spending::Own, Spending::OfAnother] {
            let mut after = Some(String::new());
            while let Some(place) = after {
                let (page, next) =
                    recovered::page_in_backup(from, &cx.workspace, api, spending, &place).await?;
                after = next;
                let recovered = &mut recovered;
                self.store.write(|tx| self.copy_page(cx, tx, (from, beyond), api, page, recovered)).await?;
            }
        }
        Ok(recovered)
    }

    /// Makes what is encrypted in the backup readable here, if the same master key seals
    /// both, and says whether it is.
    async fn share_data_key(&self, cx: &OpCtx, tx: Tx, from: &Reader) -> Result<bool> {
        let Some(theirs) = workspaces::data_key(from, &cx.workspace).await? else { return Ok(true) };
        match workspaces::data_key(tx.db(), &cx.workspace).await? {
            Some(ours) => Ok(ours == theirs),
            None if !self.vault.opens(&cx.workspace, &theirs) => Ok(false),
            None => {
                workspaces::set_data_key(tx.db(), &cx.workspace, theirs).await?;
                Ok(true)
            }
        }
    }

    async fn return_batch(&self, cx: &OpCtx, tx: Tx, api: &ApiId, after: &str) -> Result<Vec<ReturningKey>> {
        self.require_live(cx, &tx, api).await?;
        let keys = recovered::bring_back(&tx, api, TASK.as_str(), after, BATCH, cx.now_ms).await?;
        self.announce(cx, &tx, api, &keys, "with its API").await?;
        Ok(keys)
    }

    async fn copy_page(
        &self,
        cx: &OpCtx,
        tx: Tx,
        (from, beyond): (&Reader, Beyond),
        api: &ApiId,
        mut keys: LostKeys,
        recovered: &mut RecoveredKeys,
    ) -> Result<()> {
        self.require_live(cx, &tx, api).await?;
        recovered.left_out += keys.without_known(&tx).await?;
        let ids = keys.ids();
        let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
        let revoked: HashSet<String> =
            audit::targets_of(tx.db(), Event::KeyDelete, &ids, Some(TASK.as_str())).await?;
        recovered.left_out += keys.without(&tx, api, &revoked).await? + keys.without_unsound();
        let changed = audit::targets_beyond(tx.db(), beyond, &UNTOUCHED, &ids).await?;
        recovered.disabled += keys.disable(&changed);
        keys.forget_foreign_lines(&tx, api).await?;
        keys.share_credits(&tx, from, api).await?;
        let owners = identities::bring_along(&tx, from, &cx.workspace, keys.identities()).await?;
        recovered.elsewhere += keys.put_below(&owners);
        let keys = keys.put(&tx, from, &cx.workspace).await?;
        let ids: Vec<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
        limits::copy_of_keys(&tx, from, &ids).await?;
        permissions::copy_links(&tx, from, &cx.workspace, &ids).await?;
        if recovered.with_ciphertext {
            recovered::copy_ciphertexts(&tx, from, &cx.workspace, &ids).await?;
        }
        owners.into_ids().for_each(|identity| tx.changed(Change::Identity(identity)));
        self.announce(cx, &tx, api, &keys, "from a backup").await?;
        recovered.copied += ids.len() as u64;
        Ok(())
    }

    /// Nothing comes back below an API that somebody deletes meanwhile.
    async fn require_live(&self, cx: &OpCtx, tx: &Tx, api: &ApiId) -> Result<()> {
        match apis::find_live(tx.db(), &cx.workspace, api).await? {
            Some(_) => Ok(()),
            None => Err(Error::invalid(format!("{api} was deleted while its keys came back."))),
        }
    }

    async fn announce(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        api: &ApiId,
        keys: &[ReturningKey],
        how: &str,
    ) -> Result<()> {
        let mut group = Group::new();
        for ReturningKey { id, name, hash: StoredHash(hash) } in keys {
            let targets = vec![
                Target::new("key", id.as_str(), name.as_deref()),
                Target::new("api", api.as_str(), None),
            ];
            group.push(Event::KeyRestore, format!("Restored key {id} {how}"), targets);
            tx.changed(Change::Key(hash.clone()));
        }
        group.record(cx, tx, &self.entropy).await
    }
}
