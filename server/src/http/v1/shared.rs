//! Objects that several v1 operations share (docs/contract/v1.md#keys).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_schema::serde_schema;

use super::input::Input;
use crate::http::contract::limits::{Allowance, IntervalName, Window, new_limit};
use crate::http::contract::revealed::Revealed;
use crate::http::schema::{AnyObject, Nullable};
use base::error::{Error, Result};
use base::store::{Page, Paged};
use domain::identities::Identity;
use domain::keys::{Decrypt, DefaultLimit, KeyDetails, Refill};
use domain::ratelimit::limits::{Limit, NewLimit};

/// No time of the language v1 was written in is further from the epoch.
const FARTHEST_MS: i64 = 8_640_000_000_000_000;

/// A moment that a client names, as near as there is one.
pub fn within_time(time_ms: i64) -> i64 {
    time_ms.clamp(-FARTHEST_MS, FARTHEST_MS)
}

/// The empty object of operations without a result.
#[serde_schema]
#[derive(Default, Serialize)]
pub struct Empty {}

/// The input of operations that ask for nothing.
#[serde_schema]
#[derive(Deserialize)]
pub struct Nothing {}

impl Input for Nothing {}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "Refill")]
#[serde(rename_all = "camelCase")]
pub struct RefillBody {
    pub interval: IntervalName,
    #[oai(validator(minimum(value = "1")))]
    pub amount: i64,
    /// Day of a monthly refill, 1 when left out; the last day of a shorter month.
    #[oai(validator(minimum(value = "1"), maximum(value = "31")))]
    pub refill_day: Option<i64>,
}

impl RefillBody {
    /// `text` is what the contract says of a day on a daily refill.
    pub fn refill(self, text: &str) -> Result<Refill> {
        let day = match (self.interval, self.refill_day) {
            (IntervalName::Daily, None) => None,
            (IntervalName::Daily, Some(_)) => return Err(Error::invalid(text)),
            (IntervalName::Monthly, day) => Some(day.unwrap_or(1)),
        };
        Ok(Refill { interval: self.interval.into(), amount: self.amount, day })
    }
}

// Why: docs/decisions.md#every-decision-is-exact
/// What `type` called the two ways to count; here both are exact.
#[serde_schema]
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "RatelimitType")]
#[serde(rename_all = "lowercase")]
pub enum RatelimitType {
    Fast,
    Consistent,
}

// Why: docs/decisions.md#older-names-of-the-limit-of-v1
/// The one limit of a key, in its newer and its older spelling.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "KeyRatelimit")]
#[serde(rename_all = "camelCase")]
pub struct RatelimitBody {
    #[serde(rename = "async")]
    pub is_async: Option<bool>,
    #[serde(rename = "type")]
    #[oai(deprecated)]
    pub kind: Option<RatelimitType>,
    #[oai(validator(minimum(value = "1")))]
    pub limit: i64,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1000")))]
    pub duration: Option<i64>,
    #[oai(deprecated, validator(minimum(value = "1")))]
    pub refill_rate: Option<i64>,
    #[oai(deprecated, validator(minimum(value = "1")))]
    pub refill_interval: Option<i64>,
}

impl From<RatelimitBody> for DefaultLimit {
    fn from(body: RatelimitBody) -> Self {
        Self {
            limit: body.limit,
            duration_ms: body.duration.or(body.refill_interval),
            is_async: is_async(body.is_async, body.kind),
        }
    }
}

pub fn is_async(given: Option<bool>, kind: Option<RatelimitType>) -> bool {
    given.unwrap_or(kind == Some(RatelimitType::Fast))
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "KeyRatelimitOut")]
#[serde(rename_all = "camelCase")]
pub struct RatelimitOut {
    #[serde(rename = "async")]
    is_async: bool,
    #[serde(rename = "type")]
    kind: RatelimitType,
    limit: i64,
    duration: i64,
    /// The older names of the two above: one client reads only them.
    refill_rate: i64,
    refill_interval: i64,
}

impl From<Limit> for RatelimitOut {
    fn from(limit: Limit) -> Self {
        Self {
            is_async: limit.is_async,
            kind: if limit.is_async { RatelimitType::Fast } else { RatelimitType::Consistent },
            limit: limit.limit,
            duration: limit.duration_ms,
            refill_rate: limit.limit,
            refill_interval: limit.duration_ms,
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "KeyRefill")]
#[serde(rename_all = "camelCase")]
pub struct RefillOut {
    interval: IntervalName,
    amount: i64,
    /// `null` for a daily refill.
    refill_day: Nullable<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refill_at: Option<i64>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "KeyIdentity")]
#[serde(rename_all = "camelCase")]
pub struct KeyIdentityOut {
    id: String,
    external_id: String,
    meta: AnyObject,
}

