//! Creating root keys, by command or by configuration.

use entity::ids::RootKeyId;

use super::{CreateRootKey, RootKey, RootKeys, permission, store};
use crate::audit::{Event, Group, Target};
use crate::error::{Error, Result};
use crate::keys::format;
use crate::op::{OpCtx, Principal};
use crate::secret::PlainKey;
use crate::store::{Change, Tx};

impl RootKeys {
    /// Returns the id and the secret, which is never shown again.
    pub async fn create(&self, cx: &OpCtx, command: CreateRootKey) -> Result<(RootKeyId, PlainKey)> {
        check(cx, &command)?;
        let plaintext = PlainKey::new(format::root_key(&self.entropy.bytes()));
        let id: RootKeyId = self.entropy.id(RootKeyId::PREFIX, cx.now_ms);
        let key = described(cx, &id, &command, &plaintext);
        self.store
            .write(|tx| {
                let (key, plaintext) = (&key, &plaintext);
                async move {
                    self.insert(cx, &tx, key, &command, plaintext).await?;
                    let mut group = Group::new();
                    let targets = vec![target(key)];
                    group.push(Event::RootKeyCreate, format!("Created root key {}", key.id), targets);
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok((id, plaintext))
    }

    pub(super) async fn insert(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        key: &RootKey,
        command: &CreateRootKey,
        plaintext: &PlainKey,
    ) -> Result<()> {
        let hash = plaintext.hash().to_base64();
        store::insert(tx, cx, key, command, &hash).await?;
        tx.changed(Change::RootKey(hash));
        Ok(())
    }
}

pub(super) fn described(
    cx: &OpCtx,
    id: &RootKeyId,
    command: &CreateRootKey,
    plaintext: &PlainKey,
) -> RootKey {
    RootKey {
        id: id.clone(),
        name: command.name.clone(),
        start: plaintext.reveal().chars().take(10).collect(),
        last4: format::last4(plaintext.reveal()),
        full: command.full,
        enabled: true,
        expires_at: command.expires_at,
        last_used_at: None,
        created_at: cx.now_ms,
    }
}

pub(super) fn target(key: &RootKey) -> Target {
    Target::new("key", key.id.as_str(), key.name.as_deref())
}

fn check(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    if command.name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > 256) {
        return Err(Error::invalid("A root key name has 1 to 256 characters."));
    }
    if let Some(unknown) = command.permissions.iter().find(|text| !permission::is_known(text)) {
        return Err(Error::invalid(format!("There is no permission '{unknown}'.")));
    }
    if let Some(list) = &command.ip_allowlist {
        crate::apis::allowlist::parse(list)?;
    }
    if let Principal::RootKey(creator) = &cx.principal {
        let exceeds = |text: &String| !creator.grants.holds(text);
        if !creator.grants.is_full() && (command.full || command.permissions.iter().any(exceeds)) {
            return Err(Error::new(
                crate::error::Code::InsufficientPermissions,
                "A root key cannot grant permissions that its creator does not have.",
            ));
        }
    }
    Ok(())
}
