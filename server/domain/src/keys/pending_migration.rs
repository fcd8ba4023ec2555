//! Announced imports of foreign keys, and the moment a foreign key becomes a
//! native one (docs/contract/v2.md#on-demand-migration).

use base::ids::MigrationId;

use super::{Keys, format, store};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::Change;

/// How the hashes of a migration were made.
pub const ALGORITHMS: [&str; 2] = [NATIVE, PREFIXED];
/// The hash we use ourselves: nothing has to be rewritten.
const NATIVE: &str = "sha256";
/// `<prefix>_<short token>_<long token>`; the hash covers the long token only.
const PREFIXED: &str = "github.com/seamapi/prefixed-api-key";

/// An announced import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMigration {
    pub id: MigrationId,
    pub algorithm: String,
    /// Keys that were not used since, ten thousand at most.
    pub waiting: i64,
    pub created_at: i64,
}

impl store::Migration {
    /// Whether its keys wait until they are shown.
    pub(super) fn is_foreign(&self) -> bool {
        self.algorithm != NATIVE
    }

    /// How a hash of this migration is stored: ours in base64, those of the other
    /// system as [`format::seam_long_token_hash`] finds them.
    pub(super) fn stored(&self, hash: KeyHash) -> String {
        if self.is_foreign() { hash.to_hex() } else { hash.to_base64() }
    }
}

impl Keys {
    /// The announced imports of the workspace, the newest first; a hundred at most.
    pub async fn migrations(&self, cx: &OpCtx) -> Result<Vec<PendingMigration>> {
        cx.require(Operation::MigrationCreate, access::Target::NONE)?;
        store::migrations(self.store.read(), &cx.workspace).await
    }

    /// Announces an import; its id is what migrateKeys and verifyKey name.
    pub async fn create_migration(&self, cx: &OpCtx, algorithm: &str) -> Result<MigrationId> {
        cx.require(Operation::MigrationCreate, access::Target::NONE)?;
        if !ALGORITHMS.contains(&algorithm) {
            return Err(Error::invalid(format!("An algorithm is one of {}.", ALGORITHMS.join(", "))));
        }
        let id: MigrationId = self.entropy.id(MigrationId::PREFIX, cx.now_ms);
        self.store
            .write(|tx| {
                let id = id.clone();
                async move {
                    store::insert_migration(&tx, &id, cx, algorithm).await?;
                    let mut group = Group::new();
                    let targets = vec![Target::new("migration", id.as_str(), None)];
                    group.push(
                        Event::MigrationCreate,
                        format!("Announced a migration of {algorithm} hashes"),
                        targets,
                    );
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(id)
    }

    /// Makes the key of this plaintext native if it waits for this migration;
    /// says whether it did. A plaintext that cannot be of the algorithm fails
    /// with `malformed`.
    pub async fn adopt(&self, cx: &OpCtx, plaintext: &PlainKey, migration: &MigrationId) -> Result<bool> {
        let Some(migration) = store::find_migration(self.store.read(), &cx.workspace, migration).await?
        else {
            return Ok(false);
        };
        if migration.algorithm != PREFIXED {
            return Ok(false);
        }
        let malformed = |_| {
            Error::new(Code::AuthMalformed, "The key does not have the form of the keys of this migration.")
        };
        let foreign = format::seam_long_token_hash(plaintext.reveal()).map_err(malformed)?;
        let start = format::seam_start(plaintext.reveal()).map_err(malformed)?;
        let (hash, last4) = (plaintext.hash().to_base64(), format::last4(plaintext.reveal()));
        self.store
            .write(|tx| {
                let native = store::Native { foreign, hash: hash.clone(), start, last4 };
                async move {
                    let adopted = store::adopt(&tx, &cx.workspace, &migration.id, &native).await?;
                    if let Some(key) = adopted {
                        let mut group = Group::new();
                        let text = format!("Completed the migration of key {key}");
                        group.push(Event::KeyUpdate, text, vec![Target::new("key", key.as_str(), None)]);
                        group.record(cx, &tx, &self.entropy).await?;
                        tx.changed(Change::Key(native.foreign));
                        tx.changed(Change::Key(hash));
                        return Ok(true);
                    }
                    Ok(false)
                }
            })
            .await
    }
}
