//! Making a key.

use base::ids::{ApiId, IdentityId, KeyId};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::balance::{Credits, NewCredits};
use super::format::NewKeyMaterial;
use super::{Keys, bounds, require_recoverable, store};
use crate::apis::{self, Api};
use crate::identities;
use crate::permissions::{self, OnMissing, Permission, Reference, Role};
use crate::ratelimit::limits::{self, LimitsChange, NewLimit, Owner};
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, Target as Audited};
use base::error::{Code, Error, Field, Result};
use base::secret::PlainKey;
use base::store::{Change, Tx};

/// A key to be made (docs/contract/v2.md#create-key).
#[derive(Clone, Debug)]
pub struct CreateKey {
    pub api_id: ApiId,
    /// Else the default of the API, else none. Up to 16 characters.
    pub prefix: Option<String>,
    pub name: Option<String>,
    /// Random bytes, 16 to 255; else the default of the API, else 16.
    pub byte_length: Option<i64>,
    /// The identity is made if there is none.
    pub external_id: Option<String>,
    pub meta: Map<String, Value>,
    /// Names.
    pub roles: Vec<String>,
    pub on_missing_roles: OnMissing,
    /// Slugs.
    pub permissions: Vec<String>,
    pub on_missing_permissions: OnMissing,
    /// Unix milliseconds; may lie in the past.
    pub expires_at: Option<i64>,
    /// `None` is unlimited.
    pub credits: Option<NewCredits>,
    pub limits: Vec<NewLimit>,
    pub enabled: bool,
    /// Keep the plaintext, encrypted; the API must have opted in.
    pub recoverable: bool,
    pub environment: Option<String>,
    pub owner_id: Option<String>,
}

/// A key that was made. The plaintext is in no other answer.
#[derive(Debug)]
pub struct CreatedKey {
    pub id: KeyId,
    pub plaintext: PlainKey,
}

/// What the secret of a new key is made of and what is stored of it.
pub(super) struct Minted {
    pub id: KeyId,
    pub plaintext: PlainKey,
    pub start: String,
    pub last4: String,
    pub prefix: Option<String>,
    pub byte_length: i64,
}

impl CreateKey {
    /// An enabled, unlimited key of this API without anything else. Roles must
    /// exist, permissions are made.
    pub fn new(api_id: ApiId) -> Self {
        Self {
            api_id,
            prefix: None,
            name: None,
            byte_length: None,
            external_id: None,
            meta: Map::new(),
            roles: Vec::new(),
            on_missing_roles: OnMissing::Refuse,
            permissions: Vec::new(),
            on_missing_permissions: OnMissing::Make,
            expires_at: None,
            credits: None,
            limits: Vec::new(),
            enabled: true,
            recoverable: false,
            environment: None,
            owner_id: None,
        }
    }

    /// Whether a key can be like this, as far as that is told without the database.
    ///
    /// # Errors
    /// `invalid_input`, at the field that it is about.
    pub fn check(&self) -> Result<()> {
        bounds::check_bytes(self.byte_length.unwrap_or(bounds::DEFAULT_BYTES))?;
        self.credits.clone().unwrap_or_default().into_credits()?;
        bounds::check_prefix(self.prefix.as_deref())?;
        bounds::check_text(Field::Name, self.name.as_deref())?;
        bounds::check_external_id(self.external_id.as_deref())?;
        bounds::check_environment(self.environment.as_deref())?;
        bounds::check_text(Field::OwnerId, self.owner_id.as_deref())?;
        bounds::check_meta(&self.meta)?;
        bounds::check_slugs(Field::Roles, &self.roles)?;
        bounds::check_slugs(Field::Permissions, &self.permissions)?;
        bounds::check_expiry(self.expires_at)?;
        bounds::check_limits(&self.limits)
    }
}

impl Keys {
    /// Makes a key and answers its plaintext.
    ///
    /// Where the contract masks, an unknown API and a missing grant give the same
    /// `api_not_found` (docs/contract/v2.md#masked-resources).
    pub async fn create(&self, cx: &OpCtx, mut command: CreateKey) -> Result<CreatedKey> {
        let api = self.live_api(cx, &command.api_id, Operation::KeyCreate).await?;
        let target = Target::api(&api.id, &api.keyspace_id);
        if command.recoverable {
            cx.require(Operation::KeyCreateRecoverable, target)?;
            require_recoverable(&api)?;
        }
        command.check()?;
        let credits = command.credits.take().unwrap_or_default().into_credits()?;
        let prefix = command.prefix.clone().or_else(|| api.default_prefix.clone());
        let minted = self.mint(cx, prefix, command.byte_length.or(api.default_bytes))?;
        self.store.write(|tx| self.insert(cx, tx, api, command, credits, minted)).await
    }

