//! Identities: the customer's own users, known by an external id of theirs.
//!
//! An external id names at most one live identity of a workspace
//! (docs/decisions.md#names-are-free-again-after-deletion). Keys point at
//! identities; which keys do is the business of `keys`.

mod browse;
mod create;
mod delete;
mod ensure;
mod read;
mod spending;
mod store;
mod sweep;
mod update;

use base::ids::IdentityId;
use serde_json::{Map, Value};

pub use browse::{BrowseIdentities, IdentityLine, Order};
pub use create::CreateIdentity;
pub use ensure::ensure;
pub use read::ListIdentities;
pub use spending::{MAX_MONTHLY_CREDITS, MOST_NEAR, NearCap, Spending};
pub use store::{IdentityFeed, load};
pub(crate) use store::{
    MonthAccount, Owners, bring_along, copy_live, external_ids, id_of, ids_beginning_with, ids_named,
    month_accounts, remove_copied, save_month_accounts,
};
pub use sweep::sweep;
pub use update::UpdateIdentity;

use crate::ratelimit::limits::Limit;
use base::audit;
use base::entropy::Entropy;
use base::store::Store;

/// A live identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub id: IdentityId,
    pub external_id: String,
    /// Empty when none was given.
    pub meta: Map<String, Value>,
    /// Shared by all keys of the identity; by name.
    pub limits: Vec<Limit>,
    /// How many credits its keys may spend in a month; `None` is as many as they have.
    pub monthly_credits: Option<i64>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// How a request names an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityName {
    Id(String),
    ExternalId(String),
    /// The id, else the external id.
    Either(String),
}

impl From<&str> for IdentityName {
    fn from(text: &str) -> Self {
        Self::Either(text.to_owned())
    }
}

impl From<&String> for IdentityName {
    fn from(text: &String) -> Self {
        Self::Either(text.clone())
    }
}

impl From<String> for IdentityName {
    fn from(text: String) -> Self {
        Self::Either(text)
    }
}

/// The operations on identities.
#[derive(Clone)]
pub struct Identities {
    store: Store,
    entropy: Entropy,
}

impl Identities {
    pub fn new(store: Store, entropy: Entropy) -> Self {
        Self { store, entropy }
    }
}

fn audit_target(id: &IdentityId, external_id: &str) -> audit::Target {
    audit::Target::new("identity", id.as_str(), Some(external_id))
}

#[cfg(test)]
mod tests;
