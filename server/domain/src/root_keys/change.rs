//! Listing, changing and replacing root keys through the API
//! (docs/contract/v2.md#root-keys-and-workspaces).
//!
//! Nobody hands out more than they have: [`bounded_by_maker`] says what the caller bounds
//! of every root key it makes or changes.

use base::ids::RootKeyId;
use serde_json::{Value, json};

use super::bounded_by_maker::{self, Use};
use super::create::{described, target};
use super::{CreateRootKey, RootKey, RootKeyDetails, RootKeys, create, store};
use crate::apis::allowlist;
use crate::keys::format;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use base::secret::{KeyHash, PlainKey};
use base::store::{Change, Page, Paged, Tx};

/// Root keys read at a time while looking for readable ones.
const BATCH: u64 = 200;

/// A change of a root key; what is left out stays.
#[derive(Clone, Debug)]
pub struct UpdateRootKey {
    pub id: RootKeyId,
    pub name: Patch<String>,
    pub enabled: Option<bool>,
    /// Replaces all permissions, a full root key's too.
    pub permissions: Option<Vec<String>>,
    /// Every permission; not together with some.
    pub full: bool,
    /// Unix milliseconds, in the future.
    pub expires_at: Patch<i64>,
    /// Comma-separated addresses and networks it may be used from.
    pub ip_allowlist: Patch<String>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
    /// Requests it may make in a minute.
    pub limit_per_minute: Patch<i64>,
}

impl UpdateRootKey {
    /// A change of nothing yet.
    pub fn new(id: RootKeyId) -> Self {
        Self {
            id,
            name: Patch::Keep,
            enabled: None,
            permissions: None,
            full: false,
            expires_at: Patch::Keep,
            made_from: None,
            ip_allowlist: Patch::Keep,
            limit_per_minute: Patch::Keep,
        }
    }
}

/// Which root key to replace.
#[derive(Clone, Debug)]
pub struct RerollRootKey {
    pub id: RootKeyId,
    /// Milliseconds the old one still works; 0 revokes it and `None` leaves its
    /// expiry alone. Never extends it.
    pub overlap_ms: Option<i64>,
}

