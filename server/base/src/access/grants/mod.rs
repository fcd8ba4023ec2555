//! Permissions of root keys: what they look like, and which operation needs
//! which of them.
//!
//! Two spellings exist side by side (docs/contract/v2.md#rights): tuples
//! `<resource>.<id|*>.<action>`, compared as exact strings, and URNs
//! `unkey:v1:<workspace>:<path>#<action>`, whose path may hold wildcards.
//! `rules` is the one table that says what each operation needs and whether a
//! caller without it learns that the resource exists. Looking resources up is
//! not done here; callers pass a [`Target`].

mod on_some;
mod roles;
mod rules;
mod urn;

use std::collections::HashSet;
use std::fmt::Write;

use crate::ids::WorkspaceId;
use serde_json::{Value, json};

pub use self::roles::Role;
pub use self::rules::{Denial, Operation, Target};
use self::rules::{Need, rule};
pub use self::urn::Urn;
use crate::access::{Door, OpCtx, PortalUser, Principal, Scope};
use crate::error::{Code, Error, Result};

/// A grant of everything that only v1 knows (docs/contract/v1.md#rights).
const EVERYTHING: &str = "*";

/// What a principal may do, parsed once when its snapshot is loaded.
#[derive(Debug, Default)]
pub struct Grants {
    /// Everything, now and in later versions.
    full: bool,
    tuples: HashSet<Box<str>>,
    urns: Vec<Urn>,
}

impl Grants {
    /// Parses stored permissions. Text that is neither a tuple nor a URN is
    /// kept as a tuple: it grants exactly itself, which is nothing.
    pub fn new<I: IntoIterator<Item = String>>(full: bool, permissions: I) -> Self {
        let mut grants = Self { full, ..Self::default() };
        for permission in permissions {
            match Urn::parse(&permission) {
                Some(urn) => grants.urns.push(urn),
                None => {
                    grants.tuples.insert(permission.into_boxed_str());
                }
            }
        }
        grants
    }

    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Whether whoever holds these may hand `permission` on: everything it lets
    /// its holder do must be held.
    pub fn holds(&self, permission: &str) -> bool {
        self.full
            || self.tuples.contains(permission)
            || self.covers_tuple(permission)
            || self.covers_text(permission)
    }

    /// `<resource>.*.<action>` covers the same on one id.
    fn covers_tuple(&self, permission: &str) -> bool {
        let mut parts = permission.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(resource), Some(_), Some(action), None) => {
                self.tuples.contains(format!("{resource}.*.{action}").as_str())
            }
            _ => false,
        }
    }

    fn covers_text(&self, permission: &str) -> bool {
        Urn::parse(permission).is_some_and(|wanted| self.urns.iter().any(|urn| urn.covers_urn(&wanted)))
    }

    fn covers_urn(&self, workspace: &WorkspaceId, path: &str, action: &str) -> bool {
        self.urns.iter().any(|urn| urn.covers(workspace.as_str(), path, action))
    }
}

/// Path and action of the URN that allows an operation on everything in a
/// workspace, if a URN is all that does.
pub fn by_path(operation: Operation) -> Option<(String, &'static str)> {
    match rule(operation, Door::Dashboard).0 {
        Need::On(path, action) => Some((path.of(Target::NONE)?, action)),
        _ => None,
    }
}

impl OpCtx {
    /// Whether the principal may do this, without an error to answer with.
    pub fn may(&self, operation: Operation, target: Target<'_>) -> bool {
        self.is_allowed(operation, target, |need, grants| need.missing(grants, self, target).is_none())
    }

    /// The one order of who is asked what; `meets` decides for root keys that hold
    /// less than everything.
    fn is_allowed(
        &self,
        operation: Operation,
        target: Target<'_>,
        meets: impl FnOnce(&Need, &Grants) -> bool,
    ) -> bool {
        if let Some(verdict) = roles::verdict(self, operation) {
            return verdict.is_ok();
        }
        match &self.principal {
            Principal::Cli | Principal::Job(_) => true,
            Principal::Anonymous | Principal::PortalSession(_) | Principal::User(_) => false,
            Principal::PortalUser(user) => portal_user_may(user, operation, target),
            Principal::RootKey(key) if key.grants.full => true,
            Principal::RootKey(key) => meets(&rule(operation, self.door).0, &key.grants),
        }
    }

