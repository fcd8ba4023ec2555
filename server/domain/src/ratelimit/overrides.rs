//! Overrides: limits of a namespace for chosen identifiers
//! (docs/contract/v2.md#overrides).
//!
//! An identifier with `*` is a pattern. Which override applies to a request is
//! the namespace's business; here they are set, read, listed and deleted.

use base::ids::{NamespaceId, OverrideId};
use serde_json::{Value, json};

use super::namespace_admin::Namespace;
use super::namespaces::{NamespaceSnapshot, Namespaces};
use super::override_ends::end_all;
use super::quota::{End, Override, Quota};
use super::store;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, Target as Audited, changes};
use base::edit_version::Version;
use base::entropy::Entropy;
use base::error::{Code, Error, Field, Result};
use base::store::{Change, Page, Paged, Store, Tx};

/// The year 2100, Unix milliseconds: what v2 takes for an end.
const LATEST_END_MS: i64 = 4_102_444_800_000;

/// An override to be set; one of the same identifier is replaced.
#[derive(Clone, Debug)]
pub struct SetOverride {
    /// Name or id; never made here.
    pub namespace: String,
    pub identifier: String,
    /// 0 denies everything (docs/decisions.md#a-limit-of-0-denies).
    pub limit: i64,
    /// At least 1000.
    pub duration_ms: i64,
    /// Kept for v1, which shows it; every decision here is exact
    /// (docs/decisions.md#every-decision-is-exact).
    pub is_async: bool,
    /// When it ends, Unix milliseconds; what it replaces then holds again.
    pub expires_at: Option<i64>,
}

/// An override with the identifier or pattern it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOverride {
    pub identifier: String,
    pub applies: Override,
    pub is_async: bool,
    /// When it was last set, Unix milliseconds.
    pub updated_at: Option<i64>,
}

impl NamedOverride {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        let Quota { limit, duration_ms } = self.applies.quota;
        let lasting = self.applies.lasting().map(|quota| (quota.limit, quota.duration_ms));
        Version::of(&json!([self.identifier, limit, duration_ms, self.is_async, self.expires_at(), lasting]))
    }

    /// When it ends, Unix milliseconds.
    pub fn expires_at(&self) -> Option<i64> {
        self.applies.end.map(|end| end.at_ms)
    }

    /// The fields that a change of it may change, as the audit log keeps them.
    pub(super) fn audited(&self) -> [(&'static str, Value); 4] {
        let quota = |Quota { limit, duration_ms }: Quota| json!({ "limit": limit, "duration": duration_ms });
        let Quota { limit, duration_ms } = self.applies.quota;
        let afterwards = self.applies.end.and_then(|end| end.afterwards);
        [
            ("limit", json!(limit)),
            ("duration", json!(duration_ms)),
            ("expires", json!(self.expires_at())),
            ("afterwards", json!(afterwards.map(quota))),
        ]
    }
}

/// Which override of an identifier is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The one that applies to it, a pattern's included.
    Applying,
    /// The one that was set for exactly this text.
    Exact,
}

/// The operations on overrides. Cheap to clone.
#[derive(Clone)]
pub struct Overrides {
    pub(super) store: Store,
    pub(super) entropy: Entropy,
    namespaces: Namespaces,
}

impl Overrides {
    pub fn new(store: Store, entropy: Entropy, namespaces: Namespaces) -> Self {
        Self { store, entropy, namespaces }
    }

    /// Sets an override and answers its id, which a replacement keeps.
    pub async fn set(&self, cx: &OpCtx, command: SetOverride) -> Result<OverrideId> {
        self.save(cx, command, Expected::Anything).await
    }

    /// As [`Overrides::set`], but fails with `edit_conflict` unless the override is
    /// as it was seen.
    pub async fn change(&self, cx: &OpCtx, command: SetOverride, made_from: Version) -> Result<OverrideId> {
        self.save(cx, command, Expected::Version(made_from)).await
    }

    /// As [`Overrides::set`], but fails with `invalid_input` where the identifier
    /// has an override already.
    pub async fn create(&self, cx: &OpCtx, command: SetOverride) -> Result<OverrideId> {
        self.save(cx, command, Expected::Nothing).await
    }

