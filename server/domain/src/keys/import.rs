//! Importing keys with all their settings, from their hash or their plaintext
//! (docs/contract/v1.md#importing-keys).

use std::collections::{HashMap, HashSet};

use base::ids::{ApiId, KeyId, MigrationId};
use serde_json::{Map, Value, json};

use super::balance::{Credits, NewCredits};
use super::{Keys, bounds, create, format, require_recoverable, store};
use crate::apis::Api;
use crate::identities;
use crate::permissions::{self, OnMissing, Permission, Reference, Role};
use crate::ratelimit::limits::{self, LimitsChange, NewLimit, Owner};
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::error::{Code, Error, Field, Result};
use base::secret::{KeyHash, PlainKey};
use base::store::{Change, Tx};

/// Characters of a plaintext that are shown where the request says nothing.
const START_CHARACTERS: usize = 4;

/// A key of another system.
#[derive(Clone, Debug)]
pub struct ImportKey {
    pub api_id: ApiId,
    pub secret: ImportedSecret,
    /// What to show of it; else the first four characters of the plaintext.
    pub start: Option<String>,
    pub name: Option<String>,
    /// The identity is made if there is none.
    pub external_id: Option<String>,
    pub owner_id: Option<String>,
    pub meta: Map<String, Value>,
    pub environment: Option<String>,
    /// Names; each must exist.
    pub roles: Vec<String>,
    /// Slugs; each must exist.
    pub permissions: Vec<String>,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    pub credits: Option<NewCredits>,
    pub limits: Vec<NewLimit>,
    pub enabled: bool,
}

/// What is known of the secret of a key.
#[derive(Clone, Debug)]
pub enum ImportedSecret {
    /// The SHA-256 of the whole key, in any form of [`KeyHash::parse`].
    Hash(String),
    /// Kept, encrypted; the API must have opted in.
    Plain(PlainKey),
}

impl ImportKey {
    fn check(&self) -> Result<()> {
        bounds::check_text(Field::Start, self.start.as_deref().filter(|start| !start.is_empty()))?;
        bounds::check_text(Field::Name, self.name.as_deref())?;
        bounds::check_external_id(self.external_id.as_deref())?;
        bounds::check_text(Field::OwnerId, self.owner_id.as_deref())?;
        bounds::check_environment(self.environment.as_deref())?;
        bounds::check_meta(&self.meta)?;
        bounds::check_slugs(Field::Roles, &self.roles)?;
        bounds::check_slugs(Field::Permissions, &self.permissions)?;
        bounds::check_expiry(self.expires_at)?;
        bounds::check_limits(&self.limits)
    }

    /// Of the key at this place of the request.
    fn hash(&self, place: usize) -> Result<KeyHash> {
        match &self.secret {
            ImportedSecret::Hash(text) => bounds::hash_at(place, text),
            ImportedSecret::Plain(plaintext) => Ok(plaintext.hash()),
        }
    }

    fn start(&self) -> String {
        match (&self.start, &self.secret) {
            (Some(start), _) => start.clone(),
            (None, ImportedSecret::Plain(plaintext)) => {
                plaintext.reveal().chars().take(START_CHARACTERS).collect()
            }
            (None, ImportedSecret::Hash(_)) => String::new(),
        }
    }

    fn last4(&self) -> String {
        match &self.secret {
            ImportedSecret::Plain(plaintext) => format::last4(plaintext.reveal()),
            ImportedSecret::Hash(_) => String::new(),
        }
    }
}

