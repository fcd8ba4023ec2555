//! Changing a key: what is left out stays, null clears, lists replace.

use base::ids::KeyId;
use serde_json::{Map, Value, json};

use super::version::version_of;
use super::{CreditsPatch, Key, Keys, Refill, absent, access, bounds, store};
use crate::identities;
use crate::permissions::{self, Permission, Reference, Role};
use crate::ratelimit::limits::{self, Kept, Limit, LimitsChange, NewLimit, Owner};
use base::access::{OpCtx, Operation};
use base::audit::{self, Event, Group};
use base::edit_version::Version;
use base::error::{Error, Field, Result};
use base::patch::Patch;
use base::store::Tx;

/// What to change of a key (docs/contract/v2.md#update-key). Lists replace as a
/// whole; an empty one clears.
#[derive(Clone, Debug)]
pub struct UpdateKey {
    pub key_id: KeyId,
    pub name: Patch<String>,
    /// Clearing detaches the identity; an unknown one is made.
    pub external_id: Patch<String>,
    pub owner_id: Patch<String>,
    pub environment: Patch<String>,
    pub meta: Patch<Map<String, Value>>,
    /// Members to set in what is there then; `null` removes one.
    pub merge_meta: Map<String, Value>,
    /// Unix milliseconds; cleared is never.
    pub expires_at: Patch<i64>,
    pub enabled: Option<bool>,
    /// Clearing makes the key unlimited and takes the refill with it.
    pub credits: Patch<CreditsPatch>,
    /// Matched by name: a kept name keeps its id.
    pub limits: Option<Vec<NewLimit>>,
    /// Changes one limit alone, or is one beside `limits`, which then must not
    /// name it.
    pub default_limit: Patch<DefaultLimit>,
    /// Whether that limit stays where `limits` leaves it out: v1 sets it by itself.
    pub keeps_default: bool,
    /// Direct ones.
    pub permissions: Option<Vec<Reference>>,
    pub roles: Option<Vec<Reference>>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

/// The one limit of a key in v1: stored under the name `default`, it applies by
/// itself (docs/decisions.md#a-limit-counts-where-it-is-stored).
#[derive(Clone, Debug)]
pub struct DefaultLimit {
    pub limit: i64,
    /// Else that of the stored one. Without either it would never apply: it is
    /// refused, where the published API stored half of it.
    pub duration_ms: Option<i64>,
    pub is_async: bool,
}

impl DefaultLimit {
    pub const NAME: &'static str = "default";

    /// As it is stored. Fails with `invalid_input` where it is not complete.
    pub fn complete(self, stored: Option<&Limit>) -> Result<NewLimit> {
        let duration_ms = self.duration_ms.or(stored.map(|stored| stored.duration_ms));
        let duration_ms = duration_ms.ok_or_else(|| {
            Error::invalid("ratelimit: a limit needs its `duration`, or `refillInterval`, in milliseconds.")
        })?;
        let DefaultLimit { limit, is_async, .. } = self;
        Ok(NewLimit { name: Self::NAME.to_owned(), limit, duration_ms, auto_apply: true, is_async })
    }
}

impl UpdateKey {
    /// A change of nothing yet.
    pub fn new(key_id: KeyId) -> Self {
        Self {
            key_id,
            name: Patch::Keep,
            external_id: Patch::Keep,
            owner_id: Patch::Keep,
            environment: Patch::Keep,
            meta: Patch::Keep,
            merge_meta: Map::new(),
            expires_at: Patch::Keep,
            enabled: None,
            credits: Patch::Keep,
            limits: None,
            default_limit: Patch::Keep,
            keeps_default: false,
            permissions: None,
            roles: None,
            made_from: None,
        }
    }

    fn check(&self) -> Result<()> {
        bounds::check_text(Field::Name, self.name.value().map(String::as_str))?;
        bounds::check_external_id(self.external_id.value().map(String::as_str))?;
        bounds::check_text(Field::OwnerId, self.owner_id.value().map(String::as_str))?;
        bounds::check_environment(self.environment.value().map(String::as_str))?;
        self.meta.value().map_or(Ok(()), bounds::check_meta)?;
        bounds::check_references(Field::Roles, self.roles.as_deref().unwrap_or_default())?;
        bounds::check_references(Field::Permissions, self.permissions.as_deref().unwrap_or_default())?;
        bounds::check_expiry(self.expires_at.value().copied())?;
        bounds::check_limits(self.limits.as_deref().unwrap_or_default())
    }

