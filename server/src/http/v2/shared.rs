//! Objects that several v2 operations share (docs/contract/v2.md#key-object).
//!
//! Requests carry the contract's bounds as schema attributes. Responses leave
//! an empty optional member out: the official SDKs reject `null` there.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_schema::serde_schema;

use crate::http::contract::bounded::Text;
use crate::http::contract::limits::{Allowance, IntervalName, Window, new_limit};
use crate::http::contract::revealed::Revealed;
use crate::http::schema::{Meta, Nullable};
use base::store::Page;
use domain::identities::Identity;
use domain::keys::{Credits, Decrypt, KeyDetails, NewCredits, Refill};
use domain::ratelimit::limits::{Limit, NewLimit};

/// The empty object of operations without a result.
#[serde_schema]
#[derive(Default, Serialize)]
pub struct Empty {}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "RatelimitRequest")]
#[serde(rename_all = "camelCase")]
pub struct LimitBody {
    pub name: Text<3, 128>,
    pub limit: Allowance,
    /// Window length in milliseconds.
    pub duration: Window,
    /// Check this limit on every verification, named or not.
    #[serde(default)]
    pub auto_apply: bool,
}

impl From<LimitBody> for NewLimit {
    fn from(body: LimitBody) -> Self {
        new_limit(body.name.into_string(), body.limit, body.duration, body.auto_apply)
    }
}

pub fn new_limits(bodies: Vec<LimitBody>) -> Vec<NewLimit> {
    bodies.into_iter().map(NewLimit::from).collect()
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "RatelimitResponse")]
#[serde(rename_all = "camelCase")]
pub struct LimitOut {
    pub id: String,
    pub name: String,
    pub limit: i64,
    pub duration: i64,
    pub auto_apply: bool,
}

impl From<Limit> for LimitOut {
    fn from(limit: Limit) -> Self {
        Self {
            id: limit.id.into_string(),
            name: limit.name,
            limit: limit.limit,
            duration: limit.duration_ms,
            auto_apply: limit.auto_apply,
        }
    }
}

#[serde_schema]
#[derive(Serialize, Deserialize)]
#[oai(rename = "KeyCreditsRefill")]
#[serde(rename_all = "camelCase")]
pub struct RefillBody {
    pub interval: IntervalName,
    #[oai(validator(minimum(value = "1")))]
    pub amount: i64,
    /// Day of a monthly refill; the last day of a shorter month.
    #[oai(validator(minimum(value = "1"), maximum(value = "31")))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refill_day: Option<i64>,
}

impl From<RefillBody> for Refill {
    fn from(body: RefillBody) -> Self {
        Self { interval: body.interval.into(), amount: body.amount, day: body.refill_day }
    }
}

impl From<Refill> for RefillBody {
    fn from(refill: Refill) -> Self {
        Self { interval: refill.interval.into(), amount: refill.amount, refill_day: refill.day }
    }
}

#[serde_schema]
#[derive(Serialize, Deserialize)]
#[oai(rename = "KeyCreditsData")]
pub struct CreditsBody {
    /// `null` is unlimited.
    #[oai(validator(minimum(value = "0")))]
    pub remaining: Nullable<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refill: Option<RefillBody>,
}

impl From<CreditsBody> for NewCredits {
    fn from(body: CreditsBody) -> Self {
        Self { remaining: body.remaining.0, refill: body.refill.map(Refill::from) }
    }
}

impl From<Credits> for CreditsBody {
    fn from(credits: Credits) -> Self {
        Self { remaining: Nullable(credits.remaining), refill: credits.refill.map(RefillBody::from) }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Identity")]
#[serde(rename_all = "camelCase")]
pub struct IdentityOut {
    pub id: String,
    pub external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ratelimits: Vec<LimitOut>,
}

impl From<Identity> for IdentityOut {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id.into_string(),
            external_id: identity.external_id,
            meta: some_meta(identity.meta),
            ratelimits: identity.limits.into_iter().map(LimitOut::from).collect(),
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "KeyResponseData")]
#[serde(rename_all = "camelCase")]
pub struct KeyOut {
    pub key_id: String,
    pub start: String,
    pub enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    pub created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditsBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<Revealed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ratelimits: Vec<LimitOut>,
}

impl From<KeyDetails> for KeyOut {
    fn from(details: KeyDetails) -> Self {
        let key = details.key;
        Self {
            key_id: key.id.into_string(),
            start: key.start,
            enabled: key.enabled,
            name: key.name,
            meta: some_meta(key.meta),
            created_at: key.created_at,
            updated_at: key.updated_at,
            last_used_at: key.last_used_at,
            expires: key.expires_at,
            permissions: details.permissions,
            roles: details.roles,
            // A refill without finite credits is not shown.
            credits: key.credits.remaining.is_some().then(|| key.credits.into()),
            identity: details.identity.map(IdentityOut::from),
            plaintext: details.plaintext.as_ref().map(Revealed::of),
            ratelimits: details.limits.into_iter().map(LimitOut::from).collect(),
        }
    }
}

fn some_meta(meta: Map<String, Value>) -> Option<Meta> {
    (!meta.is_empty()).then_some(Meta(meta))
}

pub fn decrypting(asked: bool) -> Decrypt {
    if asked { Decrypt::Demand } else { Decrypt::No }
}

pub fn default_limit() -> i64 {
    100
}

pub fn default_true() -> bool {
    true
}

/// The page a list request asks for; its schema has checked the bounds.
pub fn page(limit: i64, cursor: Option<String>) -> Page {
    Page { limit: limit.unsigned_abs(), cursor }
}
