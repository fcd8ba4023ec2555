//! Changing an identity: what is left out stays, lists replace.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::create::check_meta;
use super::spending::check_monthly_credits;
use super::{Identities, Identity, IdentityName, audit_target, store};
use crate::ratelimit::limits::{self, Limit, NewLimit, Owner};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::month::Month;
use base::patch::Patch;
use base::store::{Change, Tx};

/// A change of an identity (docs/contract/v2.md#identities).
#[derive(Clone, Debug)]
pub struct UpdateIdentity {
    pub identity: IdentityName,
    /// Replaces all of it; empty clears.
    pub meta: Option<Map<String, Value>>,
    /// Replaces all of them, matched by name; empty clears. A name given twice
    /// fails with `invalid_input`.
    pub limits: Option<Vec<NewLimit>>,
    /// The cap on what all its keys may spend in a month.
    pub monthly_credits: Patch<i64>,
    /// Names of limits that go on applying by themselves, or not, as the stored
    /// ones of these names do: for callers who know nothing of it (v1).
    pub keeps_auto_apply: Vec<String>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

impl Identity {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        let limit = |limit: &Limit| {
            let Limit { id, name, limit, duration_ms, auto_apply, is_async } = limit;
            json!([id.as_str(), name, limit, duration_ms, auto_apply, is_async])
        };
        let limits: Vec<_> = self.limits.iter().map(limit).collect();
        Version::of(&json!([self.meta, limits, self.monthly_credits]))
    }
}

impl Identities {
    /// Answers the identity as it then is.
    pub async fn update(&self, cx: &OpCtx, command: UpdateIdentity) -> Result<Identity> {
        cx.require(Operation::IdentityUpdate, Target::NONE)?;
        command.meta.as_ref().map_or(Ok(()), check_meta)?;
        check_monthly_credits(command.monthly_credits.value())?;
        let limits = command.limits.as_deref().unwrap_or_default();
        limits::validate_all(limits)?;
        refuse_duplicates(limits)?;
        self.store.write(|tx| self.update_in(cx, tx, command)).await
    }

    async fn update_in(&self, cx: &OpCtx, tx: Tx, command: UpdateIdentity) -> Result<Identity> {
        let mut identity = store::find(tx.db(), &cx.workspace, &command.identity)
            .await?
            .ok_or_else(|| Error::absent(Code::IdentityNotFound))?;
        command.made_from.map_or(Ok(()), |made_from| made_from.require(&identity.version()))?;
        let mut changes = Map::new();
        if let Some(meta) = command.meta {
            changes.insert("meta".to_owned(), json!({ "before": identity.meta, "after": meta }));
            identity.meta = meta;
        }
        let before = identity.monthly_credits;
        command.monthly_credits.apply(&mut identity.monthly_credits);
        if identity.monthly_credits != before {
            let change = json!({ "before": before, "after": identity.monthly_credits });
            changes.insert("monthlyCredits".to_owned(), change);
            store::set_cap(&tx, &identity.id, identity.monthly_credits, Month::of(cx.now_ms)).await?;
        }
        let mut group = Group::new();
        let text = format!("Updated identity {}", identity.external_id);
        let targets = vec![audit_target(&identity.id, &identity.external_id)];
        group.push_change(Event::IdentityUpdate, text, targets, Value::Object(changes));
        if let Some(mut wanted) = command.limits {
            for limit in wanted.iter_mut().filter(|limit| command.keeps_auto_apply.contains(&limit.name)) {
                let stored = identity.limits.iter().find(|stored| stored.name == limit.name);
                limit.auto_apply = stored.map_or(limit.auto_apply, |stored| stored.auto_apply);
            }
            let owner = Owner::Identity(&identity.id);
            let change = limits::replace(&tx, cx, &self.entropy, owner, wanted).await?;
            change.audit(&mut group, &format!("identity {}", identity.external_id), || {
                audit_target(&identity.id, &identity.external_id)
            });
            identity.limits = change.current();
        }
        store::save_meta(&tx, &identity.id, &identity.meta, cx.now_ms).await?;
        group.record(cx, &tx, &self.entropy).await?;
        tx.changed(Change::Identity(identity.id.clone()));
        Ok(identity)
    }
}

fn refuse_duplicates(limits: &[NewLimit]) -> Result<()> {
    let mut seen = HashSet::new();
    match limits.iter().find(|limit| !seen.insert(limit.name.as_str())) {
        Some(twice) => Err(Error::invalid(format!("The rate limit '{}' is given twice.", twice.name))),
        None => Ok(()),
    }
}