    /// The part that changes the key's own row, identity excepted.
    fn apply(self, key: &mut Key, now_ms: i64) -> Result<()> {
        self.name.apply(&mut key.name);
        self.owner_id.apply(&mut key.owner_id);
        self.environment.apply(&mut key.environment);
        self.expires_at.apply(&mut key.expires_at);
        key.enabled = self.enabled.unwrap_or(key.enabled);
        match self.meta {
            Patch::Keep => {}
            Patch::Clear => key.meta.clear(),
            Patch::Set(meta) => key.meta = meta,
        }
        for (member, value) in self.merge_meta {
            if value.is_null() {
                key.meta.remove(&member);
            } else {
                key.meta.insert(member, value);
            }
        }
        bounds::check_meta(&key.meta)?;
        let before = key.credits.refill.clone();
        match self.credits {
            Patch::Keep => {}
            Patch::Clear => key.credits = super::Credits::default(),
            Patch::Set(patch) => patch.apply(&mut key.credits)?,
        }
        let kept = |now: &Refill| before.as_ref().is_some_and(|before| before.same_schedule(now));
        if key.credits.refill.as_ref().is_some_and(|refill| !kept(refill)) {
            // A new schedule starts now: moments before it were not missed.
            key.last_refill_at = Some(now_ms);
        }
        Ok(())
    }
}

impl Keys {
    /// Changes a key, all of it or nothing. Always counts as an update.
    pub async fn update(&self, cx: &OpCtx, command: UpdateKey) -> Result<()> {
        self.store.write(|tx| self.update_in(cx, tx, command)).await
    }

    async fn update_in(&self, cx: &OpCtx, tx: Tx, mut command: UpdateKey) -> Result<()> {
        let before = store::find_to_change(&tx, &cx.workspace, &command.key_id).await?.ok_or_else(absent)?;
        cx.require(Operation::KeyUpdate, before.target())?;
        command.check()?;
        if let Some(made_from) = command.made_from.take() {
            require_version(&tx, &before, &made_from).await?;
        }
        let mut group = Group::new();
        let mut changes = Map::new();
        let mut after = before.clone();
        match std::mem::take(&mut command.external_id) {
            Patch::Keep => {}
            Patch::Clear => after.identity_id = None,
            Patch::Set(external_id) => {
                let id = identities::ensure(&tx, cx, &self.entropy, &mut group, &external_id).await?;
                after.identity_id = Some(id);
            }
        }
        self.replace_access(cx, &tx, &before, &mut command, &mut group, &mut changes).await?;
        let limits = self.replace_limits(cx, &tx, &mut command, &mut changes).await?;
        command.apply(&mut after, cx.now_ms)?;
        store::update(tx.db(), &cx.workspace, &after, cx.now_ms).await?;
        note_fields(&mut changes, &before, &after);
        group.push_change(
            Event::KeyUpdate,
            format!("Updated key {}", after.id),
            vec![after.audit_target(), after.api.audit_target()],
            Value::Object(changes),
        );
        limits.audit(&mut group, &format!("key {}", after.id), || after.audit_target());
        group.record(cx, &tx, &self.entropy).await?;
        after.announce(&tx);
        after.announce_credits(&tx);
        Ok(())
    }

    async fn replace_access(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        key: &Key,
        command: &mut UpdateKey,
        group: &mut Group,
        changes: &mut Map<String, Value>,
    ) -> Result<()> {
        let key_id = &key.id;
        if command.roles.is_none() && command.permissions.is_none() {
            return Ok(());
        }
        let before = permissions::of_keys(tx.db(), std::slice::from_ref(key_id))
            .await?
            .remove(key_id)
            .unwrap_or_default();
        if let Some(named) = command.roles.take() {
            let making = Operation::RoleCreateImplicit;
            let roles = permissions::resolve_roles(tx, cx, &self.entropy, group, &named, making).await?;
            access::require_roles(cx, key, &permissions::set_key_roles(tx, key_id, &roles).await?)?;
            let names = |roles: &[Role]| sorted(roles.iter().map(|role| role.name.as_str()));
            note(changes, "roles", names(&before.roles), names(&roles));
        }
        if let Some(named) = command.permissions.take() {
            let direct = permissions::resolve(tx, cx, &self.entropy, group, &named).await?;
            let change = permissions::set_key_permissions(tx, key_id, &direct).await?;
            access::require_permissions(cx, key, &change)?;
            let slugs =
                |direct: &[Permission]| sorted(direct.iter().map(|permission| permission.slug.as_str()));
            note(changes, "permissions", slugs(&before.direct), slugs(&direct));
        }
        Ok(())
    }

