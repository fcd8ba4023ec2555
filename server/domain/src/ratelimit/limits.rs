//! Named limits stored on a key or an identity.
//!
//! A name occurs once per owner. Counting is the limiter's business; here are
//! only the definitions.

use std::collections::HashMap;

use base::ids::{IdentityId, KeyId, LimitId};

use super::store;
pub(crate) use super::store::COUNT_OF_IDENTITY;
pub use super::store::{of_identities, of_keys};
use base::access::OpCtx;
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
    /// Names that existed before, with their new values; changed or not.
    pub kept: Vec<Limit>,
    pub removed: Vec<Limit>,
}

impl LimitsChange {
    /// The limits the owner now has, by name.
    pub fn current(&self) -> Vec<Limit> {
        let mut limits: Vec<Limit> = self.kept.iter().chain(&self.created).cloned().collect();
        limits.sort_by(|a, b| a.name.cmp(&b.name));
        limits
    }
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
/// the change of the owner and audits what the contract wants audited.
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
        let (id, list) = match before.remove(&name) {
            Some(old) => (old.id, &mut change.kept),
            None => (entropy.id(LimitId::PREFIX, cx.now_ms), &mut change.created),
        };
        list.push(Limit { id, name, limit, duration_ms, auto_apply, is_async });
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