impl RootKeys {
    /// A page of the root keys that the caller may read, by id.
    pub async fn page(&self, cx: &OpCtx, page: &Page) -> Result<Paged<RootKey>> {
        let mut readable = Vec::new();
        let mut cursor = page.cursor.clone();
        while readable.len() <= page.limit as usize {
            let batch = Page { limit: BATCH, cursor };
            let found = store::page(self.store.read(), &cx.workspace, &batch).await?;
            let may_read = |key: &RootKey| cx.may(Operation::RootKeyRead, Target::root_key(&key.id));
            readable.extend(found.items.into_iter().filter(may_read));
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(Paged::from_rows(readable, page, |key| key.id.as_str()))
    }

    /// The root key that has this hash, for whoever may read it.
    pub async fn by_hash(&self, cx: &OpCtx, hash: KeyHash) -> Result<Option<RootKeyId>> {
        let found = store::find_by_hash(self.store.read(), &cx.workspace, &hash.to_base64()).await?;
        Ok(found.filter(|id| cx.may(Operation::RootKeyRead, Target::root_key(id))))
    }

    pub async fn update(&self, cx: &OpCtx, command: UpdateRootKey) -> Result<()> {
        cx.require(Operation::RootKeyUpdate, Target::root_key(&command.id))?;
        let as_new = CreateRootKey {
            name: command.name.value().cloned(),
            permissions: command.permissions.clone().unwrap_or_default(),
            full: command.full,
            expires_at: command.expires_at.value().copied(),
            ip_allowlist: command.ip_allowlist.value().cloned(),
            limit_per_minute: command.limit_per_minute.value().copied(),
        };
        create::check_values(cx, &as_new)?;
        bounded_by_maker::check_rights(cx, as_new.full, &as_new.permissions)?;
        self.store.write(|tx| async move { self.update_in(cx, tx, command).await }).await
    }

    async fn update_in(&self, cx: &OpCtx, tx: Tx, command: UpdateRootKey) -> Result<()> {
        let found = store::find(tx.db(), &cx.workspace, &command.id).await?.ok_or_else(absent)?;
        let hash = found.hash.clone();
        let before = RootKeyDetails::from(found);
        if let Some(made_from) = &command.made_from {
            made_from.require(&before.version())?;
        }
        let list = command.ip_allowlist.value().cloned();
        let mut after = command.applied(before.clone());
        bounded_by_maker::check_use(cx, &before.allowed()?)?;
        let allowed = after.allowed()?;
        bounded_by_maker::check_use(cx, &allowed)?;
        create::check_list(list.as_deref(), &allowed)?;
        after.ip_allowlist = allowlist::to_text(&allowed.networks);
        store::update(&tx, &after, cx.now_ms).await?;
        tx.changed(Change::RootKey(hash));
        let changes = changes(fields(&before), fields(&after));
        let mut group = Group::new();
        let text = format!("Updated root key {}", after.key.id);
        group.push_change(Event::RootKeyUpdate, text, vec![target(&after.key)], Value::Object(changes));
        group.record(cx, &tx, &self.entropy).await
    }

    /// Makes a root key with the name, state, expiry and permissions of another
    /// one, and ends the other as asked.
    pub async fn reroll(&self, cx: &OpCtx, command: RerollRootKey) -> Result<(RootKeyId, PlainKey)> {
        let old_target = Target::root_key(&command.id);
        cx.require(Operation::RootKeyUpdate, old_target)?;
        if command.overlap_ms.is_some() {
            cx.require(Operation::RootKeyDelete, old_target)?;
        }
        self.store.write(|tx| self.reroll_in(cx, tx, command)).await
    }

    async fn reroll_in(&self, cx: &OpCtx, tx: Tx, command: RerollRootKey) -> Result<(RootKeyId, PlainKey)> {
        let old = store::find(tx.db(), &cx.workspace, &command.id).await?.ok_or_else(absent)?;
        bounded_by_maker::check_rights(cx, old.key.full, &old.key.permissions)?;
        let allowed = Use::of(old.key.expires_at, old.ip_allowlist.as_deref(), old.limit_per_minute)?;
        bounded_by_maker::check_use(cx, &allowed)?;
        let like = CreateRootKey {
            name: old.key.name.clone(),
            permissions: old.key.permissions.clone(),
            full: old.key.full,
            expires_at: old.key.expires_at,
            ip_allowlist: old.ip_allowlist.clone(),
            limit_per_minute: old.limit_per_minute,
        };
        let plaintext = PlainKey::new(format::root_key(&self.entropy.bytes()));
        let id: RootKeyId = self.entropy.id(RootKeyId::PREFIX, cx.now_ms);
        let mut key = described(cx, &id, &like, &plaintext);
        key.enabled = old.key.enabled;
        // Both count together while both work.
        let budget_key = old.budget_key.unwrap_or_else(|| old.key.id.clone());
        self.insert(cx, &tx, &key, &like, Some(budget_key), &plaintext).await?;
        match command.overlap_ms {
            None => {}
            Some(0) => {
                store::revoke(&tx, &cx.workspace, &old.key.id, cx.now_ms).await?;
            }
            Some(overlap_ms) => {
                let end = cx.now_ms.saturating_add(overlap_ms.max(0));
                let end = old.key.expires_at.map_or(end, |expires_at| expires_at.min(end));
                store::set_expiry(&tx, &old.key.id, end, cx.now_ms).await?;
            }
        }
        tx.changed(Change::RootKey(old.hash));
        let mut group = Group::new();
        let text = format!("Rerolled root key {} to {id}", old.key.id);
        group.push(Event::RootKeyReroll, text, vec![target(&key), target(&old.key)]);
        group.record(cx, &tx, &self.entropy).await?;
        Ok((id, plaintext))
    }
}

impl RootKeyDetails {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        let RootKey { name, expires_at, permissions, full, .. } = &self.key;
        Version::of(&json!([name, expires_at, permissions, full, self.ip_allowlist, self.limit_per_minute]))
    }

    fn allowed(&self) -> Result<Use> {
        Use::of(self.key.expires_at, self.ip_allowlist.as_deref(), self.limit_per_minute)
    }
}

impl UpdateRootKey {
    fn applied(self, mut of: RootKeyDetails) -> RootKeyDetails {
        let key = &mut of.key;
        self.name.apply(&mut key.name);
        key.enabled = self.enabled.unwrap_or(key.enabled);
        if let Some(permissions) = self.permissions {
            (key.full, key.permissions) = (false, create::unique(permissions));
        }
        if self.full {
            (key.full, key.permissions) = (true, Vec::new());
        }
        self.expires_at.apply(&mut key.expires_at);
        self.ip_allowlist.apply(&mut of.ip_allowlist);
        self.limit_per_minute.apply(&mut of.limit_per_minute);
        of
    }
}

/// As the audit log compares them.
fn fields(of: &RootKeyDetails) -> [(&'static str, Value); 7] {
    let key = &of.key;
    [
        ("name", json!(key.name)),
        ("enabled", json!(key.enabled)),
        ("full", json!(key.full)),
        ("permissions", json!(key.permissions)),
        ("expires", json!(key.expires_at)),
        ("ipAllowlist", json!(of.ip_allowlist)),
        ("limitPerMinute", json!(of.limit_per_minute)),
    ]
}

fn absent() -> Error {
    Error::absent(Code::KeyNotFound)
}
