//! v2 `portal.*`: sessions, and what their end users do
//! (docs/contract/v2.md#portals).

use std::sync::Arc;

use base::ids::KeyId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_schema::serde_schema;

use super::keys::CreateKeyOut;
use super::keys_reroll::RerollKeyBody;
use super::operation::{Operation, Reply, checked};
use super::shared::{KeyOut, default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::PortalIdOrSlug;
use crate::http::contract::revealed::Revealed;
use crate::http::offered::Effect;
use crate::http::openapi::Access;
use base::access::{OpCtx, Operation as Right, Scope};
use base::error::Result;
use domain::portals::CreateSession;
use insight::analytics::{Bucket, Series};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/portal.createSession", "Open a portal session", Effect::Writes, create_session)
            .needs(Right::PortalCreateSession)
            .idempotent()
            .no_store(),
        checked(
            "/v2/portal.exchangeCode",
            "Exchange the code of a portal session for its token",
            Effect::Writes,
            exchange,
        )
        .access(Access::Public)
        .no_store(),
        checked("/v2/portal.listKeys", "List the end user's keys", Effect::Reads, list_keys)
            .access(Access::PortalSession)
            .paged(),
        checked("/v2/portal.rerollKey", "Replace one of the end user's keys", Effect::Destroys, reroll)
            .access(Access::PortalSession),
        checked(
            "/v2/portal.getVerifications",
            "Count the verifications of the end user's keys over time",
            Effect::Reads,
            verifications,
        )
        .access(Access::PortalSession)
        .beside_data(series_schemas),
    ]
}

#[serde_schema]
#[derive(Clone, Copy, Deserialize)]
#[oai(rename = "PortalScope")]
pub enum ScopeName {
    #[serde(rename = "keys:read")]
    KeysRead,
    /// Of older clients; nothing can be created in a portal.
    #[serde(rename = "keys:create")]
    KeysCreate,
    #[serde(rename = "keys:reroll")]
    KeysReroll,
    #[serde(rename = "analytics:read")]
    AnalyticsRead,
}

impl ScopeName {
    /// Creating keys was never offered to end users: the scope gives nothing.
    fn scope(self) -> Option<Scope> {
        match self {
            ScopeName::KeysRead => Some(Scope::KeysRead),
            ScopeName::KeysCreate => None,
            ScopeName::KeysReroll => Some(Scope::KeysReroll),
            ScopeName::AnalyticsRead => Some(Scope::AnalyticsRead),
        }
    }
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSessionBody {
    /// Id or slug.
    portal: PortalIdOrSlug,
    #[oai(validator(min_length = 1, max_length = 256))]
    external_id: String,
    #[oai(validator(min_items = 1))]
    scopes: Vec<ScopeName>,
    /// Accepted from older clients and ignored.
    #[serde(default, rename = "preview")]
    preview: bool,
    #[oai(validator(max_length = 500))]
    return_url: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
pub struct SessionOut {
    id: String,
    /// Where to send the end user; works once, for 15 minutes.
    url: Revealed,
}

async fn create_session(app: Arc<App>, cx: OpCtx, body: CreateSessionBody) -> Result<Reply<SessionOut>> {
    let mut scopes: Vec<Scope> = Vec::new();
    for scope in body.scopes.into_iter().filter_map(ScopeName::scope) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let command = CreateSession {
        portal: body.portal.into_string(),
        external_id: body.external_id,
        scopes,
        return_url: body.return_url,
    };
    let opened = app.portals.create_session(&cx, command).await?;
    let url = Revealed::within(&opened.code, |code| format!("{}/portal/?code={code}", app.origin()));
    Ok(SessionOut { id: opened.id.into_string(), url }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ExchangeBody {
    #[oai(validator(min_length = 1))]
    code: String,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenOut {
    access_token: Revealed,
    /// Unix milliseconds.
    expires_at: i64,
}

async fn exchange(app: Arc<App>, cx: OpCtx, body: ExchangeBody) -> Result<Reply<TokenOut>> {
    let redeemed = app.portals.redeem(&cx, &body.code).await?;
    let access_token = Revealed::of(&redeemed.token);
    Ok(TokenOut { access_token, expires_at: redeemed.expires_at }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListOwnKeysBody {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
}

async fn list_keys(app: Arc<App>, cx: OpCtx, body: ListOwnKeysBody) -> Result<Reply<Vec<KeyOut>>> {
    let keys = app.portals.own_keys(&cx, page(body.limit, body.cursor)).await?;
    Ok(Reply::page(keys.map(KeyOut::from)))
}

async fn reroll(app: Arc<App>, cx: OpCtx, body: RerollKeyBody) -> Result<Reply<CreateKeyOut>> {
    Ok(CreateKeyOut::from(app.portals.reroll_own(&cx, body.into()).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnVerificationsBody {
    /// Unix milliseconds, inclusive.
    start_time: i64,
    /// Unix milliseconds, exclusive.
    end_time: i64,
    key_id: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "PortalVerifications")]
#[serde(rename_all = "camelCase")]
pub struct PointOut {
    /// Start of the bucket, Unix milliseconds.
    time: i64,
    total: i64,
    valid: i64,
    rate_limited: i64,
    insufficient_permissions: i64,
    forbidden: i64,
    disabled: i64,
    expired: i64,
    usage_exceeded: i64,
}

impl From<Bucket> for PointOut {
    fn from(bucket: Bucket) -> Self {
        let counts = bucket.counts;
        Self {
            time: bucket.time_ms,
            total: counts.total(),
            valid: counts.valid,
            rate_limited: counts.rate_limited,
            insufficient_permissions: counts.insufficient_permissions,
            forbidden: counts.forbidden,
            disabled: counts.disabled,
            expired: counts.expired,
            usage_exceeded: counts.usage_exceeded,
        }
    }
}

fn points(buckets: Vec<Bucket>) -> Vec<PointOut> {
    buckets.into_iter().map(PointOut::from).collect()
}

/// The sum under `data` for older clients, a series per key for newer ones.
async fn verifications(app: Arc<App>, cx: OpCtx, body: OwnVerificationsBody) -> Result<Reply<Vec<PointOut>>> {
    let key = body.key_id.map(KeyId::from);
    let Series { bucket_ms, total, keys } =
        app.portals.own_series(&cx, key, body.start_time, body.end_time).await?;
    let keys: Vec<Value> =
        keys.into_iter().map(|key| json!({ "keyId": key.key, "data": points(key.buckets) })).collect();
    let mut beside = Map::new();
    beside.insert("bucketMillis".to_owned(), bucket_ms.into());
    beside.insert("keys".to_owned(), keys.into());
    Ok(Reply::from(points(total)).beside(beside))
}

fn series_schemas() -> Value {
    let points = json!({ "type": "array", "items": { "$ref": "#/components/schemas/PortalVerifications" } });
    json!({
        "bucketMillis": { "type": "integer" },
        "keys": { "type": "array", "items": {
            "type": "object", "required": ["keyId", "data"],
            "properties": { "keyId": { "type": "string" }, "data": points },
        } },
    })
}