impl Keys {
    /// Imports all of these keys or none, and answers their ids in order. A hash
    /// that exists, anywhere, fails with `key_already_exists`.
    pub async fn import(&self, cx: &OpCtx, keys: Vec<ImportKey>) -> Result<Vec<KeyId>> {
        let apis = &self.importable(cx, &keys).await?;
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let mut ids = Vec::with_capacity(keys.len());
                for (place, key) in keys.into_iter().enumerate() {
                    ids.push(self.import_one(cx, &tx, apis, (place, key), &mut group).await?);
                }
                group.record(cx, &tx, &self.entropy).await?;
                Ok(ids)
            })
            .await
    }

    /// Imports each of these keys by itself under an announced migration, and
    /// answers what became of it.
    pub async fn import_each(
        &self,
        cx: &OpCtx,
        migration: &MigrationId,
        keys: Vec<ImportKey>,
    ) -> Result<Vec<Result<KeyId>>> {
        let apis = &self.importable(cx, &keys).await?;
        store::find_migration(self.store.read(), &cx.workspace, migration)
            .await?
            .ok_or_else(|| Error::absent(Code::MigrationNotFound))?;
        let mut outcomes = Vec::with_capacity(keys.len());
        for placed in keys.into_iter().enumerate() {
            let import = self.store.write(|tx| async move {
                let mut group = Group::new();
                let id = self.import_one(cx, &tx, apis, placed, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            });
            outcomes.push(import.await);
        }
        Ok(outcomes)
    }

    /// The APIs of these keys, on which the principal may import them.
    async fn importable(&self, cx: &OpCtx, keys: &[ImportKey]) -> Result<HashMap<ApiId, Api>> {
        let mut apis: HashMap<ApiId, Api> = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            if !apis.contains_key(&key.api_id) {
                let api = self.live_api(cx, &key.api_id, Operation::KeyCreate).await?;
                apis.insert(key.api_id.clone(), api);
            }
            if let (ImportedSecret::Plain(_), Some(api)) = (&key.secret, apis.get(&key.api_id)) {
                cx.require(Operation::KeyCreateRecoverable, Target::api(&api.id, &api.keyspace_id))?;
                require_recoverable(api)?;
            }
            key.hash(place)?;
            key.check()?;
        }
        Ok(apis)
    }

    async fn import_one(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        apis: &HashMap<ApiId, Api>,
        (place, key): (usize, ImportKey),
        group: &mut Group,
    ) -> Result<KeyId> {
        let api = apis.get(&key.api_id).ok_or_else(|| Error::internal("an API was not looked up"))?;
        let (roles, direct) = self.existing(cx, tx, &key, group).await?;
        let identity_id = match &key.external_id {
            Some(external_id) => Some(identities::ensure(tx, cx, &self.entropy, group, external_id).await?),
            None => None,
        };
        let id: KeyId = self.entropy.id(KeyId::PREFIX, cx.now_ms);
        let (hash, start, last4) = (key.hash(place)?.to_base64(), key.start(), key.last4());
        let row = store::NewKey {
            id: &id,
            api_id: &api.id,
            hash: &hash,
            start: &start,
            last4: &last4,
            prefix: None,
            byte_length: None,
            name: key.name.as_deref(),
            identity_id,
            owner_id: key.owner_id.as_deref(),
            meta: &key.meta,
            environment: key.environment.as_deref(),
            enabled: key.enabled,
            expires_at: key.expires_at,
            credits: key.credits.map_or_else(|| Ok(Credits::default()), NewCredits::into_credits)?,
            migration: None,
            rotated_from: None,
        };
        self.insert_foreign(cx, tx, group, Foreign { api, row, roles, direct, limits: key.limits }).await?;
        if let ImportedSecret::Plain(plaintext) = &key.secret {
            let ciphertext = self.vault.encrypt(tx, &cx.workspace, &id, plaintext).await?;
            store::insert_ciphertext(tx.db(), cx, &id, ciphertext).await?;
        }
        Ok(id)
    }

    /// The roles and permissions of a key, which must exist: nothing is made in
    /// passing here (docs/decisions.md#imports-of-v1-make-no-roles-in-passing).
    async fn existing(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        key: &ImportKey,
        group: &mut Group,
    ) -> Result<(Vec<Role>, Vec<Permission>)> {
        let none_missing = |kind: &str, missing: Vec<&String>| {
            if missing.is_empty() {
                return Ok(());
            }
            let detail = format!("{kind} {} are missing, please create them first", json!(missing));
            Err(Error::new(Code::PreconditionFailed, detail))
        };
        let known = Reference::named(key.roles.clone(), OnMissing::Ignore);
        let making = Operation::RoleCreateImplicit;
        let roles = permissions::resolve_roles(tx, cx, &self.entropy, group, &known, making).await?;
        let held: HashSet<&str> = roles.iter().map(|role| role.name.as_str()).collect();
        let is_missing = |name: &&String| !held.contains(name.as_str());
        none_missing("Roles", key.roles.iter().filter(is_missing).collect())?;
        let known = Reference::named(key.permissions.clone(), OnMissing::Ignore);
        let direct = permissions::resolve(tx, cx, &self.entropy, group, &known).await?;
        let held: HashSet<&str> = direct.iter().map(|held| held.slug.as_str()).collect();
        let is_missing = |slug: &&String| !held.contains(slug.as_str());
        none_missing("Permissions", key.permissions.iter().filter(is_missing).collect())?;
        Ok((roles, direct))
    }

    /// Stores a key that was not made here, with what hangs on it.
    pub(super) async fn insert_foreign(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        foreign: Foreign<'_>,
    ) -> Result<()> {
        let Foreign { api, row, roles, direct, limits } = foreign;
        let (id, name, hash) = (row.id, row.name, row.hash.to_owned());
        store::insert(tx.db(), cx, row).await?;
        let ids = direct.iter().map(|permission| &permission.id);
        permissions::link_key(tx, id, ids, roles.iter().map(|role| &role.id)).await?;
        let made = match limits.is_empty() {
            true => LimitsChange::default(),
            false => limits::replace(tx, cx, &self.entropy, Owner::Key(id), limits).await?,
        };
        create::audit(group, (id, name), api, (&roles, &direct), &made);
        tx.changed(Change::Key(hash));
        Ok(())
    }
}

/// A key that was not made here.
pub(super) struct Foreign<'a> {
    pub api: &'a Api,
    pub row: store::NewKey<'a>,
    pub roles: Vec<Role>,
    pub direct: Vec<Permission>,
    pub limits: Vec<NewLimit>,
}
