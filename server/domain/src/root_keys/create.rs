//! Creating root keys, by command or by configuration.

use base::ids::RootKeyId;
use serde_json::{Value, json};

use super::bounded_by_maker::{self, Use};
use super::{AuthorizedClient, CreateRootKey, RootKey, RootKeys, store};
use crate::apis::allowlist;
use crate::keys::format;
use base::access::{OpCtx, Operation, Target};
use base::audit::{self, Event, Group, changes};
use base::error::{Error, Field, Result};
use base::secret::PlainKey;
use base::store::{Change, Tx};

/// A root key that may be made, and its secret.
pub(crate) struct NewRootKey {
    key: RootKey,
    command: CreateRootKey,
    budget_key: Option<RootKeyId>,
    plaintext: PlainKey,
}

impl NewRootKey {
    pub fn id(&self) -> &RootKeyId {
        &self.key.id
    }

    /// Never shown again.
    pub fn into_secret(self) -> PlainKey {
        self.plaintext
    }
}

/// Whether the caller may make such a root key.
pub(crate) fn check(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    checked(cx, command.clone()).map(drop)
}

/// What a new root key may do, and its bounds, for the audit log.
fn granted(key: &RootKey, command: &CreateRootKey) -> Value {
    let fields = [
        ("full", json!(key.full.then_some(true))),
        ("permissions", json!(Some(&key.permissions).filter(|permissions| !permissions.is_empty()))),
        ("expires", json!(key.expires_at)),
        ("ipAllowlist", json!(command.ip_allowlist)),
        ("limitPerMinute", json!(command.limit_per_minute)),
    ];
    let before = fields.clone().map(|(field, _)| (field, Value::Null));
    Value::Object(changes(before, fields))
}

/// What the caller may make, with what it inherits.
fn checked(cx: &OpCtx, command: CreateRootKey) -> Result<CreateRootKey> {
    cx.require(Operation::RootKeyCreate, Target::NONE)?;
    check_values(cx, &command)?;
    let mut command = bounded_by_maker::inherited(cx, command);
    bounded_by_maker::check_rights(cx, command.full, &command.permissions)?;
    let allowed = Use::of(command.expires_at, command.ip_allowlist.as_deref(), command.limit_per_minute)?;
    bounded_by_maker::check_use(cx, &allowed)?;
    check_list(command.ip_allowlist.as_deref(), &allowed)?;
    command.ip_allowlist = allowlist::to_text(&allowed.networks);
    Ok(command)
}

impl RootKeys {
    /// Returns the id and the secret, which is never shown again.
    pub async fn create(&self, cx: &OpCtx, command: CreateRootKey) -> Result<(RootKeyId, PlainKey)> {
        let new = self.prepare(cx, command, None)?;
        let making = &new;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.create_in(cx, &tx, making, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok((new.key.id, new.plaintext))
    }

    /// A root key that the caller may make, for `client` if it is one's.
    pub(crate) fn prepare(
        &self,
        cx: &OpCtx,
        command: CreateRootKey,
        client: Option<AuthorizedClient>,
    ) -> Result<NewRootKey> {
        let command = checked(cx, command)?;
        let plaintext = PlainKey::new(format::root_key(&self.entropy.bytes()));
        let id: RootKeyId = self.entropy.id(RootKeyId::PREFIX, cx.now_ms);
        let key = RootKey { client, ..described(cx, &id, &command, &plaintext) };
        let maker = cx.principal.root_key().filter(|maker| maker.limit_per_minute.is_some());
        let budget_key = maker.map(|maker| maker.counts_on().clone());
        Ok(NewRootKey { key, command, budget_key, plaintext })
    }

    /// Makes it as a part of another change.
    pub(crate) async fn create_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        new: &NewRootKey,
        group: &mut Group,
    ) -> Result<()> {
        let NewRootKey { key, command, budget_key, plaintext } = new;
        self.insert(cx, tx, key, command, budget_key.clone(), plaintext).await?;
        let text = match &key.client {
            None => format!("Created root key {}", key.id),
            Some(client) => format!("Created root key {} for {}", key.id, client.name),
        };
        group.push_change(Event::RootKeyCreate, text, vec![target(key)], granted(key, command));
        Ok(())
    }

    pub(super) async fn insert(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        key: &RootKey,
        command: &CreateRootKey,
        budget_key: Option<RootKeyId>,
        plaintext: &PlainKey,
    ) -> Result<()> {
        let hash = plaintext.hash().to_base64();
        store::insert(tx, cx, key, command, budget_key, &hash).await?;
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
        client: None,
    }
}

pub(super) fn target(key: &RootKey) -> audit::Target {
    audit::Target::new("key", key.id.as_str(), key.name.as_deref())
}

/// What is wrong with it whoever makes it.
pub(super) fn check_values(cx: &OpCtx, command: &CreateRootKey) -> Result<()> {
    check_name(command.name.as_deref())?;
    if let Some(list) = &command.ip_allowlist {
        allowlist::wanted(list)?;
    }
    if command.limit_per_minute.is_some_and(|limit| limit < 1) {
        return Err(Error::invalid("A root key may be limited to 1 request a minute or more.")
            .at(Field::LimitPerMinute));
    }
    if command.expires_at.is_some_and(|expires_at| expires_at <= cx.now_ms) {
        return Err(Error::invalid("The expiry of a root key must lie in the future.").at(Field::Expires));
    }
    Ok(())
}

/// A list that was given holds an address: without one it would let everybody in.
pub(super) fn check_list(given: Option<&str>, allowed: &Use) -> Result<()> {
    if given.is_some() && allowed.networks.is_empty() {
        let detail = "The list of addresses is empty: leave it out to allow every address.";
        return Err(Error::invalid(detail).at(Field::Addresses));
    }
    Ok(())
}

fn check_name(name: Option<&str>) -> Result<()> {
    match name.map(|name| name.chars().count()) {
        None | Some(1..=256) => Ok(()),
        Some(_) => Err(Error::invalid("A root key name has 1 to 256 characters.").at(Field::Name)),
    }
}

pub(super) fn unique(mut permissions: Vec<String>) -> Vec<String> {
    permissions.sort_unstable();
    permissions.dedup();
    permissions
}
