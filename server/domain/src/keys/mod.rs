//! API keys: making, reading, changing and deleting them.
//!
//! A key is visible while neither it nor its API is deleted; disabled and
//! expired keys are normal here. Only hashes are stored, and ciphertext where
//! the API allows recoverable keys. Deciding whether a key is valid, spending
//! its credits and counting its limits belong to other rooms.

mod access;
mod attention;
mod balance;
mod bounds;
mod create;
mod credits;
mod delete;
mod delete_all;
mod deleted;
mod find;
pub mod format;
mod import;
mod label;
mod list;
mod lookup;
mod migrate;
mod orphans;
mod pending_migration;
mod read;
mod recover;
mod reroll;
mod restore;
mod shared_by;
mod store;
mod summaries;
mod update;
mod version;

#[cfg(test)]
mod tests;

use std::fmt;

use base::ids::{IdentityId, KeyId, WorkspaceId};
use serde_json::{Map, Value};

pub use access::{AccessResult, Change as AccessChange, ChangeAccess};
pub use attention::{FEW_CREDITS, KeyCount};
pub use balance::{Credits, CreditsPatch, Interval, NewCredits, Refill, unlimited_refill};
pub use bounds::DEFAULT_BYTES;
pub use create::{CreateKey, CreatedKey};
pub use credits::{CreditOperation, UpdateCredits};
pub use delete::DeleteKey;
pub use delete_all::DeleteKeys;
pub use deleted::DeletedKey;
pub use find::{FIELDS as FILTER_FIELDS, FindKeys, KeyOrder, OrderedBy, check_filter};
pub use import::{ImportKey, ImportedSecret};
pub use label::label;
pub use list::{ListKeys, ListKeysByOffset};
pub use lookup::Matching;
pub use migrate::{MigrateKeys, MigratedKeys, MigratingKey};
pub use pending_migration::{ALGORITHMS, PendingMigration};
pub use read::{Decrypt, GetKey};
pub use recover::RecoveredKeys;
pub use reroll::RerollKey;
pub use shared_by::SharedBy;
pub(crate) use store::balances;
pub(crate) use store::recovered::remove_copied;
pub use store::{BalanceFault, KeyFeed, UnsoundBalances, note_used, sweep, unsound_balances};
pub use summaries::KeySummary;
pub use update::{DefaultLimit, UpdateKey};

use crate::apis::Api;
use crate::identities::Identity;
use crate::permissions::Permission;
use crate::ratelimit::limits::Limit;
use crate::vault::Vault;
use base::access::Target;
use base::audit;
use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::{Change, Store, Tx};

/// A visible key and its API, without what hangs on it.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub api: Api,
    /// The stored hash: the name under which cached values know this key.
    pub(crate) hash: StoredHash,
    /// Prefix and first characters (docs/decisions.md#what-is-shown-of-a-key);
    /// empty for freshly migrated keys.
    pub start: String,
    /// Last four characters.
    pub last4: String,
    pub name: Option<String>,
    /// Link to an identity that may be deleted meanwhile.
    pub identity_id: Option<IdentityId>,
    pub owner_id: Option<String>,
    pub meta: Map<String, Value>,
    pub environment: Option<String>,
    pub enabled: bool,
    /// Unix milliseconds; expired once now is strictly later.
    pub expires_at: Option<i64>,
    pub credits: Credits,
    /// Where they are kept.
    pub(crate) balance: Balance,
    /// The first key of the chain of rerolls, unless this one is.
    pub(crate) lineage: Option<KeyId>,
    /// From when on a refill counts as missed; Unix milliseconds.
    pub last_refill_at: Option<i64>,
    /// Unix milliseconds, approximate.
    pub last_used_at: Option<i64>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds; not touched by changes of credits.
    pub updated_at: Option<i64>,
}

/// The key that holds the credits: the key itself, or, after a reroll, its
/// successor.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    pub key_id: KeyId,
    pub hash: StoredHash,
}

/// A hash as the table holds it: base64, or foreign text while a migration is
/// pending. Logs never show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredHash(pub String);

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredHash(..)")
    }
}

/// A key with everything that is shown of one (docs/contract/v2.md#key-object).
#[derive(Debug)]
pub struct KeyDetails {
    pub key: Key,
    /// `None` when the key has none or it is deleted.
    pub identity: Option<Identity>,
    /// Effective slugs: direct ones and those of its roles, unique and sorted.
    pub permissions: Vec<String>,
    /// Sorted by slug.
    pub direct_permissions: Vec<Permission>,
    /// Names, sorted.
    pub roles: Vec<String>,
    /// Of the key itself, not of its identity.
    pub limits: Vec<Limit>,
    /// Only where a caller asked for it, may have it and it was stored.
    pub plaintext: Option<PlainKey>,
}

/// The operations on keys.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    entropy: Entropy,
    vault: Vault,
}

impl Keys {
    pub fn new(store: Store, entropy: Entropy, vault: Vault) -> Self {
        Self { store, entropy, vault }
    }
}

impl Key {
    /// `None` while the key waits under a foreign hash.
    pub(crate) fn hash(&self) -> Option<KeyHash> {
        KeyHash::from_base64(&self.hash.0)
    }

    fn target(&self) -> Target<'_> {
        Target::key(&self.api.id, &self.api.keyspace_id, &self.id)
    }

    /// Says that cached values of this key are old.
    fn announce(&self, tx: &Tx) {
        tx.changed(Change::Key(self.hash.0.clone()));
    }

    /// Says that the credits of this key, and of those that share them, changed.
    fn announce_credits(&self, tx: &Tx) {
        tx.changed(Change::Key(self.balance.hash.0.clone()));
    }

    fn audit_target(&self) -> audit::Target {
        audit::Target::new("key", self.id.as_str(), self.name.as_deref())
    }
}

fn absent() -> Error {
    Error::absent(Code::KeyNotFound)
}

/// The API must have opted in to recoverable keys
/// (docs/contract/v2.md#create-key).
fn require_recoverable(api: &Api) -> Result<()> {
    if api.store_encrypted_keys {
        return Ok(());
    }
    Err(Error::new(Code::PreconditionFailed, "This API does not support recoverable keys."))
}
