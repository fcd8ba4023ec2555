//! The root key that configuration names
//! (docs/decisions.md#the-first-start-needs-nobody).
//!
//! It exists with every right after each start. Another value at the next start
//! revokes the one before; going back to an earlier value revives it. One that
//! a person revoked stays refused: configuration does not overrule people.

use base::ids::RootKeyId;

use super::create::{described, target};
use super::{CreateRootKey, RootKeys, store};
use base::access::OpCtx;
use base::audit::{Event, Group, Target};
use base::error::Result;
use base::secret::PlainKey;
use base::store::{Change, Tx};

impl RootKeys {
    /// Makes `plaintext` a root key with every right, whether it is new, made
    /// by hand before, or the one of an earlier start.
    pub async fn bootstrap(&self, cx: &OpCtx, plaintext: &PlainKey) -> Result<()> {
        let hash = plaintext.hash().to_base64();
        let previous = store::bootstrapped(self.store.read()).await?;
        let known = store::by_hash(self.store.read(), &hash).await?;
        if let Some(known) = &known
            && previous.as_ref() == Some(&known.id)
        {
            if known.revoked {
                tracing::warn!(root_key = %known.id, "the configured root key was revoked and stays refused");
            }
            return Ok(());
        }
        let (hash, known, previous) = (&hash, &known, &previous);
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                if let Some(previous) = previous {
                    self.retire(cx, &tx, previous, &mut group).await?;
                }
                let id = match known {
                    Some(known) => {
                        store::grant_everything(&tx, &known.id).await?;
                        tx.changed(Change::RootKey(hash.clone()));
                        let targets = vec![Target::new("key", known.id.as_str(), None)];
                        group.push(
                            Event::RootKeyCreate,
                            format!("Configured root key {}", known.id),
                            targets,
                        );
                        known.id.clone()
                    }
                    None => self.introduce(cx, &tx, plaintext, &mut group).await?,
                };
                store::set_bootstrapped(&tx, &id, cx.now_ms).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    async fn introduce(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        plaintext: &PlainKey,
        group: &mut Group,
    ) -> Result<RootKeyId> {
        let id: RootKeyId = self.entropy.id(RootKeyId::PREFIX, cx.now_ms);
        let name = Some("UNKEY_ROOT_KEY".to_owned());
        let command = CreateRootKey {
            name,
            permissions: Vec::new(),
            full: true,
            expires_at: None,
            ip_allowlist: None,
            limit_per_minute: None,
        };
        let key = described(cx, &id, &command, plaintext);
        self.insert(cx, tx, &key, &command, None, plaintext).await?;
        group.push(Event::RootKeyCreate, format!("Created root key {id}"), vec![target(&key)]);
        Ok(id)
    }

    async fn retire(&self, cx: &OpCtx, tx: &Tx, previous: &RootKeyId, group: &mut Group) -> Result<()> {
        if let Some(revoked) = store::revoke(tx, &cx.workspace, previous, cx.now_ms).await? {
            tx.changed(Change::RootKey(revoked.hash));
            let targets = vec![Target::new("key", previous.as_str(), None)];
            group.push(Event::RootKeyRevoke, format!("Revoked root key {previous}"), targets);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratelimit::RateLimiter;
    use base::entropy::Entropy;
    use base::events::LastUsed;
    use base::store::testing::{TestStore, owner};

    fn limiter(test: &TestStore) -> RateLimiter {
        RateLimiter::new(10, test.store.database().clone())
    }

    async fn configure(keys: &RootKeys, text: &str) {
        keys.bootstrap(&owner(), &PlainKey::new(text.to_owned())).await.unwrap();
    }

    async fn live(keys: &RootKeys) -> Vec<String> {
        keys.list(&owner()).await.unwrap().into_iter().filter(|key| key.full).map(|key| key.last4).collect()
    }

    #[tokio::test]
    async fn the_configured_key_can_change_and_change_back() {
        let test = TestStore::open().await;
        let keys = RootKeys::new(test.store.clone(), Entropy::system(), LastUsed::default(), limiter(&test));
        let (a, b) = ("unkey_0123456789012345678aaaa", "unkey_0123456789012345678bbbb");
        for (text, last4) in [(a, "aaaa"), (a, "aaaa"), (b, "bbbb"), (a, "aaaa")] {
            configure(&keys, text).await;
            assert_eq!(live(&keys).await, [last4]);
        }
    }

    #[tokio::test]
    async fn a_person_who_revokes_it_is_not_overruled() {
        let test = TestStore::open().await;
        let keys = RootKeys::new(test.store.clone(), Entropy::system(), LastUsed::default(), limiter(&test));
        let text = "unkey_0123456789012345678aaaa";
        configure(&keys, text).await;
        let id = keys.list(&owner()).await.unwrap().remove(0).id;
        keys.revoke(&owner(), &id).await.unwrap();
        configure(&keys, text).await;
        assert!(live(&keys).await.is_empty());
    }

    #[tokio::test]
    async fn a_key_made_by_hand_gains_every_right() {
        let test = TestStore::open().await;
        let keys = RootKeys::new(test.store.clone(), Entropy::system(), LastUsed::default(), limiter(&test));
        let narrow = CreateRootKey {
            name: None,
            permissions: vec!["api.*.read_api".to_owned()],
            full: false,
            expires_at: None,
            ip_allowlist: None,
            limit_per_minute: None,
        };
        let (id, plaintext) = keys.create(&owner(), narrow).await.unwrap();
        configure(&keys, plaintext.reveal()).await;
        let listed = keys.list(&owner()).await.unwrap();
        assert!(listed.len() == 1 && listed[0].id == id && listed[0].full);
    }
}
