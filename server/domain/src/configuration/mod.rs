//! What a workspace is set up with, as one document: its APIs, permissions, roles,
//! namespaces with their overrides, and portals.
//!
//! A document is compared with what there is, and the difference is made in one
//! transaction and one audit group: all of it or nothing, and nothing at all where
//! nothing differs. A plan is the same, taken back at its end, so it fails where
//! applying would. Each step is the operation of the room it belongs to, with the
//! rules and the rights of that room.
//!
//! What a document does not mention stays: a member that is left out, a section, and,
//! unless pruning is asked for, a thing that a section does not list. Deliberately
//! absent: keys, identities and root keys, which are data or secrets; overrides that
//! end, which are exceptions; the settings of the server, which it is started with.

mod allowlist;
mod apply;
mod current;
mod document;
mod prune;
mod span;
mod store;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::apis::Apis;
use crate::permissions::Permissions;
use crate::portals::Portals;
use crate::ratelimit::namespaces::Namespaces;
use crate::ratelimit::overrides::Overrides;
use base::audit::Group;
use base::edit_version::Version;
use base::entropy::Entropy;
use base::store::Store;

pub use document::{Document, MAX_BYTES};

/// A document to be made true.
#[derive(Clone, Debug)]
pub struct ApplyDocument {
    pub document: Document,
    /// Whether to delete what a section does not list.
    pub prune: bool,
    /// The plan that was seen, if applying is to change that and nothing else; else it
    /// fails with `edit_conflict`.
    pub planned: Option<Version>,
}

/// What a plan is known by: all that it says but the ids of what it would make.
pub fn plan_version(differences: &[Difference]) -> Version {
    let told: Vec<_> = differences.iter().map(|one| (one.event, &one.name, &one.changes)).collect();
    Version::of(&json!(told))
}

/// One thing that differs, as the audit log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `api.update`, `role.create`...
    pub event: &'static str,
    /// A sentence.
    pub description: String,
    /// What it is about: `api`, `role`..., and what that is called.
    pub kind: &'static str,
    pub name: String,
    /// `{"field": {"before": .., "after": ..}}`, where fields change.
    pub changes: Option<Value>,
}

/// The operations on the configuration of a workspace.
#[derive(Clone)]
pub struct Configuration {
    store: Store,
    entropy: Entropy,
    apis: Apis,
    permissions: Permissions,
    namespaces: Namespaces,
    overrides: Overrides,
    portals: Portals,
}

/// The rooms that it changes.
pub struct Rooms {
    pub apis: Apis,
    pub permissions: Permissions,
    pub namespaces: Namespaces,
    pub overrides: Overrides,
    pub portals: Portals,
}

impl Configuration {
    pub fn new(store: Store, entropy: Entropy, rooms: Rooms) -> Self {
        let Rooms { apis, permissions, namespaces, overrides, portals } = rooms;
        Self { store, entropy, apis, permissions, namespaces, overrides, portals }
    }
}

fn differences(group: &Group) -> Vec<Difference> {
    let told = group.entries().iter().map(|entry| {
        let about = entry.targets.first();
        Difference {
            event: entry.event.as_str(),
            description: entry.description.clone(),
            kind: about.map_or("", |target| target.kind),
            name: about
                .map(|target| target.name.clone().unwrap_or_else(|| target.id.clone()))
                .unwrap_or_default(),
            changes: entry.changes.clone(),
        }
    });
    told.collect()
}
