//! Reading one key, and completing keys with what hangs on them.

use entity::ids::KeyId;

use super::{Key, KeyDetails, Keys, absent, require_recoverable, store};
use crate::audit::{Event, Group};
use crate::error::{Error, Result};
use crate::grants::Operation;
use crate::identities;
use crate::op::OpCtx;
use crate::permissions;
use crate::ratelimit::limits;
use crate::secret::PlainKey;

/// Which key to read (v2 contract: getKey).
#[derive(Clone, Debug)]
pub struct GetKey {
    pub key_id: KeyId,
    /// Ask for the plaintext too; reading it is audited (D25).
    pub decrypt: bool,
}

impl Keys {
    /// One key by its id. Absent and foreign keys answer alike, before the
    /// grant is looked at.
    pub async fn get(&self, cx: &OpCtx, command: GetKey) -> Result<KeyDetails> {
        let key = store::find(self.store.read(), &cx.workspace, &command.key_id).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyRead, key.target())?;
        if command.decrypt {
            cx.require(Operation::KeyDecrypt, key.target())?;
            require_recoverable(&key.api)?;
        }
        let mut details = self.complete(cx, vec![key]).await?;
        if command.decrypt {
            self.reveal(cx, &mut details).await?;
        }
        details.pop().ok_or_else(|| Error::internal("completing a key lost it"))
    }

    /// One key by its plaintext (v2 contract: whoami). A missing grant answers
    /// as an absent key; the plaintext is never in the answer.
    pub async fn whoami(&self, cx: &OpCtx, plaintext: &PlainKey) -> Result<KeyDetails> {
        let hash = plaintext.hash().to_base64();
        let key = store::find_by_hash(self.store.read(), &cx.workspace, &hash).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyWhoami, key.target())?;
        let mut details = self.complete(cx, vec![key]).await?;
        details.pop().ok_or_else(|| Error::internal("completing a key lost it"))
    }

    /// Adds roles, permissions, limits and identities, in as many queries for
    /// a hundred keys as for one.
    pub(super) async fn complete(&self, cx: &OpCtx, keys: Vec<Key>) -> Result<Vec<KeyDetails>> {
        let db = self.store.read();
        let ids: Vec<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
        let mut rbac = permissions::of_keys(db, &ids).await?;
        let mut limits = limits::of_keys(db, &ids).await?;
        let mut identity_ids: Vec<_> = keys.iter().filter_map(|key| key.identity_id.clone()).collect();
        identity_ids.sort_unstable();
        identity_ids.dedup();
        let identities = identities::load(db, &cx.workspace, &identity_ids).await?;
        let details = keys.into_iter().map(|key| {
            let rbac = rbac.remove(&key.id).unwrap_or_default();
            KeyDetails {
                identity: key.identity_id.as_ref().and_then(|id| identities.get(id)).cloned(),
                permissions: rbac.effective,
                direct_permissions: rbac.direct,
                roles: rbac.roles.into_iter().map(|role| role.name).collect(),
                limits: limits.remove(&key.id).unwrap_or_default(),
                plaintext: None,
                key,
            }
        });
        Ok(details.collect())
    }

    /// Adds the plaintext of recoverable keys, and records that it was shown
    /// before it is. A key that was never encrypted, or whose ciphertext cannot
    /// be read, simply has none (v2 contract: getKey).
    pub(super) async fn reveal(&self, cx: &OpCtx, details: &mut [KeyDetails]) -> Result<()> {
        let ids: Vec<KeyId> = details.iter().map(|details| details.key.id.clone()).collect();
        let ciphertexts = store::ciphertexts_of(self.store.read(), &cx.workspace, &ids).await?;
        if ciphertexts.is_empty() {
            return Ok(());
        }
        let encrypted = details.iter_mut().filter_map(|details| {
            let ciphertext = ciphertexts.get(&details.key.id)?;
            Some((details, ciphertext))
        });
        let encrypted: Vec<_> = encrypted.collect();
        let sealed: Vec<(&KeyId, &[u8])> =
            encrypted.iter().map(|(details, ciphertext)| (&details.key.id, ciphertext.as_slice())).collect();
        let opened = self.vault.decrypt(&cx.workspace, &sealed).await?;
        let mut group = Group::new();
        for ((details, _), opened) in encrypted.into_iter().zip(opened) {
            let key = &details.key;
            match opened {
                Ok(plaintext) => details.plaintext = Some(plaintext),
                Err(error) => {
                    tracing::warn!(key = %key.id, ?error, "a recoverable key cannot be decrypted");
                    continue;
                }
            }
            group.push(
                Event::KeyDecrypt,
                format!("Read the plaintext of key {}", key.id),
                vec![key.audit_target(), key.api.audit_target()],
            );
        }
        if group.is_empty() {
            return Ok(());
        }
        self.store.write(|tx| async move { group.record(cx, &tx, &self.entropy).await }).await
    }
}
