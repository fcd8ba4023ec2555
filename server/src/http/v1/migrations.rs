//! v1 `migrations.*`: keys of other systems
//! (docs/contract/v1.md#importing-keys).

use std::sync::Arc;

use base::ids::{ApiId, MigrationId};
use poem::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::apis::no_api;
use super::errors::Tell;
use super::input::Input;
use super::keys::{given, new_credits};
use super::operation::{Operation, Reply, post};
use super::shared::{
    Empty, NewLimitBody, RatelimitBody, RatelimitType, RefillBody, default_true, is_async, new_limits,
};
use crate::app::App;
use crate::http::contract::bounded::UpTo;
use crate::http::schema::AnyObject;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::keys::{DefaultLimit, ImportKey, ImportedSecret};

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/migrations.createKeys", "Import keys, all or none", create_keys),
        post("/v1/migrations.enqueueKeys", "Import keys, each by itself", enqueue_keys)
            .status(StatusCode::ACCEPTED),
    ]
}

#[serde_schema]
#[derive(Clone, Copy, Deserialize)]
#[oai(rename = "HashVariant")]
#[serde(rename_all = "snake_case")]
pub enum HashVariant {
    Sha256Base64,
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "KeyHash")]
pub struct HashBody {
    value: String,
    variant: HashVariant,
}

/// A key to import; either its plaintext or its hash must be there, and the
/// plaintext wins.
#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportKeyBody {
    api_id: String,
    /// Accepted and ignored: the key is made already.
    #[oai(validator(max_length = 8))]
    prefix: Option<String>,
    name: Option<String>,
    plaintext: Option<String>,
    hash: Option<HashBody>,
    /// What to show of the key; else the first four characters of the plaintext.
    start: Option<String>,
    /// Stored, without an identity.
    #[oai(deprecated)]
    owner_id: Option<String>,
    external_id: Option<String>,
    meta: Option<AnyObject>,
    /// Names; each must exist.
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    roles: Vec<String>,
    /// Slugs; each must exist.
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    permissions: Vec<String>,
    /// Unix milliseconds; 0 is never.
    expires: Option<i64>,
    #[oai(validator(minimum(value = "1")))]
    remaining: Option<i64>,
    refill: Option<RefillBody>,
    ratelimit: Option<ImportRatelimitBody>,
    /// Named limits, as in v2.
    #[serde(default)]
    ratelimits: Vec<NewLimitBody>,
    #[serde(default = "default_true")]
    enabled: bool,
    #[oai(validator(max_length = 256))]
    environment: Option<String>,
}

/// The limit of a key in its older spelling.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "ImportRatelimit")]
#[serde(rename_all = "camelCase")]
pub struct ImportRatelimitBody {
    #[serde(rename = "async")]
    is_async: Option<bool>,
    #[oai(deprecated)]
    #[serde(rename = "type", default = "fast")]
    kind: RatelimitType,
    #[oai(validator(minimum(value = "1")))]
    limit: i64,
    #[oai(deprecated, validator(minimum(value = "1")))]
    refill_rate: i64,
    #[oai(deprecated, validator(minimum(value = "1")))]
    refill_interval: i64,
}

fn fast() -> RatelimitType {
    RatelimitType::Fast
}

impl From<ImportRatelimitBody> for DefaultLimit {
    fn from(body: ImportRatelimitBody) -> Self {
        let is_async = is_async(body.is_async, Some(body.kind));
        Self { limit: body.limit, duration_ms: Some(body.refill_interval), is_async }
    }
}

fn secret(plaintext: Option<String>, hash: Option<HashBody>, neither: &str) -> Result<ImportedSecret> {
    let plaintext = given(plaintext).map(|text| ImportedSecret::Plain(PlainKey::new(text)));
    let HashVariant::Sha256Base64 = hash.as_ref().map_or(HashVariant::Sha256Base64, |hash| hash.variant);
    plaintext.or(hash.map(|hash| ImportedSecret::Hash(hash.value))).ok_or_else(|| Error::invalid(neither))
}

