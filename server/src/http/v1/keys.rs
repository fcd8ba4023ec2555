//! v1 `keys.*`: making, reading and deleting keys (docs/contract/v1.md#keys).

use std::sync::Arc;

use base::ids::{ApiId, KeyId};
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::operation::{Input, Operation, Reply, get, post};
use super::shared::{
    Empty, KeyOut, NewLimitBody, RatelimitBody, RefillBody, decrypting, default_true, new_limits, some_meta,
};
use crate::app::App;
use crate::http::contract::revealed::Revealed;
use crate::http::schema::{AnyObject, Nullable};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::keys::{
    CreateKey, CreatedKey, CreditOperation, DefaultLimit, DeleteKey, GetKey, NewCredits, UpdateCredits,
};
use domain::permissions::OnMissing;

/// What the contract says of a refill without a balance, and of a day on a
/// daily one.
const REFILL_NEEDS_REMAINING: &str = "remaining must be set if you are using refill.";
const DAILY_HAS_NO_DAY: &str = "when interval is set to 'daily', 'refillDay' must be null.";

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/keys.createKey", "Create a key", create),
        get("/v1/keys.getKey", "Get a key by its id", read),
        post("/v1/keys.whoami", "Get a key by its secret", whoami),
        post("/v1/keys.deleteKey", "Delete a key", delete),
        post("/v1/keys.updateRemaining", "Set, add or take credits", update_remaining),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeyBody {
    pub api_id: String,
    #[oai(validator(max_length = 16))]
    pub prefix: Option<String>,
    pub name: Option<String>,
    /// Random bytes in the key; the API's default, else 16.
    #[oai(validator(minimum(value = "16"), maximum(value = "255")))]
    pub byte_length: Option<i64>,
    /// The older name of `externalId`.
    #[oai(deprecated)]
    pub owner_id: Option<String>,
    pub external_id: Option<String>,
    pub meta: Option<AnyObject>,
    /// Names; unknown ones are created if the caller may create roles.
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    pub roles: Vec<String>,
    /// Slugs; unknown ones are created if the caller may create permissions.
    #[oai(validator(min_length = 1, max_length = 512))]
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Unix milliseconds; 0 is never.
    pub expires: Option<i64>,
    pub remaining: Option<i64>,
    pub refill: Option<RefillBody>,
    pub ratelimit: Option<RatelimitBody>,
    /// Named limits, as in v2.
    #[serde(default)]
    pub ratelimits: Vec<NewLimitBody>,
    #[serde(default = "default_true")]
    pub enabled: bool,
    /// Keep the plaintext encrypted, so that it can be read again.
    #[serde(default)]
    pub recoverable: bool,
    #[oai(validator(max_length = 256))]
    pub environment: Option<String>,
}