    async fn replace_limits(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        command: &mut UpdateKey,
        changes: &mut Map<String, Value>,
    ) -> Result<LimitsChange> {
        let default_limit = std::mem::take(&mut command.default_limit);
        if command.limits.is_none() && matches!(default_limit, Patch::Keep) {
            return Ok(LimitsChange::default());
        }
        let key_id = &command.key_id;
        let before =
            limits::of_keys(tx.db(), std::slice::from_ref(key_id)).await?.remove(key_id).unwrap_or_default();
        let keeps = command.keeps_default || command.limits.is_none();
        let wanted = with_default(before.clone(), command.limits.take(), default_limit, keeps)?;
        let mut change = limits::replace(tx, cx, &self.entropy, Owner::Key(key_id), wanted).await?;
        note(changes, "ratelimits", limits_to_audit(&before), limits_to_audit(&change.current()));
        // Only of identities the contract wants entries about limits that stay as they are.
        change.kept.retain(Kept::is_changed);
        Ok(change)
    }
}

async fn require_version(tx: &Tx, key: &Key, made_from: &Version) -> Result<()> {
    let ids = std::slice::from_ref(&key.id);
    let rbac = permissions::of_keys(tx.db(), ids).await?.remove(&key.id).unwrap_or_default();
    let limits = limits::of_keys(tx.db(), ids).await?.remove(&key.id).unwrap_or_default();
    let roles: Vec<&str> = rbac.roles.iter().map(|role| role.name.as_str()).collect();
    let slugs: Vec<&str> = rbac.direct.iter().map(|permission| permission.slug.as_str()).collect();
    made_from.require(&version_of(key, &roles, &slugs, &limits))
}

/// The wanted limits, or those that are stored, and beside them the one of v1: the
/// stored one if it is kept and nothing else is said of it.
fn with_default(
    stored: Vec<Limit>,
    wanted: Option<Vec<NewLimit>>,
    default_limit: Patch<DefaultLimit>,
    keeps: bool,
) -> Result<Vec<NewLimit>> {
    let (own, others): (Vec<_>, Vec<_>) =
        stored.into_iter().partition(|limit| limit.name == DefaultLimit::NAME);
    let own = own.first();
    let mut wanted = wanted.unwrap_or_else(|| others.into_iter().map(NewLimit::from).collect());
    let is_named = wanted.iter().any(|limit| limit.name == DefaultLimit::NAME);
    match default_limit {
        Patch::Keep if is_named || !keeps => {}
        Patch::Keep => wanted.extend(own.cloned().map(NewLimit::from)),
        Patch::Clear => {}
        Patch::Set(_) if is_named => {
            return Err(Error::invalid(
                "The limit `default` is given twice: as `ratelimit` and in `ratelimits`.",
            ));
        }
        Patch::Set(default) => wanted.push(default.complete(own)?),
    }
    Ok(wanted)
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    json!(names)
}

fn limits_to_audit(limits: &[Limit]) -> Value {
    let one = |limit: &Limit| {
        json!({
            "name": limit.name,
            "limit": limit.limit,
            "duration": limit.duration_ms,
            "autoApply": limit.auto_apply,
        })
    };
    limits.iter().map(one).collect()
}

/// The changed fields of the row, as the audit log keeps them.
fn note_fields(changes: &mut Map<String, Value>, before: &Key, after: &Key) {
    let fields = |key: &Key| {
        [
            ("name", json!(key.name)),
            ("identityId", json!(key.identity_id.as_ref().map(|id| id.as_str()))),
            ("ownerId", json!(key.owner_id)),
            ("environment", json!(key.environment)),
            ("meta", json!(key.meta)),
            ("expires", json!(key.expires_at)),
            ("enabled", json!(key.enabled)),
            ("remaining", json!(key.credits.remaining)),
            ("refill", json!(key.credits.refill.as_ref().map(Refill::to_audit))),
        ]
    };
    changes.extend(audit::changes(fields(before), fields(after)));
}

fn note(changes: &mut Map<String, Value>, field: &str, before: Value, after: Value) {
    if before != after {
        changes.insert(field.to_owned(), json!({ "before": before, "after": after }));
    }
}
