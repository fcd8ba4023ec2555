//! Which limits a verification checks, and what is shown of them
//! (docs/contract/v2.md#limits-of-a-verification,
//! docs/decisions.md#a-limit-counts-where-it-is-stored).

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{KeySnapshot, RequestedLimit, Rules, StoredLimit};
use crate::keys::DefaultLimit;
use crate::ratelimit::limiter::{Check, Decision, Scope};
use base::error::{Code, Error, Result};

/// A limit that was checked.
#[derive(Clone, Debug)]
pub struct CheckedLimit {
    /// Empty for a limit that came with the request.
    pub id: String,
    pub name: String,
    pub limit: u64,
    pub duration_ms: u64,
    pub auto_apply: bool,
    pub exceeded: bool,
    pub remaining: u64,
    /// End of the current window, Unix milliseconds.
    pub reset_ms: i64,
}

/// A limit to check.
pub(crate) struct Selected<'a> {
    stored: Option<&'a StoredLimit>,
    name: &'a str,
    limit: u64,
    duration_ms: u64,
    cost: u64,
}

pub(crate) type Selection<'a> = SmallVec<[Selected<'a>; 4]>;

const MIN_DURATION_MS: u64 = 1000;

/// Limits that one verification may name: far above honest use, and few enough
/// for one look at all their counters at once.
pub const MAX_REQUESTED: usize = 100;

/// Characters in the name of a limit of the request's own, as of a stored one.
const MAX_NAME_CHARACTERS: usize = 255;

/// So few names are compared one by one; more of them are hashed.
const FEW: usize = 8;

/// Where each name of a request occurs last.
enum Names<'a> {
    Few(&'a [RequestedLimit]),
    Many(HashMap<&'a str, usize>),
}

impl<'a> Names<'a> {
    fn of(requested: &'a [RequestedLimit]) -> Self {
        if requested.len() <= FEW {
            return Names::Few(requested);
        }
        Names::Many(requested.iter().enumerate().map(|(at, item)| (item.name.as_str(), at)).collect())
    }

    fn last(&self, name: &str) -> Option<usize> {
        match self {
            Names::Few(requested) => requested.iter().rposition(|item| item.name == name),
            Names::Many(last) => last.get(name).copied(),
        }
    }
}

/// Every stored limit that applies by itself, and every requested one; of two
/// requests with one name the last counts.
///
/// Fails with `precondition_failed` for a reference to a limit that is not
/// stored, and with `invalid_input` for more than [`MAX_REQUESTED`] limits.
pub(crate) fn select<'a>(
    key: &'a KeySnapshot,
    requested: &'a [RequestedLimit],
    default_cost: Option<u64>,
    rules: Rules,
) -> Result<Selection<'a>> {
    if requested.len() > MAX_REQUESTED {
        let detail = format!("A verification names at most {MAX_REQUESTED} rate limits.");
        return Err(Error::invalid(detail));
    }
    let names = Names::of(requested);
    let mut selection: Selection<'a> = key
        .limits
        .iter()
        .filter(|stored| stored.auto_apply && names.last(&stored.name).is_none())
        .map(|stored| Selected::stored(stored, own_cost(stored, default_cost)))
        .collect();
    for (position, item) in requested.iter().enumerate() {
        if names.last(&item.name) != Some(position) {
            continue;
        }
        selection.push(match (item.limit, item.duration_ms) {
            (Some(limit), Some(duration_ms)) => Selected::inline(item, limit, duration_ms)?,
            _ => {
                let stored = key.limits.iter().find(|stored| stored.name == item.name);
                Selected::stored(stored.ok_or_else(|| unknown(key, &item.name, rules))?, item.cost)
            }
        });
    }
    Ok(selection)
}

/// What a limit costs that applies by itself. The first limit of v1 had no name
/// to ask for it by (docs/contract/v1.md#verify-key).
fn own_cost(stored: &StoredLimit, default_cost: Option<u64>) -> u64 {
    match default_cost {
        Some(cost) if stored.name == DefaultLimit::NAME => cost,
        _ => 1,
    }
}

impl<'a> Selected<'a> {
    fn stored(stored: &'a StoredLimit, cost: u64) -> Self {
        Self {
            stored: Some(stored),
            name: &stored.name,
            limit: stored.limit,
            duration_ms: stored.duration_ms,
            cost,
        }
    }

    fn inline(item: &'a RequestedLimit, limit: u64, duration_ms: u64) -> Result<Self> {
        if item.name.chars().count() > MAX_NAME_CHARACTERS {
            let detail = format!("The name of a ratelimit has at most {MAX_NAME_CHARACTERS} characters.");
            return Err(Error::invalid(detail));
        }
        if duration_ms < MIN_DURATION_MS {
            return Err(Error::invalid(format!(
                "The duration of ratelimit '{}' must be at least {MIN_DURATION_MS} milliseconds.",
                item.name
            )));
        }
        Ok(Self { stored: None, name: &item.name, limit, duration_ms, cost: item.cost })
    }

    /// A limit counts where it is stored; one of the request's own, where the
    /// rules say. A rerolled key and its successor count together.
    pub fn check(&self, key: &'a KeySnapshot, rules: Rules) -> Check<'a> {
        let per_identity = self.stored.map_or(rules.own_limits_per_identity, |stored| stored.of_identity);
        let (scope, subject) = match &key.facts.identity {
            Some(identity) if per_identity => (Scope::Identity, identity.as_str()),
            _ => (Scope::Key, key.facts.lineage.as_ref().unwrap_or(&key.facts.key).as_str()),
        };
        Check {
            workspace: key.facts.workspace.as_str(),
            scope,
            subject,
            name: self.name,
            limit: self.limit,
            duration_ms: self.duration_ms,
            cost: self.cost,
        }
    }

    /// Whether the request brought the limit along, instead of naming a stored one.
    pub fn is_own(&self) -> bool {
        self.stored.is_none()
    }

    /// Whether the limit is stored on the identity of the key.
    pub fn is_of_identity(&self) -> bool {
        self.stored.is_some_and(|stored| stored.of_identity)
    }

    pub fn cost(&self) -> u64 {
        self.cost
    }

    pub fn outcome(&self, decision: &Decision) -> CheckedLimit {
        CheckedLimit {
            id: self.stored.map(|stored| stored.id.to_string()).unwrap_or_default(),
            name: self.name.to_owned(),
            limit: self.limit,
            duration_ms: self.duration_ms,
            auto_apply: self.stored.is_some_and(|stored| stored.auto_apply),
            exceeded: decision.exceeded,
            remaining: decision.remaining,
            reset_ms: decision.reset_ms,
        }
    }
}

fn unknown(key: &KeySnapshot, name: &str, rules: Rules) -> Error {
    if rules.unknown_limit_is_invalid {
        let identity = key.identity.as_ref().map_or_else(
            || " and there is no identity connected".to_owned(),
            |identity| {
                let (id, external_id) = (&identity.id, &identity.external_id);
                format!(" nor identity {{ id: {id}, externalId: {external_id}}}")
            },
        );
        let key = &key.facts.key;
        return Error::invalid(format!(
            "ratelimit \"{name}\" was requested but does not exist for key \"{key}\"{identity}"
        ));
    }
    let identity = key.identity.as_ref().map_or(String::new(), |identity| {
        format!(" nor on its identity '{}' (external id '{}')", identity.id, identity.external_id)
    });
    Error::new(
        Code::PreconditionFailed,
        format!(
            "The ratelimit '{name}' was requested without a limit and duration of its own, and none with this name is \
             stored on the key '{}'{identity}.",
            key.facts.key
        ),
    )
}
