//! A new secret for a key: a new key with everything the old one has, and an
//! end for the old one.

use base::clock::MINUTE_MS;
use base::ids::KeyId;

use super::create::Minted;
use super::{Key, Keys, absent, require_recoverable, store};
use crate::apis::Api;
use crate::permissions;
use crate::ratelimit::limits::{self, NewLimit, Owner};
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::{Error, Result};
use base::store::{Change, Tx};

use super::CreatedKey;

/// Which key to replace.
#[derive(Clone, Debug)]
pub struct RerollKey {
    pub key_id: KeyId,
    /// How long the old key still works, in milliseconds; 0 ends it now and
    /// `None` leaves its expiry alone. Never extends it.
    pub overlap_ms: Option<i64>,
}

impl Keys {
    /// Makes the new key and answers its plaintext.
    ///
    /// Credits and key-level limits do not double: while both keys live they
    /// spend one balance and count on the same windows.
    pub async fn reroll(&self, cx: &OpCtx, command: RerollKey) -> Result<CreatedKey> {
        self.store.write(|tx| self.reroll_in(cx, tx, command)).await
    }

    async fn reroll_in(&self, cx: &OpCtx, tx: Tx, command: RerollKey) -> Result<CreatedKey> {
        let old = store::find_to_change(&tx, &cx.workspace, &command.key_id).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyReroll, old.target())?;
        let recoverable =
            !store::ciphertexts_of(tx.db(), &cx.workspace, std::slice::from_ref(&old.id)).await?.is_empty();
        if recoverable {
            cx.require(Operation::KeyRerollRecoverable, old.target())?;
            require_recoverable(&old.api)?;
        }
        let minted = self.mint_like(cx, &tx, &old).await?;
        self.copy(cx, &tx, &old, &minted).await?;
        if recoverable {
            let ciphertext = self.vault.encrypt(&tx, &cx.workspace, &minted.id, &minted.plaintext).await?;
            store::insert_ciphertext(tx.db(), cx, &minted.id, ciphertext).await?;
        }
        self.retire(cx, &tx, &old, command.overlap_ms).await?;
        let mut group = Group::new();
        let new = base::audit::Target::new("key", minted.id.as_str(), old.name.as_deref());
        group.push(
            Event::KeyReroll,
            format!("Rerolled key {} to {}", old.id, minted.id),
            vec![new, old.audit_target(), old.api.audit_target()],
        );
        group.record(cx, &tx, &self.entropy).await?;
        Ok(CreatedKey { id: minted.id, plaintext: minted.plaintext })
    }

    /// Same prefix and length as the old key; of one whose making was not seen
    /// here, the defaults of its API.
    async fn mint_like(&self, cx: &OpCtx, tx: &Tx, old: &Key) -> Result<Minted> {
        let (prefix, byte_length) = store::material_of(tx.db(), &old.id).await?;
        let seen_here = byte_length.is_some();
        let Api { default_prefix, default_bytes, .. } = &old.api;
        let prefix = if seen_here { prefix } else { default_prefix.clone() };
        self.mint(cx, prefix, byte_length.or(*default_bytes))
    }

    async fn copy(&self, cx: &OpCtx, tx: &Tx, old: &Key, minted: &Minted) -> Result<()> {
        let hash = minted.plaintext.hash().to_base64();
        let new = store::NewKey {
            id: &minted.id,
            api_id: &old.api.id,
            hash: &hash,
            start: &minted.start,
            last4: &minted.last4,
            prefix: minted.prefix.as_deref(),
            byte_length: Some(minted.byte_length),
            name: old.name.as_deref(),
            identity_id: old.identity_id.clone(),
            owner_id: old.owner_id.as_deref(),
            meta: &old.meta,
            environment: old.environment.as_deref(),
            enabled: old.enabled,
            expires_at: old.expires_at,
            credits: old.credits.clone(),
            migration: None,
            rotated_from: Some(old),
        };
        store::insert(tx.db(), cx, new).await?;
        store::hand_over(tx, old, &minted.id).await?;
        let roles = permissions::roles_of(tx, &old.id).await?;
        let direct = permissions::direct_of(tx, &old.id).await?;
        let ids = direct.iter().map(|permission| &permission.id);
        permissions::link_key(tx, &minted.id, ids, roles.iter().map(|role| &role.id)).await?;
        let stored = limits::of_keys(tx.db(), std::slice::from_ref(&old.id)).await?.remove(&old.id);
        let wanted: Vec<NewLimit> = stored.unwrap_or_default().into_iter().map(NewLimit::from).collect();
        if !wanted.is_empty() {
            limits::replace(tx, cx, &self.entropy, Owner::Key(&minted.id), wanted).await?;
        }
        tx.changed(Change::Key(hash));
        Ok(())
    }

    async fn retire(&self, cx: &OpCtx, tx: &Tx, old: &Key, overlap_ms: Option<i64>) -> Result<()> {
        if let Some(overlap_ms) = overlap_ms {
            let end = ends_at(cx.now_ms, overlap_ms)?;
            let expires_at = old.expires_at.map_or(end, |expires_at| expires_at.min(end));
            store::set_expiry(tx.db(), &cx.workspace, &old.id, expires_at, cx.now_ms).await?;
        }
        old.announce(tx);
        old.announce_credits(tx);
        Ok(())
    }
}

/// Now for no overlap, else rounded up to the next full minute.
fn ends_at(now_ms: i64, overlap_ms: i64) -> Result<i64> {
    match overlap_ms {
        ..0 => Err(Error::invalid("`expiration` is a duration in milliseconds and cannot be negative.")),
        // Strictly in the past: expired at once (a key is expired once now is later).
        0 => Ok(now_ms - 1),
        _ => {
            let end = now_ms.saturating_add(overlap_ms);
            // Overlaps end on a full minute (docs/contract/v2.md#reroll-key).
            Ok(end.saturating_add(MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_end_on_the_next_full_minute() {
        assert_eq!(ends_at(90_000, 0).unwrap(), 89_999);
        assert_eq!(ends_at(90_000, 1).unwrap(), 120_000);
        assert_eq!(ends_at(60_000, 60_000).unwrap(), 120_000);
        assert_eq!(ends_at(60_000, 60_001).unwrap(), 180_000);
        assert!(ends_at(60_000, -1).is_err());
        assert!(ends_at(60_000, i64::MAX).is_ok());
    }
}
