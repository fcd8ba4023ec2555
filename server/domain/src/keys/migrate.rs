//! Importing keys of another system by their hashes
//! (docs/contract/v2.md#migrate-keys).
//!
//! A hash of the native form works at once. Foreign ones wait: the first
//! verification that names the migration shows the secret and makes the key a
//! native one ([`super::migration`]).

use base::ids::{ApiId, KeyId, MigrationId};
use serde_json::{Map, Value};

use super::balance::NewCredits;
use super::import::Foreign;
use super::{Keys, bounds, store};
use crate::apis::{self, Api};
use crate::identities;
use crate::permissions;
use crate::ratelimit::limits::NewLimit;
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::error::{Code, Error, Field, Result};
use base::store::Tx;

/// Keys that one request may import: they are written in one transaction, for
/// which all other changes wait.
const MAX_KEYS: usize = 10_000;

/// Keys to import into one API.
#[derive(Clone, Debug)]
pub struct MigrateKeys {
    pub migration_id: MigrationId,
    pub api_id: ApiId,
    pub keys: Vec<MigratingKey>,
}

/// A key of which only the hash is known.
#[derive(Clone, Debug)]
pub struct MigratingKey {
    /// The SHA-256 that the algorithm of the migration makes, in any form of
    /// [`KeyHash::parse`](base::secret::KeyHash::parse).
    pub hash: String,
    pub name: Option<String>,
    pub external_id: Option<String>,
    pub meta: Map<String, Value>,
    /// Names; unknown ones are made.
    pub roles: Vec<String>,
    /// Slugs; unknown ones are made.
    pub permissions: Vec<String>,
    pub expires_at: Option<i64>,
    pub credits: Option<NewCredits>,
    pub limits: Vec<NewLimit>,
    pub enabled: bool,
}

/// What an import did, in the order of the request.
#[derive(Debug, Default)]
pub struct MigratedKeys {
    pub migrated: Vec<(String, KeyId)>,
    /// Hashes, as they were given, that exist already, anywhere, or twice in the
    /// request.
    pub failed: Vec<String>,
}

/// One key on its way into the database.
struct Import<'a> {
    key: MigratingKey,
    /// As it is stored.
    hash: String,
    api: &'a Api,
    /// The migration it waits for, unless it works at once.
    pending: Option<&'a MigrationId>,
}

impl MigratingKey {
    fn check(&self) -> Result<()> {
        bounds::check_text(Field::Name, self.name.as_deref())?;
        bounds::check_external_id(self.external_id.as_deref())?;
        bounds::check_meta(&self.meta)?;
        bounds::check_slugs(Field::Roles, &self.roles)?;
        bounds::check_slugs(Field::Permissions, &self.permissions)?;
        bounds::check_expiry(self.expires_at)?;
        bounds::check_limits(&self.limits)
    }
}

impl Keys {
    /// Imports what is new, all of it or nothing; hashes that exist are
    /// reported, not refused.
    pub async fn migrate(&self, cx: &OpCtx, command: MigrateKeys) -> Result<MigratedKeys> {
        // The grant comes first here: it is asked for by the id of the request.
        cx.require(Operation::KeyMigrate, Target { api: Some(&command.api_id), ..Target::NONE })?;
        let api = apis::find_live(self.store.read(), &cx.workspace, &command.api_id)
            .await?
            .ok_or_else(|| Error::absent(Code::ApiNotFound))?;
        let migration = store::find_migration(self.store.read(), &cx.workspace, &command.migration_id)
            .await?
            .ok_or_else(|| Error::absent(Code::MigrationNotFound))?;
        if command.keys.len() > MAX_KEYS {
            return Err(Error::invalid(format!("A request imports at most {MAX_KEYS} keys.")));
        }
        command.keys.iter().try_for_each(MigratingKey::check)?;
        let stored = command
            .keys
            .iter()
            .enumerate()
            .map(|(place, key)| bounds::hash_at(place, &key.hash).map(|hash| migration.stored(hash)));
        let stored = stored.collect::<Result<Vec<String>>>()?;
        let pending = migration.is_foreign().then_some(migration.id);
        self.store
            .write(|tx| async move {
                let mut taken = store::taken_hashes(tx.db(), stored.iter().map(String::as_str)).await?;
                let mut outcome = MigratedKeys::default();
                let mut group = Group::new();
                for (key, hash) in command.keys.into_iter().zip(stored) {
                    if !taken.insert(hash.clone()) {
                        outcome.failed.push(key.hash);
                        continue;
                    }
                    let given = key.hash.clone();
                    let import = Import { key, hash, api: &api, pending: pending.as_ref() };
                    let id = self.import_hash(cx, &tx, import, &mut group).await?;
                    outcome.migrated.push((given, id));
                }
                group.record(cx, &tx, &self.entropy).await?;
                Ok(outcome)
            })
            .await
    }

    async fn import_hash(&self, cx: &OpCtx, tx: &Tx, import: Import<'_>, group: &mut Group) -> Result<KeyId> {
        let Import { key, hash, api, pending } = import;
        let id: KeyId = self.entropy.id(KeyId::PREFIX, cx.now_ms);
        let roles = permissions::ensure_roles(tx, cx, &self.entropy, group, &key.roles).await?;
        let direct = permissions::ensure(tx, cx, &self.entropy, group, &key.permissions).await?;
        let identity_id = match &key.external_id {
            Some(external_id) => Some(identities::ensure(tx, cx, &self.entropy, group, external_id).await?),
            None => None,
        };
        let row = store::NewKey {
            id: &id,
            api_id: &api.id,
            hash: &hash,
            start: "",
            last4: "",
            prefix: None,
            byte_length: None,
            name: key.name.as_deref(),
            identity_id,
            owner_id: None,
            meta: &key.meta,
            environment: None,
            enabled: key.enabled,
            expires_at: key.expires_at,
            credits: key.credits.unwrap_or_default().into_credits()?,
            migration: pending,
            rotated_from: None,
        };
        let foreign = Foreign { api, row, roles, direct, limits: key.limits };
        self.insert_foreign(cx, tx, group, foreign).await?;
        Ok(id)
    }
}