    /// Proof before power: every domain call begins with this.
    ///
    /// Fails with `insufficient_permissions` naming the missing permission, or
    /// with the error of an absent resource where the contract masks.
    pub fn require(&self, operation: Operation, target: Target<'_>) -> Result<()> {
        if let Some(verdict) = roles::verdict(self, operation) {
            return verdict;
        }
        let (need, denial) = rule(operation, self.door);
        let missing = match &self.principal {
            Principal::RootKey(key) if !key.grants.full => need.missing(&key.grants, self, target),
            _ if self.may(operation, target) => None,
            // A need that nothing has to be held for is one of root keys all the same.
            _ => need.missing(&Grants::default(), self, target).or(Some(Missing::RootKey)),
        };
        match (missing, denial) {
            (None, _) => Ok(()),
            (Some(_), Denial::Masked(code)) => Err(Error::absent(code)),
            (Some(missing), Denial::Forbidden) => {
                Err(Error::new(Code::InsufficientPermissions, missing.sentence()))
            }
        }
    }
}

/// What an operation on many resources may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisibleIds {
    All,
    /// The resources with these ids, if they exist.
    Only(Vec<String>),
}

impl OpCtx {
    /// Which resources the principal sees in an operation that asks for a right
    /// on some of them. Call after [`OpCtx::require`].
    pub fn visible_ids(&self, operation: Operation) -> VisibleIds {
        let Principal::RootKey(key) = &self.principal else {
            return if self.may(operation, Target::NONE) {
                VisibleIds::All
            } else {
                VisibleIds::Only(Vec::new())
            };
        };
        let Need::OnSome(resource, action) = rule(operation, self.door).0 else {
            return VisibleIds::Only(Vec::new());
        };
        if key.grants.full || key.grants.tuples.contains(resource.tuple("*", action).as_str()) {
            return VisibleIds::All;
        }
        let held = key.grants.tuples.iter().filter(|tuple| resource.is_some(tuple, action));
        VisibleIds::Only(held.filter_map(|tuple| tuple.split('.').nth(1)).map(str::to_owned).collect())
    }
}

/// End users act on the API of their portal; which of its keys are theirs is for
/// the room of portals to say.
fn portal_user_may(user: &PortalUser, operation: Operation, target: Target<'_>) -> bool {
    let scope = match operation {
        Operation::ApiListKeys | Operation::KeyRead => Scope::KeysRead,
        Operation::KeyReroll | Operation::KeyRerollRecoverable => Scope::KeysReroll,
        _ => return false,
    };
    user.scopes.contains(&scope) && target.api == Some(&user.api)
}

/// What was missing, in the words of the contract.
enum Missing {
    RootKey,
    One(String),
    OneOf(String),
    /// v1: every alternative as JSON, and what the caller has.
    OneOfThese {
        alternatives: Vec<Value>,
        held: Vec<String>,
    },
}

impl Missing {
    fn sentence(&self) -> String {
        match self {
            Missing::RootKey => "Only root keys may do this.".to_owned(),
            Missing::One(grant) => format!("Missing permission: '{grant}'"),
            Missing::OneOf(grants) => format!("Missing one of these permissions: {grants}"),
            Missing::OneOfThese { alternatives, held } => {
                let alternatives: Vec<String> = alternatives.iter().map(|one| format!("'{one}'")).collect();
                let held: Vec<String> = held.iter().map(|one| format!("'{one}'")).collect();
                format!(
                    "Missing one of these permissions: [{}], have: [{}]",
                    alternatives.join(", "),
                    held.join(", ")
                )
            }
        }
    }
}

impl Need {
    /// `None` when met.
    fn missing(&self, grants: &Grants, cx: &OpCtx, target: Target<'_>) -> Option<Missing> {
        match cx.door {
            Door::V1 => self.missing_at_v1(grants, &cx.workspace, target),
            Door::V2 | Door::Dashboard | Door::Mcp | Door::ForwardAuth | Door::Cli | Door::Job => {
                self.missing_at_v2(grants, &cx.workspace, target)
            }
        }
    }