impl From<Identity> for KeyIdentityOut {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id.into_string(),
            external_id: identity.external_id,
            meta: AnyObject(identity.meta),
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Key")]
#[serde(rename_all = "camelCase")]
pub struct KeyOut {
    id: String,
    start: String,
    workspace_id: String,
    api_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<AnyObject>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refill: Option<RefillOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratelimit: Option<RatelimitOut>,
    roles: Vec<String>,
    permissions: Vec<String>,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<Revealed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<KeyIdentityOut>,
}

impl From<KeyDetails> for KeyOut {
    /// As listKeys shows a key: with the permissions of its roles.
    fn from(details: KeyDetails) -> Self {
        let key = details.key;
        let owner_id = key.owner_id.or_else(|| details.identity.as_ref().map(|one| one.external_id.clone()));
        Self {
            id: key.id.into_string(),
            start: key.start,
            workspace_id: key.workspace.into_string(),
            api_id: key.api.id.into_string(),
            name: key.name,
            owner_id,
            meta: some_meta(key.meta),
            created_at: key.created_at,
            updated_at: key.updated_at,
            expires: key.expires_at,
            remaining: key.credits.remaining,
            refill: key.credits.refill.map(|refill| refill_out(refill, key.last_refill_at)),
            ratelimit: default_limit(details.limits).map(RatelimitOut::from),
            roles: details.roles,
            permissions: details.permissions,
            enabled: key.enabled,
            environment: key.environment,
            plaintext: details.plaintext.as_ref().map(Revealed::of),
            identity: details.identity.map(KeyIdentityOut::from),
        }
    }
}

impl KeyOut {
    /// As getKey shows a key: names of direct permissions, no environment.
    pub fn alone(details: KeyDetails) -> Self {
        let direct = details.direct_permissions.iter().map(|permission| permission.name.clone()).collect();
        Self { permissions: direct, environment: None, ..Self::from(details) }
    }
}

fn refill_out(refill: Refill, last_refill_at: Option<i64>) -> RefillOut {
    let interval = refill.interval.into();
    RefillOut { interval, amount: refill.amount, refill_day: Nullable(refill.day), last_refill_at }
}

/// The limit that v1 knows of a key
/// (docs/decisions.md#a-limit-counts-where-it-is-stored).
fn default_limit(limits: Vec<Limit>) -> Option<Limit> {
    limits.into_iter().find(|limit| limit.name == DefaultLimit::NAME && limit.auto_apply)
}

pub fn some_meta(meta: Map<String, Value>) -> Option<AnyObject> {
    (!meta.is_empty()).then_some(AnyObject(meta))
}

/// A named limit of a key or an identity.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "NamedRatelimit")]
#[serde(rename_all = "camelCase")]
pub struct NewLimitBody {
    pub name: String,
    pub limit: Allowance,
    /// Window length in milliseconds.
    pub duration: Window,
    /// Check this limit on every verification, named or not; false when left out.
    pub auto_apply: Option<bool>,
}

impl From<NewLimitBody> for NewLimit {
    fn from(body: NewLimitBody) -> Self {
        new_limit(body.name, body.limit, body.duration, body.auto_apply.unwrap_or_default())
    }
}

/// A limit of an identity as it is shown.
#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "IdentityRatelimit")]
pub struct LimitBody {
    name: String,
    #[oai(validator(minimum(value = "1")))]
    limit: i64,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1000")))]
    duration: i64,
}

impl From<Limit> for LimitBody {
    fn from(limit: Limit) -> Self {
        Self { name: limit.name, limit: limit.limit, duration: limit.duration_ms }
    }
}

/// The first name that is given twice
/// (docs/decisions.md#the-last-of-two-equal-names-wins).
pub fn twice(limits: &[NewLimitBody]) -> Option<&str> {
    let mut seen = HashSet::new();
    limits.iter().map(|limit| limit.name.as_str()).find(|name| !seen.insert(*name))
}

/// What the contract says of a name that is given twice.
pub fn already_defined(name: &str) -> String {
    format!("Ratelimit with name \"{name}\" is already defined in the request")
}

/// The limits of a new key: the one of v1, complete, and named ones.
pub fn new_limits(default: Option<DefaultLimit>, named: Vec<NewLimitBody>) -> Result<Vec<NewLimit>> {
    if let Some(name) = twice(&named) {
        return Err(Error::invalid(already_defined(name)));
    }
    let default = default.map(|limit| limit.complete(None)).transpose()?;
    if default.is_some() && named.iter().any(|limit| limit.name == DefaultLimit::NAME) {
        return Err(Error::invalid(already_defined(DefaultLimit::NAME)));
    }
    Ok(default.into_iter().chain(named.into_iter().map(NewLimit::from)).collect())
}

pub fn default_limit_of_pages() -> i64 {
    100
}

pub fn default_true() -> bool {
    true
}

/// The page a list request asks for; its schema has checked the bounds.
pub fn page(limit: i64, cursor: Option<String>) -> Page {
    Page { limit: limit.unsigned_abs(), cursor: cursor.filter(|cursor| !cursor.is_empty()) }
}

/// Everything of a list that v1 does not page.
pub async fn all<T, Fut>(mut list: impl FnMut(Page) -> Fut) -> Result<Vec<T>>
where
    Fut: Future<Output = Result<Paged<T>>>,
{
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = list(Page { limit: 100, cursor }).await?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

/// v1 leaves out what is not recoverable.
pub fn decrypting(asked: bool) -> Decrypt {
    if asked { Decrypt::IfAllowed } else { Decrypt::No }
}
