//! Reading one key, and completing keys with what hangs on them.

use base::ids::KeyId;

use super::{Key, KeyDetails, Keys, absent, require_recoverable, store};
use crate::apis::{self, Api};
use crate::identities;
use crate::permissions;
use crate::ratelimit::limits;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::error::{Error, Result};
use base::secret::PlainKey;

/// Which key to read (docs/contract/v2.md#get-key).
#[derive(Clone, Debug)]
pub struct GetKey {
    pub key_id: KeyId,
    pub decrypt: Decrypt,
}

/// Whether plaintexts are asked for too; reading one is audited
/// (docs/decisions.md#events-of-our-own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decrypt {
    No,
    /// Fails with `precondition_failed` where the API does not allow it.
    Demand,
    /// Leaves plaintexts out where the API does not allow them.
    IfAllowed,
}

impl Decrypt {
    /// Whether plaintexts of this API shall be read, which `operation` allows.
    pub(super) fn applies(
        self,
        cx: &OpCtx,
        operation: Operation,
        target: Target<'_>,
        api: &Api,
    ) -> Result<bool> {
        if self == Decrypt::No {
            return Ok(false);
        }
        cx.require(operation, target)?;
        match self {
            Decrypt::Demand => require_recoverable(api).map(|()| true),
            _ => Ok(api.store_encrypted_keys),
        }
    }
}

impl Keys {
    /// One key by its id. Absent and foreign keys answer alike, before the
    /// grant is looked at.
    pub async fn get(&self, cx: &OpCtx, command: GetKey) -> Result<KeyDetails> {
        let key = store::find(self.store.read(), &cx.workspace, &command.key_id).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyRead, key.target())?;
        let decrypts = command.decrypt.applies(cx, Operation::KeyDecrypt, key.target(), &key.api)?;
        let mut details = self.complete(cx, vec![key]).await?;
        if decrypts {
            self.reveal(cx, &mut details).await?;
        }
        details.pop().ok_or_else(|| Error::internal("completing a key lost it"))
    }

    /// A deleted key that can be restored.
    pub async fn get_deleted(&self, cx: &OpCtx, id: &KeyId) -> Result<KeyDetails> {
        let key = store::find_deleted(self.store.read(), &cx.workspace, id).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyRead, key.target())?;
        let mut details = self.complete(cx, vec![key]).await?;
        details.pop().ok_or_else(|| Error::internal("completing a key lost it"))
    }

    /// Whether the plaintext of a key can be read by those who may.
    pub async fn is_recoverable(&self, cx: &OpCtx, key: &Key) -> Result<bool> {
        cx.require(Operation::KeyRead, key.target())?;
        let ids = std::slice::from_ref(&key.id);
        let is_stored = || async {
            let stored = store::ciphertexts_of(self.store.read(), &cx.workspace, ids).await?;
            Ok(!stored.is_empty())
        };
        if key.api.store_encrypted_keys { is_stored().await } else { Ok(false) }
    }

    /// Keys of whoever has this external id, through their identity or by name,
    /// each of which the principal may read; at most 1000, by id.
    pub async fn of_owner(&self, cx: &OpCtx, owner: &str) -> Result<Vec<KeyId>> {
        let db = self.store.read();
        let identity = identities::id_of(db, &cx.workspace, owner).await?;
        let apis = apis::all_live(db, &cx.workspace).await?;
        let keys = store::of_owner(db, &cx.workspace, &apis, identity.as_ref(), owner).await?;
        for key in &keys {
            let api = apis.iter().find(|api| api.id == key.api);
            let keyspace = api.map(|api| &api.keyspace_id);
            let target = Target { api: Some(&key.api), keyspace, key: Some(&key.id), ..Target::NONE };
            cx.require(Operation::KeyRead, target)?;
        }
        Ok(keys.into_iter().map(|key| key.id).collect())
    }

    /// One key by its plaintext (docs/contract/v2.md#whoami). A missing grant
    /// answers as an absent key; the plaintext is never in the answer.
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
    /// be read, simply has none (docs/contract/v2.md#get-key).
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