    fn missing_at_v1(&self, grants: &Grants, workspace: &WorkspaceId, target: Target<'_>) -> Option<Missing> {
        if grants.tuples.contains(EVERYTHING) || self.is_met(grants, workspace, target) {
            return None;
        }
        let mut alternatives = vec![json!(EVERYTHING)];
        alternatives.extend(self.alternatives(target));
        let mut held: Vec<String> = grants.tuples.iter().map(ToString::to_string).collect();
        held.sort_unstable();
        Some(Missing::OneOfThese { alternatives, held })
    }

    /// The tuples that would do, as v1 spells a query: URNs are not its own.
    fn alternatives(&self, target: Target<'_>) -> Vec<Value> {
        match self {
            Need::Exact(tuple) => vec![json!(tuple)],
            Need::Own(resource, action) => {
                let own = resource.id(target).map(|id| resource.tuple(id, action));
                std::iter::once(resource.tuple("*", action)).chain(own).map(Value::from).collect()
            }
            Need::OnSome(resource, action) => vec![json!(resource.tuple("*", action))],
            Need::On(..) => Vec::new(),
            Need::Any(needs) => needs.iter().flat_map(|need| need.alternatives(target)).collect(),
            Need::All(needs) => {
                let mut parts: Vec<Value> = Vec::with_capacity(needs.len());
                for need in *needs {
                    let mut alternatives = need.alternatives(target);
                    match alternatives.len() {
                        // A part that only a URN meets: no tuple will do.
                        0 => return Vec::new(),
                        1 => parts.append(&mut alternatives),
                        _ => parts.push(json!({ "or": alternatives })),
                    }
                }
                vec![json!({ "and": parts })]
            }
        }
    }

    /// Of an AND the first failing child is reported.
    fn missing_at_v2(&self, grants: &Grants, workspace: &WorkspaceId, target: Target<'_>) -> Option<Missing> {
        if let Need::All(needs) = self {
            return needs.iter().find_map(|need| need.missing_at_v2(grants, workspace, target));
        }
        if self.is_met(grants, workspace, target) {
            return None;
        }
        let mut names = String::new();
        self.describe(&mut names, workspace, target);
        Some(if names.contains(" or ") { Missing::OneOf(names) } else { Missing::One(names) })
    }

    fn is_met(&self, grants: &Grants, workspace: &WorkspaceId, target: Target<'_>) -> bool {
        match self {
            Need::Exact(tuple) => grants.tuples.contains(*tuple),
            Need::Own(resource, action) => {
                grants.tuples.contains(resource.tuple("*", action).as_str())
                    || resource
                        .id(target)
                        .is_some_and(|id| grants.tuples.contains(resource.tuple(id, action).as_str()))
            }
            Need::OnSome(resource, action) => {
                grants.tuples.iter().any(|tuple| resource.is_some(tuple, action))
            }
            Need::On(path, action) => {
                !grants.urns.is_empty()
                    && path.of(target).is_some_and(|path| grants.covers_urn(workspace, &path, action))
            }
            Need::Any(needs) => needs.iter().any(|need| need.is_met(grants, workspace, target)),
            Need::All(needs) => needs.iter().all(|need| need.is_met(grants, workspace, target)),
        }
    }

    fn describe(&self, text: &mut String, workspace: &WorkspaceId, target: Target<'_>) {
        match self {
            Need::Exact(tuple) => text.push_str(tuple),
            Need::Own(resource, action) => {
                text.push_str(&resource.tuple("*", action));
                if let Some(id) = resource.id(target) {
                    text.push_str(" or ");
                    text.push_str(&resource.tuple(id, action));
                }
            }
            Need::OnSome(resource, action) => text.push_str(&resource.tuple("*", action)),
            Need::On(path, action) => {
                let path = path.of(target).unwrap_or_default();
                let _ = write!(text, "unkey:v1:{workspace}:{path}#{action}");
            }
            Need::Any(needs) => describe_joined(needs, " or ", text, workspace, target),
            Need::All(needs) => describe_joined(needs, " and ", text, workspace, target),
        }
    }
}

fn describe_joined(
    needs: &[Need],
    joint: &str,
    text: &mut String,
    workspace: &WorkspaceId,
    target: Target<'_>,
) {
    for (position, need) in needs.iter().enumerate() {
        if position > 0 {
            text.push_str(joint);
        }
        need.describe(text, workspace, target);
    }
}

#[cfg(test)]
mod tests;
