//! Named limits stored on a key or an identity.
//!
//! A name occurs once per owner. Counting is the limiter's business; here are
//! only the definitions.

use std::collections::HashMap;

use base::ids::{IdentityId, KeyId, LimitId};
use serde_json::{Value, json};

use super::store;
pub(crate) use super::store::{COUNT_OF_IDENTITY, copy_of_identities, copy_of_keys};
pub use super::store::{of_identities, of_keys};
use base::access::OpCtx;
use base::audit::{self, Event, Group, Target};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::store::Tx;

/// A stored limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub id: LimitId,
    pub name: String,
    /// How many units a window admits.
    pub limit: i64,
    pub duration_ms: i64,
    /// Checked on every verification, named or not.
    pub auto_apply: bool,
    /// Kept for v1, which shows it; every decision here is exact
    /// (docs/decisions.md#every-decision-is-exact).
    pub is_async: bool,
}

/// A limit to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLimit {
    pub name: String,
    pub limit: i64,
    pub duration_ms: i64,
    pub auto_apply: bool,
    pub is_async: bool,
}

impl From<Limit> for NewLimit {
    fn from(Limit { name, limit, duration_ms, auto_apply, is_async, .. }: Limit) -> Self {
        Self { name, limit, duration_ms, auto_apply, is_async }
    }
}

/// Where a limit is stored, and so what it counts for
/// (docs/decisions.md#a-limit-counts-where-it-is-stored).
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    Key(&'a KeyId),
    Identity(&'a IdentityId),
}

/// What [`replace`] did.
#[derive(Debug, Default)]
pub struct LimitsChange {
    pub created: Vec<Limit>,
    /// Names that existed before, changed or not.
    pub kept: Vec<Kept>,
    pub removed: Vec<Limit>,
}

/// A limit that was there before and stays.
#[derive(Debug)]
pub struct Kept {
    pub before: Limit,
    pub after: Limit,
}

impl Kept {
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

impl LimitsChange {
    /// The limits the owner now has, by name.
    pub fn current(&self) -> Vec<Limit> {
        let kept = self.kept.iter().map(|kept| &kept.after);
        let mut limits: Vec<Limit> = kept.chain(&self.created).cloned().collect();
        limits.sort_by(|a, b| a.name.cmp(&b.name));
        limits
    }

    /// Adds an entry per limit to the group of what changed them
    /// (docs/contract/v2.md#audit-events). `of` names their owner in a sentence.
    pub fn audit(&self, group: &mut Group, of: &str, owner: impl Fn() -> Target) {
        let targets =
            |limit: &Limit| vec![owner(), Target::new("ratelimit", limit.id.as_str(), Some(&limit.name))];
        let text = |done: &str, limit: &Limit| format!("{done} rate limit {} of {of}", limit.name);
        for limit in &self.created {
            group.push(Event::RatelimitCreate, text("Created", limit), targets(limit));
        }
        for Kept { before, after } in &self.kept {
            let changes = audit::changes(fields(before), fields(after));
            let (text, targets) = (text("Updated", after), targets(after));
            group.push_change(Event::RatelimitUpdate, text, targets, Value::Object(changes));
        }
        for limit in &self.removed {
            group.push(Event::RatelimitDelete, text("Deleted", limit), targets(limit));
        }
    }
}

/// What of a limit can change, as the audit log keeps it.
fn fields(limit: &Limit) -> [(&'static str, Value); 4] {
    [
        ("limit", json!(limit.limit)),
        ("duration", json!(limit.duration_ms)),
        ("autoApply", json!(limit.auto_apply)),
        ("async", json!(limit.is_async)),
    ]
}

/// The widest bounds of any door: the doors' schemas are narrower.
///
/// Fails with `invalid_input` naming the limit.
pub fn validate(limit: &NewLimit) -> Result<()> {
    let NewLimit { name, limit: count, duration_ms, .. } = limit;
    if !(1..=255).contains(&name.chars().count()) {
        return Err(Error::invalid("The name of a rate limit must have 1 to 255 characters."));
    }
    if *count < 1 {
        return Err(Error::invalid(format!("The rate limit '{name}' must admit at least 1.")));
    }
    if *duration_ms < 1000 {
        return Err(Error::invalid(format!("The rate limit '{name}' must last at least 1000 ms.")));
    }
    Ok(())
}

/// Limits that one key or identity may have. v2 allows fifty, v1 names no bound.
const MAX_PER_OWNER: usize = 100;

/// Fails with `invalid_input` for too many limits, or one out of its bounds.
pub fn validate_all(limits: &[NewLimit]) -> Result<()> {
    if limits.len() > MAX_PER_OWNER {
        return Err(Error::invalid(format!("There are at most {MAX_PER_OWNER} rate limits.")));
    }
    limits.iter().try_for_each(validate)
}

/// Makes these the only limits of `owner`: a name that exists keeps its id, and
/// of a name given twice the last one counts
/// (docs/decisions.md#the-last-of-two-equal-names-wins). The caller publishes
/// the change of the owner and audits it, with [`LimitsChange::audit`].
pub async fn replace(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    owner: Owner<'_>,
    wanted: Vec<NewLimit>,
) -> Result<LimitsChange> {
    validate_all(&wanted)?;
    let mut before: HashMap<String, Limit> =
        store::of_owner(tx.db(), owner).await?.into_iter().map(|limit| (limit.name.clone(), limit)).collect();
    let mut change = LimitsChange::default();
    for NewLimit { name, limit, duration_ms, auto_apply, is_async } in last_of_each_name(wanted) {
        let before = before.remove(&name);
        let id = match &before {
            Some(before) => before.id.clone(),
            None => entropy.id(LimitId::PREFIX, cx.now_ms),
        };
        let after = Limit { id, name, limit, duration_ms, auto_apply, is_async };
        match before {
            Some(before) => change.kept.push(Kept { before, after }),
            None => change.created.push(after),
        }
    }
    change.removed = before.into_values().collect();
    change.removed.sort_by(|a, b| a.name.cmp(&b.name));
    store::delete_limits(tx.db(), &change.removed).await?;
    store::save_limits(tx.db(), cx, owner, &change).await?;
    Ok(change)
}

/// In the order of first appearance, with the values of the last.
fn last_of_each_name(limits: Vec<NewLimit>) -> Vec<NewLimit> {
    let mut unique: Vec<NewLimit> = Vec::with_capacity(limits.len());
    for limit in limits {
        match unique.iter_mut().find(|known| known.name == limit.name) {
            Some(known) => *known = limit,
            None => unique.push(limit),
        }
    }
    unique
}
