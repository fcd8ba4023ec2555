//! v2 `keys.*`, verification excepted (docs/contract/v2.md#keys).

use std::sync::Arc;

use base::ids::{ApiId, KeyId};
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{
    CreditsBody, Empty, KeyOut, LimitBody, RefillBody, decrypting, default_true, new_limits,
};
use crate::app::App;
use crate::http::contract::bounded::{ExternalId, IdText, PermissionSlug, Text, Word, strings};
use crate::http::contract::revealed::Revealed;
use crate::http::offered::Effect;
use crate::http::schema::{self, Meta};
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use base::patch::Patch;
use base::secret::PlainKey;
use domain::keys::{
    CreateKey, CreatedKey, CreditOperation, CreditsPatch, DeleteKey, GetKey, NewCredits, Refill,
    UpdateCredits, UpdateKey,
};
use domain::permissions::{OnMissing, Reference};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/keys.createKey", "Create a key", Effect::Writes, create)
            .needs(Right::KeyCreate)
            .makes_key()
            .idempotent(),
        checked("/v2/keys.getKey", "Get a key by its id", Effect::Reads, get).needs(Right::KeyRead),
        checked("/v2/keys.whoami", "Get a key by its secret", Effect::Reads, whoami).needs(Right::KeyWhoami),
        checked("/v2/keys.updateKey", "Change a key", Effect::Destroys, update).needs(Right::KeyUpdate),
        checked("/v2/keys.updateCredits", "Set, add or take credits", Effect::Destroys, update_credits)
            .needs(Right::KeyUpdate),
        checked("/v2/keys.deleteKey", "Delete a key", Effect::Destroys, delete).needs(Right::KeyDelete),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeyBody {
    api_id: IdText,
    prefix: Option<Text<1, 16, Word>>,
    #[oai(validator(min_length = 1, max_length = 255))]
    name: Option<String>,
    /// Random bytes in the key; the API's default, else 16.
    #[oai(validator(minimum(value = "16"), maximum(value = "255")))]
    byte_length: Option<i64>,
    external_id: Option<ExternalId>,
    meta: Option<Meta>,
    #[oai(validator(max_items = 100, min_length = 1, max_length = 128))]
    #[serde(default)]
    roles: Vec<String>,
    #[oai(validator(max_items = 1000))]
    #[serde(default)]
    permissions: Vec<PermissionSlug>,
    /// Unix milliseconds; a past time makes a key that has already expired.
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    expires: Option<i64>,
    credits: Option<CreditsBody>,
    #[oai(validator(max_items = 50))]
    #[serde(default)]
    ratelimits: Vec<LimitBody>,
    #[serde(default = "default_true")]
    enabled: bool,
    /// Keep the plaintext encrypted, so that it can be read again.
    #[serde(default)]
    recoverable: bool,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeyOut {
    pub key_id: String,
    /// The key itself. This is the only time it is shown.
    pub key: Revealed,
}

impl From<CreatedKey> for CreateKeyOut {
    fn from(created: CreatedKey) -> Self {
        Self { key_id: created.id.into_string(), key: Revealed::of(&created.plaintext) }
    }
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateKeyBody) -> Result<Reply<CreateKeyOut>> {
    let command = CreateKey {
        prefix: body.prefix.map(String::from),
        name: body.name,
        byte_length: body.byte_length,
        external_id: body.external_id.map(String::from),
        meta: body.meta.map(|meta| meta.0).unwrap_or_default(),
        roles: body.roles,
        permissions: strings(body.permissions),
        expires_at: body.expires,
        credits: body.credits.map(NewCredits::from),
        limits: new_limits(body.ratelimits),
        enabled: body.enabled,
        recoverable: body.recoverable,
        ..CreateKey::new(ApiId::from(body.api_id.into_string()))
    };
    Ok(CreateKeyOut::from(app.keys.create(&cx, command).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetKeyBody {
    key_id: IdText,
    #[serde(default)]
    decrypt: bool,
}

async fn get(app: Arc<App>, cx: OpCtx, body: GetKeyBody) -> Result<Reply<KeyOut>> {
    let command =
        GetKey { key_id: KeyId::from(body.key_id.into_string()), decrypt: decrypting(body.decrypt) };
    let key = app.keys.get(&cx, command).await?;
    Ok(KeyOut::from(key).into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct WhoamiBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    key: String,
}

async fn whoami(app: Arc<App>, cx: OpCtx, body: WhoamiBody) -> Result<Reply<KeyOut>> {
    let key = app.keys.whoami(&cx, &PlainKey::new(body.key)).await?;
    Ok(KeyOut::from(key).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateKeyBody {
    key_id: IdText,
    #[oai(validator(min_length = 1, max_length = 255))]
    #[serde(default)]
    name: schema::Patch<String>,
    #[serde(default)]
    external_id: schema::Patch<ExternalId>,
    #[serde(default)]
    meta: schema::Patch<Meta>,
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    #[serde(default)]
    expires: schema::Patch<i64>,
    enabled: Option<bool>,
    #[serde(default)]
    credits: schema::Patch<UpdateKeyCreditsBody>,
    /// `null` removes all of them.
    #[oai(validator(max_items = 50))]
    #[serde(default)]
    ratelimits: schema::Patch<Vec<LimitBody>>,
    #[oai(validator(max_items = 1000))]
    permissions: Option<Vec<PermissionSlug>>,
    #[oai(validator(max_items = 100, min_length = 1, max_length = 128))]
    roles: Option<Vec<String>>,
}

#[serde_schema]
#[derive(Deserialize)]
pub struct UpdateKeyCreditsBody {
    /// `null` is unlimited and clears the refill.
    #[oai(validator(minimum(value = "0")))]
    #[serde(default)]
    remaining: schema::Patch<i64>,
    #[serde(default)]
    refill: schema::Patch<RefillBody>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateKeyBody) -> Result<Reply<Empty>> {
    let credits = body.credits.0.map(|credits| CreditsPatch {
        remaining: credits.remaining.0,
        refill: credits.refill.0.map(Refill::from),
    });
    let command = UpdateKey {
        name: body.name.0,
        external_id: body.external_id.0.map(String::from),
        meta: body.meta.0.map(|meta| meta.0),
        expires_at: body.expires.0,
        enabled: body.enabled,
        credits,
        limits: match body.ratelimits.0 {
            Patch::Keep => None,
            Patch::Clear => Some(Vec::new()),
            Patch::Set(limits) => Some(new_limits(limits)),
        },
        permissions: body.permissions.map(|slugs| Reference::named(strings(slugs), OnMissing::Make)),
        roles: body.roles.map(|names| Reference::named(names, OnMissing::Refuse)),
        ..UpdateKey::new(KeyId::from(body.key_id.into_string()))
    };
    app.keys.update(&cx, command).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Clone, Copy, Deserialize)]
#[oai(rename = "CreditsOperation")]
#[serde(rename_all = "lowercase")]
pub enum OperationName {
    Set,
    Increment,
    Decrement,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCreditsBody {
    #[oai(validator(min_length = 3))]
    key_id: String,
    operation: OperationName,
    #[oai(validator(minimum(value = "0")))]
    #[serde(default)]
    value: schema::Patch<i64>,
}

async fn update_credits(app: Arc<App>, cx: OpCtx, body: UpdateCreditsBody) -> Result<Reply<CreditsBody>> {
    let operation = match body.operation {
        OperationName::Set => CreditOperation::Set,
        OperationName::Increment => CreditOperation::Increment,
        OperationName::Decrement => CreditOperation::Decrement,
    };
    let value = match body.value.0 {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(value) => Some(Some(value)),
    };
    let command = UpdateCredits { key_id: KeyId::from(body.key_id), operation, value };
    Ok(CreditsBody::from(app.keys.update_credits(&cx, command).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteKeyBody {
    key_id: IdText,
    /// Remove the row too, so that the same key can be imported again.
    #[serde(default)]
    permanent: bool,
}

async fn delete(app: Arc<App>, cx: OpCtx, body: DeleteKeyBody) -> Result<Reply<Empty>> {
    app.keys
        .delete(&cx, DeleteKey { key_id: KeyId::from(body.key_id.into_string()), permanent: body.permanent })
        .await?;
    Ok(Empty {}.into())
}