impl Input for CreateKeyBody {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeyOut {
    key_id: String,
    /// The key itself. This is the only time it is shown.
    key: Revealed,
}

impl From<CreatedKey> for CreateKeyOut {
    fn from(created: CreatedKey) -> Self {
        Self { key_id: created.id.into_string(), key: Revealed::of(&created.plaintext) }
    }
}

/// Text that was given and is not empty.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The balance a key begins with.
pub fn new_credits(remaining: Option<i64>, refill: Option<RefillBody>) -> Result<Option<NewCredits>> {
    if remaining == Some(0) {
        return Err(Error::invalid("remaining must be greater than 0."));
    }
    if remaining.is_none() && refill.is_some() {
        return Err(Error::invalid(REFILL_NEEDS_REMAINING));
    }
    let refill = refill.map(|refill| refill.refill(DAILY_HAS_NO_DAY)).transpose()?;
    Ok(remaining.map(|remaining| NewCredits { remaining: Some(remaining), refill }))
}

pub async fn create(app: Arc<App>, cx: OpCtx, body: CreateKeyBody) -> Result<Reply<CreateKeyOut>> {
    let api_id = body.api_id.clone();
    let created = app
        .keys
        .create(&cx, body.command()?)
        .await
        .telling(Code::ApiNotFound, || format!("api {api_id} not found"))
        .telling(Code::PreconditionFailed, || format!("api {api_id} does not support recoverable keys"))?;
    Ok(CreateKeyOut::from(created).into())
}

impl CreateKeyBody {
    fn command(self) -> Result<CreateKey> {
        let external_id = given(self.external_id.or(self.owner_id));
        Ok(CreateKey {
            prefix: given(self.prefix),
            name: given(self.name),
            byte_length: self.byte_length,
            owner_id: external_id.clone(),
            external_id,
            meta: self.meta.map(|meta| meta.0).unwrap_or_default(),
            roles: self.roles,
            on_missing_roles: OnMissing::MakeIfPermitted,
            permissions: self.permissions,
            on_missing_permissions: OnMissing::MakeIfPermitted,
            expires_at: self.expires.filter(|expires| *expires != 0),
            credits: new_credits(self.remaining, self.refill)?,
            limits: new_limits(self.ratelimit.map(DefaultLimit::from), self.ratelimits)?,
            enabled: self.enabled,
            recoverable: self.recoverable,
            environment: given(self.environment),
            ..CreateKey::new(ApiId::from(self.api_id))
        })
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetKeyQuery {
    #[oai(validator(min_length = 1))]
    key_id: String,
    #[serde(default)]
    decrypt: bool,
}

impl Input for GetKeyQuery {}

async fn read(app: Arc<App>, cx: OpCtx, query: GetKeyQuery) -> Result<Reply<KeyOut>> {
    let key_id = KeyId::from(query.key_id.as_str());
    let command = GetKey { key_id, decrypt: decrypting(query.decrypt) };
    let key = app.keys.get(&cx, command).await.telling(Code::KeyNotFound, || no_key(&query.key_id))?;
    Ok(KeyOut::alone(key).into())
}

pub fn no_key(id: &str) -> String {
    format!("key {id} not found")
}

#[serde_schema]
#[derive(Deserialize)]
pub struct WhoamiBody {
    #[oai(validator(min_length = 1))]
    key: String,
}

impl Input for WhoamiBody {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiOut {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<WhoamiIdentity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<AnyObject>,
    created_at: i64,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiIdentity {
    id: String,
    external_id: String,
}

async fn whoami(app: Arc<App>, cx: OpCtx, body: WhoamiBody) -> Result<Reply<WhoamiOut>> {
    let details = app
        .keys
        .whoami(&cx, &PlainKey::new(body.key))
        .await
        .telling(Code::KeyNotFound, || "Key not found".to_owned())?;
    let key = details.key;
    let identity = details
        .identity
        .map(|identity| WhoamiIdentity { id: identity.id.into_string(), external_id: identity.external_id });
    let out = WhoamiOut {
        id: key.id.into_string(),
        name: key.name,
        remaining: key.credits.remaining,
        identity,
        meta: some_meta(key.meta),
        created_at: key.created_at,
        enabled: key.enabled,
        environment: key.environment,
    };
    Ok(out.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteKeyBody {
    #[oai(validator(min_length = 1))]
    pub key_id: String,
    /// Remove the row too, so that the same key can be imported again.
    #[serde(default)]
    pub permanent: bool,
}

impl Input for DeleteKeyBody {}

pub async fn delete(app: Arc<App>, cx: OpCtx, body: DeleteKeyBody) -> Result<Reply<Empty>> {
    let command = DeleteKey { key_id: KeyId::from(body.key_id.as_str()), permanent: body.permanent };
    app.keys.delete(&cx, command).await.telling(Code::KeyNotFound, || no_key(&body.key_id))?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[oai(rename = "RemainingOperation")]
#[serde(rename_all = "lowercase")]
pub enum OperationName {
    Increment,
    Decrement,
    Set,
}

impl OperationName {
    fn verb(self) -> &'static str {
        match self {
            OperationName::Increment => "increment",
            OperationName::Decrement => "decrement",
            OperationName::Set => "set",
        }
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRemainingBody {
    key_id: String,
    op: OperationName,
    /// `null` is unlimited.
    value: Nullable<i64>,
}

impl Input for UpdateRemainingBody {}

#[serde_schema]
#[derive(Serialize)]
pub struct RemainingOut {
    remaining: Nullable<i64>,
}

async fn update_remaining(
    app: Arc<App>,
    cx: OpCtx,
    body: UpdateRemainingBody,
) -> Result<Reply<RemainingOut>> {
    let UpdateRemainingBody { key_id, op, value: Nullable(value) } = body;
    let verb = op.verb();
    let (operation, value) = match (op, value) {
        // Unlimited; the refill stays as it is.
        (OperationName::Set, None) => (CreditOperation::Set, None),
        (OperationName::Set, Some(value)) => (CreditOperation::Set, Some(Some(value))),
        (_, None) => return Err(Error::invalid(format!("cannot {verb} a key by null."))),
        (OperationName::Increment, Some(value)) => (CreditOperation::Increment, Some(Some(value))),
        (OperationName::Decrement, Some(value)) => (CreditOperation::Decrement, Some(Some(value))),
    };
    let command = UpdateCredits { key_id: KeyId::from(key_id.as_str()), operation, value };
    let credits = app.keys.update_credits(&cx, command).await;
    let credits = credits.telling(Code::KeyNotFound, || no_key(&key_id))?;
    Ok(RemainingOut { remaining: Nullable(credits.remaining) }.into())
}
