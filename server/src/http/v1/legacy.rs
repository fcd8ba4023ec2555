//! Routes older than v1's names for them, which listed clients still call
//! (docs/contract/v1.md#older-routes). They ask for the same rights as the
//! newer ones.

use std::sync::Arc;

use base::ids::ApiId;
use poem::http::{Method, StatusCode};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_schema::serde_schema;

use super::apis::{no_api, read as read_api};
use super::errors::Tell;
use super::keys::{CreateKeyOut, delete, given};
use super::keys_update::update;
use super::operation::{Access, Input, Operation, Reply, get, operation, post};
use super::shared::{KeyOut, RatelimitType, default_limit_of_pages, new_limits};
use super::verify::{CodeName, VerifyLimitOut, balance, decide, decisive_limit, owner, told};
use crate::app::App;
use crate::http::contract::borrowed::{As, Str};
use crate::http::openapi::{Output, Schema};
use crate::http::schema::AnyObject;
use base::access::OpCtx;
use base::error::{Code, Result};
use base::secret::PlainKey;
use domain::keys::{CreateKey, DefaultLimit, ListKeysByOffset, NewCredits};
use domain::verification::{Outcome, Rules, Verification, VerifyKey};

pub fn operations() -> Vec<Operation> {
    let all = [
        post("/v1/keys", "Create a key", create_key),
        post("/v1/keys/verify", "Verify a key", verify).access(Access::Key).also(StatusCode::NOT_FOUND),
        operation(Method::PUT, "/v1/keys/{keyId}", "Change a key", update),
        operation(Method::DELETE, "/v1/keys/{keyId}", "Delete a key", delete),
        get("/v1/apis/{apiId}", "Get an API", read_api),
        get("/v1/apis/{apiId}/keys", "List the keys of an API", list_keys),
    ];
    all.into_iter().map(Operation::deprecated).collect()
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyKeyBody {
    api_id: String,
    #[oai(validator(max_length = 8))]
    prefix: Option<String>,
    name: Option<String>,
    /// Random bytes in the key.
    #[oai(validator(minimum(value = "16"), maximum(value = "255")))]
    byte_length: Option<i64>,
    /// Stored, without an identity.
    owner_id: Option<String>,
    meta: Option<AnyObject>,
    /// Unix milliseconds; 0 is never.
    expires: Option<i64>,
    remaining: Option<i64>,
    ratelimit: Option<LegacyRatelimitBody>,
}

impl Input for LegacyKeyBody {}

/// `refillRate` is what `limit` is called elsewhere; the window is the interval.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "LegacyRatelimit")]
#[serde(rename_all = "camelCase")]
pub struct LegacyRatelimitBody {
    #[serde(rename = "type", default = "fast")]
    kind: RatelimitType,
    #[oai(validator(minimum(value = "1")))]
    limit: i64,
    #[oai(validator(minimum(value = "1")))]
    refill_rate: i64,
    /// Milliseconds.
    #[oai(validator(minimum(value = "1")))]
    refill_interval: i64,
}

fn fast() -> RatelimitType {
    RatelimitType::Fast
}

async fn create_key(app: Arc<App>, cx: OpCtx, body: LegacyKeyBody) -> Result<Reply<CreateKeyOut>> {
    let api_id = body.api_id;
    let default_limit = body.ratelimit.map(|limit| DefaultLimit {
        limit: limit.limit,
        duration_ms: Some(limit.refill_interval),
        is_async: limit.kind == RatelimitType::Fast,
    });
    let credits = body.remaining.map(|remaining| NewCredits { remaining: Some(remaining), refill: None });
    let command = CreateKey {
        prefix: given(body.prefix),
        name: given(body.name),
        byte_length: body.byte_length,
        owner_id: given(body.owner_id),
        meta: body.meta.map(|meta| meta.0).unwrap_or_default(),
        expires_at: body.expires.filter(|expires| *expires != 0),
        credits,
        limits: new_limits(default_limit, Vec::new())?,
        ..CreateKey::new(ApiId::from(api_id.as_str()))
    };
    let created = app.keys.create(&cx, command).await;
    let created = created.telling(Code::ApiNotFound, || no_api(&api_id))?;
    Ok(CreateKeyOut::from(created).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyVerifyBody {
    api_id: Option<String>,
    #[oai(validator(min_length = 1))]
    key: String,
}

impl Input for LegacyVerifyBody {
    const IS_SAMPLED: bool = true;
}

async fn verify(app: Arc<App>, cx: OpCtx, body: LegacyVerifyBody) -> Result<Reply<LegacyVerified>> {
    let request = VerifyKey {
        api: given(body.api_id).map(ApiId::from),
        ..VerifyKey::new(PlainKey::new(body.key), Rules::V1)
    };
    let verification = decide(&app, &cx, request).await?;
    let is_absent = matches!(verification.outcome, Outcome::NotFound | Outcome::Expired);
    let status = is_absent.then_some(StatusCode::NOT_FOUND);
    let told = told(&verification);
    Ok(Reply { status, ..told.with(LegacyVerified(verification)) })
}

/// Facts of a key that may be used, or why it may not.
#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyVerifyOut<'k> {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<As<&'k RawValue, AnyObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    /// Why a key is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<As<&'k str, CodeName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratelimit: Option<VerifyLimitOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
}

impl<'k> From<&'k Verification> for LegacyVerifyOut<'k> {
    fn from(verification: &'k Verification) -> Self {
        let outcome = verification.outcome;
        let key = verification.key.as_deref().filter(|_| outcome == Outcome::Valid);
        Self {
            valid: outcome == Outcome::Valid,
            key_id: key.map(|key| key.facts.key.as_str().into()),
            owner_id: key.and_then(owner).map(Str::from),
            meta: key.and_then(|key| key.meta.as_deref()).map(As::from),
            expires: key.and_then(|key| key.expires_at),
            code: key.is_none().then(|| outcome.as_str().into()),
            ratelimit: decisive_limit(verification),
            remaining: balance(verification),
        }
    }
}

/// A verification, written as a [`LegacyVerifyOut`] when the answer is.
struct LegacyVerified(Verification);

impl Output for LegacyVerified {
    const SCHEMA: Schema = Schema::of::<LegacyVerifyOut<'static>>();
}

impl Serialize for LegacyVerified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LegacyVerifyOut::from(&self.0).serialize(serializer)
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyListQuery {
    #[oai(validator(min_length = 1))]
    api_id: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit_of_pages")]
    limit: i64,
    #[oai(validator(minimum(value = "0")))]
    #[serde(default)]
    offset: i64,
    #[oai(validator(min_length = 1))]
    owner_id: Option<String>,
}

impl Input for LegacyListQuery {}

#[serde_schema]
#[derive(Serialize)]
pub struct LegacyKeysOut {
    keys: Vec<KeyOut>,
    /// Id of the last key; pages are asked for by offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    total: u64,
}

async fn list_keys(app: Arc<App>, cx: OpCtx, query: LegacyListQuery) -> Result<Reply<LegacyKeysOut>> {
    let api_id = ApiId::from(query.api_id.as_str());
    let command = ListKeysByOffset {
        api_id: api_id.clone(),
        limit: query.limit.unsigned_abs(),
        offset: query.offset.unsigned_abs(),
        owner_id: query.owner_id,
    };
    let keys = app.keys.list_by_offset(&cx, command).await;
    let keys = keys.telling(Code::ApiNotFound, || no_api(&query.api_id))?;
    let cursor = keys.last().map(|details| details.key.id.to_string());
    let total = app.keys.count(&cx, &api_id).await?;
    Ok(LegacyKeysOut { keys: keys.into_iter().map(KeyOut::from).collect(), cursor, total }.into())
}