    async fn save(&self, cx: &OpCtx, command: SetOverride, expected: Expected) -> Result<OverrideId> {
        check(&command, cx.now_ms)?;
        let namespace = self.live(cx, &command.namespace).await?;
        let (namespace, command, expected) = (&namespace.of(), &command, &expected);
        cx.require(Operation::OverrideSet, Target::namespace(namespace.id))?;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let id = self.save_in(cx, &tx, &mut group, namespace, command, expected).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            })
            .await
    }

    /// As [`Overrides::set`], as a part of a larger change that knows the namespace.
    pub(crate) async fn set_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: &SetOverride,
    ) -> Result<OverrideId> {
        check(command, cx.now_ms)?;
        let namespace = live_in(tx, cx, &command.namespace).await?;
        let namespace = Of { id: &namespace.id, name: &namespace.name };
        cx.require(Operation::OverrideSet, Target::namespace(namespace.id))?;
        self.save_in(cx, tx, group, &namespace, command, &Expected::Anything).await
    }

    async fn save_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        namespace: &Of<'_>,
        command: &SetOverride,
        expected: &Expected,
    ) -> Result<OverrideId> {
        let identifier = &command.identifier;
        self.tell_end(tx, cx, namespace.id, identifier).await?;
        let before = store::exact_override(tx.db(), namespace.id, identifier, cx.now_ms).await?;
        expected.check(before.as_ref(), identifier)?;
        let after = command.over(before.as_ref(), self.entropy.id(OverrideId::PREFIX, cx.now_ms));
        let id = store::save_override(tx, cx, namespace.id, &after, before.is_none()).await?;
        group.push_change(
            Event::OverrideSet,
            format!("Set the override of {identifier} in {}", namespace.name),
            vec![Audited::new("ratelimitOverride", id.as_str(), Some(identifier))],
            changed_fields(before.as_ref(), Some(&after)),
        );
        tx.changed(namespace.changed(cx));
        Ok(id)
    }

    /// The override of an identifier. Where the contract masks, a missing grant
    /// answers as an absent override.
    pub async fn get(
        &self,
        cx: &OpCtx,
        namespace: &str,
        identifier: &str,
        lookup: Lookup,
    ) -> Result<NamedOverride> {
        let absent = || Error::absent(Code::OverrideNotFound);
        let namespace = self.live(cx, namespace).await?;
        let found = match lookup {
            Lookup::Applying => namespace.override_of(identifier, cx.now_ms),
            Lookup::Exact => namespace.override_for(identifier, cx.now_ms),
        };
        let target =
            Target { ratelimit_override: found.map(|found| found.id), ..Target::namespace(&namespace.id) };
        cx.require(Operation::OverrideRead, target)?;
        let id = found.ok_or_else(absent)?.id;
        store::find_override(self.store.read(), &namespace.id, id, cx.now_ms).await?.ok_or_else(absent)
    }

    /// Deletes the override of exactly this identifier.
    pub async fn delete(&self, cx: &OpCtx, namespace: &str, identifier: &str) -> Result<()> {
        let namespace = self.live(cx, namespace).await?;
        let namespace = &namespace.of();
        cx.require(Operation::OverrideDelete, Target::namespace(namespace.id))?;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.remove_in(cx, &tx, &mut group, namespace, identifier).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// As [`Overrides::delete`], as a part of a larger change.
    pub(crate) async fn delete_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        namespace: &str,
        identifier: &str,
    ) -> Result<()> {
        let namespace = live_in(tx, cx, namespace).await?;
        let namespace = Of { id: &namespace.id, name: &namespace.name };
        cx.require(Operation::OverrideDelete, Target::namespace(namespace.id))?;
        self.remove_in(cx, tx, group, &namespace, identifier).await
    }

    async fn remove_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        namespace: &Of<'_>,
        identifier: &str,
    ) -> Result<()> {
        self.tell_end(tx, cx, namespace.id, identifier).await?;
        let gone = store::delete_override(tx, namespace.id, identifier, cx.now_ms)
            .await?
            .ok_or_else(|| Error::absent(Code::OverrideNotFound))?;
        group.push_change(
            Event::OverrideDelete,
            format!("Deleted the override of {identifier} in {}", namespace.name),
            vec![
                Audited::new("ratelimitOverride", gone.applies.id.as_str(), Some(identifier)),
                Audited::new("ratelimitNamespace", namespace.id.as_str(), Some(namespace.name)),
            ],
            changed_fields(Some(&gone), None),
        );
        tx.changed(namespace.changed(cx));
        Ok(())
    }

    /// One override by its id.
    pub async fn get_by_id(&self, cx: &OpCtx, namespace: &str, id: &OverrideId) -> Result<NamedOverride> {
        let namespace = self.live(cx, namespace).await?;
        let target = Target { ratelimit_override: Some(id), ..Target::namespace(&namespace.id) };
        cx.require(Operation::OverrideRead, target)?;
        let found = store::find_override(self.store.read(), &namespace.id, id, cx.now_ms).await?;
        found.ok_or_else(|| Error::absent(Code::OverrideNotFound))
    }

    /// A page of the overrides of a namespace, by identifier; those whose
    /// identifier holds the text, whatever its case.
    pub async fn browse(
        &self,
        cx: &OpCtx,
        namespace: &str,
        search: &str,
        page: &Page,
    ) -> Result<Paged<NamedOverride>> {
        let namespace = self.live(cx, namespace).await?;
        cx.require(Operation::OverrideList, Target::namespace(&namespace.id))?;
        store::browse_overrides(self.store.read(), &namespace.id, search.trim(), page, cx.now_ms).await
    }

    /// A page of the overrides of a namespace, by id.
    pub async fn list(&self, cx: &OpCtx, namespace: &str, page: &Page) -> Result<Paged<NamedOverride>> {
        let namespace = self.live(cx, namespace).await?;
        cx.require(Operation::OverrideList, Target::namespace(&namespace.id))?;
        store::page_of_overrides(self.store.read(), &namespace.id, page, cx.now_ms).await
    }

    /// How many overrides a namespace has.
    pub async fn count(&self, cx: &OpCtx, namespace: &str) -> Result<u64> {
        let namespace = self.live(cx, namespace).await?;
        cx.require(Operation::OverrideList, Target::namespace(&namespace.id))?;
        store::count_overrides(self.store.read(), &namespace.id, cx.now_ms).await
    }

    /// Has the end of an override told before it is changed, if it has one behind it.
    async fn tell_end(&self, tx: &Tx, cx: &OpCtx, namespace: &NamespaceId, of: &str) -> Result<()> {
        end_all(tx, &self.entropy, store::Ended::One(namespace, of), cx.now_ms).await
    }

    async fn live(&self, cx: &OpCtx, name_or_id: &str) -> Result<std::sync::Arc<NamespaceSnapshot>> {
        self.namespaces
            .find(&cx.workspace, name_or_id)
            .await?
            .filter(|namespace| !namespace.deleted)
            .ok_or_else(|| Error::absent(Code::NamespaceNotFound))
    }
}