    /// The live API with this id, on which the principal may do `operation`. A
    /// caller who may not do it on that id does not learn that there is none.
    pub(super) async fn live_api(&self, cx: &OpCtx, id: &ApiId, operation: Operation) -> Result<Api> {
        let Some(api) = apis::find_live(self.store.read(), &cx.workspace, id).await? else {
            cx.require(operation, Target { api: Some(id), ..Target::NONE })?;
            return Err(Error::absent(Code::ApiNotFound));
        };
        cx.require(operation, Target::api(&api.id, &api.keyspace_id))?;
        Ok(api)
    }

    pub(super) fn mint(
        &self,
        cx: &OpCtx,
        prefix: Option<String>,
        byte_length: Option<i64>,
    ) -> Result<Minted> {
        let byte_length = byte_length.unwrap_or(bounds::DEFAULT_BYTES);
        bounds::check_bytes(byte_length)?;
        let length = usize::try_from(byte_length).map_err(Error::internal)?;
        let mut random = Zeroizing::new(vec![0; length]);
        self.entropy.fill(&mut random);
        let NewKeyMaterial { plaintext, start, last4 } = NewKeyMaterial::api_key(prefix.as_deref(), &random);
        let id = self.entropy.id(KeyId::PREFIX, cx.now_ms);
        Ok(Minted { id, plaintext: PlainKey::new(plaintext), start, last4, prefix, byte_length })
    }

    async fn insert(
        &self,
        cx: &OpCtx,
        tx: Tx,
        api: Api,
        command: CreateKey,
        credits: Credits,
        minted: Minted,
    ) -> Result<CreatedKey> {
        let mut group = Group::new();
        let names = Reference::named(command.roles.clone(), command.on_missing_roles);
        let making = Operation::RoleCreateImplicit;
        let roles = permissions::resolve_roles(&tx, cx, &self.entropy, &mut group, &names, making).await?;
        let slugs = Reference::named(command.permissions.clone(), command.on_missing_permissions);
        let direct = permissions::resolve(&tx, cx, &self.entropy, &mut group, &slugs).await?;
        let identity = match &command.external_id {
            Some(external_id) => {
                Some(identities::ensure(&tx, cx, &self.entropy, &mut group, external_id).await?)
            }
            None => None,
        };
        let hash = minted.plaintext.hash().to_base64();
        store::insert(tx.db(), cx, new_row(&api, &command, identity, credits, &minted, &hash)).await?;
        let permission_ids = direct.iter().map(|permission| &permission.id);
        permissions::link_key(&tx, &minted.id, permission_ids, roles.iter().map(|role| &role.id)).await?;
        let made = match command.limits.is_empty() {
            true => LimitsChange::default(),
            false => limits::replace(&tx, cx, &self.entropy, Owner::Key(&minted.id), command.limits).await?,
        };
        if command.recoverable {
            let ciphertext = self.vault.encrypt(&tx, &cx.workspace, &minted.id, &minted.plaintext).await?;
            store::insert_ciphertext(tx.db(), cx, &minted.id, ciphertext).await?;
        }
        audit(&mut group, (&minted.id, command.name.as_deref()), &api, (&roles, &direct), &made);
        group.record(cx, &tx, &self.entropy).await?;
        tx.changed(Change::Key(hash));
        Ok(CreatedKey { id: minted.id, plaintext: minted.plaintext })
    }
}

fn new_row<'a>(
    api: &'a Api,
    command: &'a CreateKey,
    identity_id: Option<IdentityId>,
    credits: Credits,
    minted: &'a Minted,
    hash: &'a str,
) -> store::NewKey<'a> {
    store::NewKey {
        id: &minted.id,
        api_id: &api.id,
        hash,
        start: &minted.start,
        last4: &minted.last4,
        prefix: minted.prefix.as_deref(),
        byte_length: Some(minted.byte_length),
        name: command.name.as_deref(),
        identity_id,
        owner_id: command.owner_id.as_deref(),
        meta: &command.meta,
        environment: command.environment.as_deref(),
        enabled: command.enabled,
        expires_at: command.expires_at,
        credits,
        migration: None,
        rotated_from: None,
    }
}

/// Connections first, then the key itself, then its limits
/// (docs/contract/v2.md#audit-events).
pub(super) fn audit(
    group: &mut Group,
    (id, name): (&KeyId, Option<&str>),
    api: &Api,
    (roles, direct): (&[Role], &[Permission]),
    limits: &LimitsChange,
) {
    let key = || Audited::new("key", id.as_str(), name);
    for permission in direct {
        group.push(
            Event::ConnectPermissionKey,
            format!("Added permission {} to key {id}", permission.slug),
            vec![key(), permission.audit_target()],
        );
    }
    for role in roles {
        group.push(
            Event::ConnectRoleKey,
            format!("Added role {} to key {id}", role.name),
            vec![key(), role.audit_target()],
        );
    }
    group.push(Event::KeyCreate, format!("Created key {id}"), vec![key(), api.audit_target()]);
    limits.audit(group, &format!("key {id}"), key);
}
