//! Creating root keys, by command or by configuration.

use entity::ids::RootKeyId;

use super::manage::outlives;
use super::{CreateRootKey, RootKey, RootKeys, permission, store};
use crate::audit::{self, Event, Group};
use crate::error::{Code, Error, Result};
use crate::grants::{Operation, Target, Urn};
use crate::keys::format;
use crate::op::{OpCtx, Principal};
use crate::secret::PlainKey;
use crate::store::{Change, Tx};

impl RootKeys {
    /// Returns the id and the secret, which is never shown again.
    pub async fn create(&self, cx: &OpCtx, command: CreateRootKey) -> Result<(RootKeyId, PlainKey)> {
        cx.require(Operation::RootKeyCreate, Target::NONE)?;
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
        permissions: unique(command.permissions.clone()),
        enabled: true,
        expires_at: command.expires_at,
        last_used_at: None,
        created_at: cx.now_ms,
    }
}

pub(super) fn target(key: &RootKey) -> audit::Target {
    audit::Target::new("key", key.id.as_str(), key.name.as_deref())
}

fn check(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    check_values(cx, command)?;
    check_within(cx, command)
}

/// What is wrong with it whoever makes it.
pub(super) fn check_values(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    check_name(command.name.as_deref())?;
    if let Some(list) = &command.ip_allowlist
        && crate::apis::allowlist::parse(list)?.is_empty()
    {
        return Err(Error::invalid("The list of addresses is empty: leave it out to allow every address."));
    }
    if command.limit_per_minute.is_some_and(|limit| limit < 1) {
        return Err(Error::invalid("A root key may be limited to 1 request a minute or more."));
    }
    if command.expires_at.is_some_and(|expires_at| expires_at <= cx.now_ms) {
        return Err(Error::invalid("The expiry of a root key must lie in the future."));
    }
    Ok(())
}

fn check_name(name: Option<&str>) -> Result<()> {
    match name.map(|name| name.chars().count()) {
        None | Some(1..=256) => Ok(()),
        Some(_) => Err(Error::invalid("A root key name has 1 to 256 characters.")),
    }
}

/// Each must be one we know, and one the caller has.
fn check_permissions(cx: &OpCtx, permissions: &[String]) -> Result<()> {
    if let Some(unknown) = permissions.iter().find(|text| !permission::is_known(text)) {
        return Err(Error::invalid(format!("There is no permission '{unknown}'.")));
    }
    if let Principal::RootKey(caller) = &cx.principal
        && let Some(missing) = permissions.iter().find(|text| !caller.grants.holds(text))
    {
        return Err(exceeds(&format!("A root key cannot grant '{missing}', which its maker does not have.")));
    }
    let is_foreign =
        |text: &&String| Urn::parse(text).is_some_and(|urn| urn.workspace() != cx.workspace.as_str());
    match permissions.iter().find(is_foreign) {
        Some(foreign) => Err(Error::invalid(format!("'{foreign}' names another workspace."))),
        None => Ok(()),
    }
}

/// A root key never exceeds its maker: not in rights, not in time.
pub(super) fn check_within(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    check_rights(cx, command)?;
    check_expiry(cx, command.expires_at)
}

pub(super) fn check_rights(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    check_permissions(cx, &command.permissions)?;
    if let Principal::RootKey(caller) = &cx.principal
        && command.full
        && !caller.grants.is_full()
    {
        return Err(exceeds("A root key cannot grant everything unless its maker may do everything."));
    }
    Ok(())
}

pub(super) fn check_expiry(cx: &OpCtx, expires_at: Option<i64>) -> Result<()> {
    if outlives(cx, expires_at) {
        return Err(exceeds("A root key that expires cannot make or change one that lives longer."));
    }
    Ok(())
}

fn exceeds(detail: &str) -> Error {
    Error::new(Code::InsufficientPermissions, detail)
}

pub(super) fn unique(mut permissions: Vec<String>) -> Vec<String> {
    permissions.sort_unstable();
    permissions.dedup();
    permissions
}