/// What an identifier is to have before its override is set.
enum Expected {
    Anything,
    Nothing,
    Version(Version),
}

impl Expected {
    fn check(&self, found: Option<&NamedOverride>, identifier: &str) -> Result<()> {
        match (self, found) {
            (Expected::Nothing, Some(_)) => {
                Err(Error::invalid(format!("The identifier '{identifier}' has an override already."))
                    .at(Field::Identifier))
            }
            (Expected::Version(_), None) => Err(Error::absent(Code::OverrideNotFound)),
            (Expected::Version(made_from), Some(found)) => made_from.require(&found.version()),
            (Expected::Anything | Expected::Nothing, _) => Ok(()),
        }
    }
}

impl SetOverride {
    /// The override that it makes of what the identifier has. One without an end
    /// replaces everything, one with an end keeps what is to hold afterwards.
    fn over(&self, before: Option<&NamedOverride>, new: OverrideId) -> NamedOverride {
        let afterwards = before.and_then(|before| before.applies.lasting());
        let quota = Quota { limit: self.limit.unsigned_abs(), duration_ms: self.duration_ms.unsigned_abs() };
        NamedOverride {
            identifier: self.identifier.clone(),
            applies: Override {
                id: before.map_or(new, |before| before.applies.id.clone()),
                quota,
                end: self.expires_at.map(|at_ms| End { at_ms, afterwards }),
            },
            is_async: self.is_async,
            updated_at: None,
        }
    }
}

/// The fields that differ, for the audit log; every field of one that is new or gone.
pub(super) fn changed_fields(before: Option<&NamedOverride>, after: Option<&NamedOverride>) -> Value {
    let fields = |one: Option<&NamedOverride>| {
        let none = || ["limit", "duration", "expires", "afterwards"].map(|field| (field, Value::Null));
        one.map_or_else(none, NamedOverride::audited)
    };
    Value::Object(changes(fields(before), fields(after)))
}

/// The namespace that a change is in.
struct Of<'a> {
    id: &'a NamespaceId,
    name: &'a str,
}

impl Of<'_> {
    fn changed(&self, cx: &OpCtx) -> Change {
        let (workspace, id, name) = (cx.workspace.clone(), self.id.clone(), self.name.to_owned());
        Change::Namespace { workspace, id, name }
    }
}

impl NamespaceSnapshot {
    fn of(&self) -> Of<'_> {
        Of { id: &self.id, name: &self.name }
    }
}

/// As the transaction sees it, which may have made it.
async fn live_in(tx: &Tx, cx: &OpCtx, name_or_id: &str) -> Result<Namespace> {
    let found = store::live_namespace(tx.db(), &cx.workspace, name_or_id).await?;
    found.ok_or_else(|| Error::absent(Code::NamespaceNotFound))
}

fn check(command: &SetOverride, now_ms: i64) -> Result<()> {
    if !(1..=512).contains(&command.identifier.chars().count()) {
        return Err(Error::invalid("The identifier must have 1 to 512 characters.").at(Field::Identifier));
    }
    if command.limit < 0 {
        return Err(Error::invalid("The limit of an override cannot be negative.").at(Field::Limit));
    }
    if command.duration_ms < 1000 {
        return Err(
            Error::invalid("The duration of an override must be at least 1000 ms.").at(Field::Duration)
        );
    }
    if command.expires_at.is_some_and(|at_ms| at_ms <= now_ms) {
        return Err(Error::invalid("The end of an override must lie in the future.").at(Field::Expires));
    }
    if command.expires_at.is_some_and(|at_ms| at_ms > LATEST_END_MS) {
        return Err(Error::invalid("An override ends by the beginning of 2100, or never.").at(Field::Expires));
    }
    Ok(())
}