impl ImportKeyBody {
    fn into_command(self) -> Result<ImportKey> {
        Ok(ImportKey {
            api_id: ApiId::from(self.api_id),
            secret: secret(self.plaintext, self.hash, "provide either `hash` or `plaintext`")?,
            start: self.start,
            name: given(self.name),
            external_id: given(self.external_id),
            owner_id: given(self.owner_id),
            meta: self.meta.map(|meta| meta.0).unwrap_or_default(),
            environment: given(self.environment),
            roles: self.roles,
            permissions: self.permissions,
            expires_at: self.expires.filter(|expires| *expires != 0),
            credits: new_credits(self.remaining, self.refill)?,
            limits: new_limits(self.ratelimit.map(DefaultLimit::from), self.ratelimits)?,
            enabled: self.enabled,
        })
    }
}

impl Input for UpTo<ImportKeyBody, 100> {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyIdsOut {
    key_ids: Vec<String>,
}

async fn create_keys(app: Arc<App>, cx: OpCtx, bodies: UpTo<ImportKeyBody, 100>) -> Result<Reply<KeyIdsOut>> {
    let apis: Vec<String> = bodies.iter().map(|body| body.api_id.clone()).collect();
    let keys = bodies.into_iter().map(ImportKeyBody::into_command).collect::<Result<Vec<_>>>()?;
    let ids = app.keys.import(&cx, keys).await;
    let ids = ids.telling(Code::ApiNotFound, || no_api(&apis.join(" or ")))?;
    Ok(KeyIdsOut { key_ids: ids.into_iter().map(|id| id.into_string()).collect() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnqueueKeysBody {
    /// As `unkey migration create` prints it.
    migration_id: String,
    api_id: String,
    #[oai(validator(max_items = 100))]
    keys: Vec<EnqueuedKeyBody>,
}

impl Input for EnqueueKeysBody {}

/// As on direct import, but for the API, the identity and the newer limit.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "EnqueuedKey")]
#[serde(rename_all = "camelCase")]
pub struct EnqueuedKeyBody {
    /// Accepted and ignored: the key is made already.
    #[oai(validator(max_length = 8))]
    prefix: Option<String>,
    name: Option<String>,
    plaintext: Option<String>,
    hash: Option<HashBody>,
    start: Option<String>,
    owner_id: Option<String>,
    meta: Option<AnyObject>,
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    roles: Vec<String>,
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    permissions: Vec<String>,
    /// Unix milliseconds; 0 is never.
    expires: Option<i64>,
    #[oai(validator(minimum(value = "1")))]
    remaining: Option<i64>,
    refill: Option<RefillBody>,
    ratelimit: Option<RatelimitBody>,
    /// Named limits, as in v2.
    #[serde(default)]
    ratelimits: Vec<NewLimitBody>,
    #[serde(default = "default_true")]
    enabled: bool,
    #[oai(validator(max_length = 256))]
    environment: Option<String>,
}

impl EnqueuedKeyBody {
    fn into_command(self, api_id: &str) -> Result<ImportKey> {
        Ok(ImportKey {
            api_id: ApiId::from(api_id),
            secret: secret(self.plaintext, self.hash, "Either plaintext or hash must be provided")?,
            start: self.start,
            name: given(self.name),
            external_id: None,
            owner_id: given(self.owner_id),
            meta: self.meta.map(|meta| meta.0).unwrap_or_default(),
            environment: given(self.environment),
            roles: self.roles,
            permissions: self.permissions,
            expires_at: self.expires.filter(|expires| *expires != 0),
            credits: new_credits(self.remaining, self.refill)?,
            limits: new_limits(self.ratelimit.map(DefaultLimit::from), self.ratelimits)?,
            enabled: self.enabled,
        })
    }
}

/// There is no queue: what was accepted is stored when it is answered. A key
/// that cannot be imported is left out and logged, as its contract has it.
async fn enqueue_keys(app: Arc<App>, cx: OpCtx, body: EnqueueKeysBody) -> Result<Reply<Empty>> {
    let EnqueueKeysBody { migration_id, api_id, keys } = body;
    let keys: Result<Vec<_>> = keys.into_iter().map(|key| key.into_command(&api_id)).collect();
    let migration = MigrationId::from(migration_id.as_str());
    let outcomes = app
        .keys
        .import_each(&cx, &migration, keys?)
        .await
        .telling(Code::ApiNotFound, || "api not found".to_owned())
        .telling(Code::MigrationNotFound, || format!("migration {migration_id} not found"))?;
    for (position, outcome) in outcomes.iter().enumerate() {
        if let Err(error) = outcome {
            let reason = error.detail();
            tracing::warn!(migration = %migration, position, reason, "a key was not imported");
        }
    }
    Ok(Empty {}.into())
}
