//! v1 `keys.verifyKey` (v1 contract, section 8). The hot path of this door: the
//! body is parsed strictly, the answer written straight from the key's snapshot.

use std::sync::Arc;

use base::ids::{ApiId, RequestId};
use poem_openapi::{Enum, Object};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::keys::given;
use super::operation::{Access, Input, Operation, Reply, post};
use super::shared::Empty;
use crate::app::App;
use crate::http::contract::bounded::{Cost, Integer, Text, UpTo, strings};
use crate::http::contract::limits::{default_cost, requested_limit};
use crate::http::misplaced::known_members;
use crate::http::openapi::{Output, Schema};
use crate::http::schema::{AnyJson, AnyObject, present};
use base::config::V1;
use base::error::Result;
use base::op::OpCtx;
use base::secret::PlainKey;
use domain::permissions::query::Query;
use domain::verification::{
    CheckedLimit, KeySnapshot, MAX_REQUESTED, Outcome, PermissionQuery, RequestedLimit, Rules, Verification,
    VerifyKey,
};

pub fn operations() -> Vec<Operation> {
    vec![post("/v1/keys.verifyKey", "Verify a key", verify).access(Access::Key)]
}

#[derive(Object, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct VerifyKeyBody {
    /// Keys of other APIs are forbidden.
    #[serde(default, deserialize_with = "present")]
    api_id: Option<String>,
    key: Text<1>,
    #[oai(default)]
    #[serde(default)]
    tags: UpTo<Text<1, 128>, 10>,
    #[serde(default, deserialize_with = "present")]
    authorization: Option<AuthorizationBody>,
    #[serde(default, deserialize_with = "present")]
    remaining: Option<RemainingBody>,
    /// What the limit `default` costs.
    #[oai(deprecated)]
    #[serde(default, deserialize_with = "present")]
    ratelimit: Option<CostBody>,
    #[serde(default, deserialize_with = "present")]
    ratelimits: Option<UpTo<VerifyLimitBody, MAX_REQUESTED>>,
}

#[derive(Object, Deserialize)]
#[oai(rename = "VerifyAuthorization")]
#[serde(remote = "Self")]
pub struct AuthorizationBody {
    /// A permission, `{"and": [..]}` or `{"or": [..]}`, nested at will.
    #[serde(default)]
    permissions: AnyJson,
}

#[derive(Object, Deserialize)]
#[oai(rename = "VerifyRemaining")]
#[serde(remote = "Self")]
pub struct RemainingBody {
    /// Credits to spend; 0 always passes.
    #[oai(default = "default_cost")]
    #[serde(default = "default_cost")]
    cost: Cost,
}

#[derive(Object, Deserialize)]
#[oai(rename = "VerifyCost")]
#[serde(remote = "Self")]
pub struct CostBody {
    #[oai(default = "default_cost")]
    #[serde(default = "default_cost")]
    cost: Cost,
}

#[derive(Object, Deserialize)]
#[oai(rename = "VerifyRatelimit")]
#[serde(remote = "Self")]
pub struct VerifyLimitBody {
    name: Text<1, 255>,
    #[oai(default = "default_cost")]
    #[serde(default = "default_cost")]
    cost: Cost,
    /// With `duration`, a limit of the request's own.
    #[serde(default, deserialize_with = "present")]
    limit: Option<Integer<0>>,
    /// Window length in milliseconds.
    #[serde(default, deserialize_with = "present")]
    duration: Option<Integer<0>>,
}

known_members!(VerifyKeyBody, AuthorizationBody, RemainingBody, CostBody, VerifyLimitBody);

impl Input for VerifyKeyBody {
    const IS_HOT: bool = true;
}

impl From<VerifyLimitBody> for RequestedLimit {
    fn from(body: VerifyLimitBody) -> Self {
        requested_limit(body.name.into_string(), body.cost, body.limit, body.duration)
    }
}

impl From<VerifyKeyBody> for VerifyKey {
    fn from(body: VerifyKeyBody) -> Self {
        let query = body.authorization.map(|authorization| authorization.permissions.0);
        // The cost of the old limit counts only where no limits are named.
        let default_cost = match (&body.ratelimits, body.ratelimit) {
            (None, Some(ratelimit)) => Some(ratelimit.cost.count()),
            _ => None,
        };
        let mut tags = strings(body.tags);
        tags.sort_unstable();
        Self {
            api: given(body.api_id).map(ApiId::from),
            permissions: query.filter(|query| !Query::is_absent(query)).map(PermissionQuery::Json),
            cost: body.remaining.map(|remaining| remaining.cost.get()),
            limits: body.ratelimits.into_iter().flatten().map(RequestedLimit::from).collect(),
            default_cost,
            tags,
            ..VerifyKey::new(PlainKey::new(body.key.into_string()), Rules::V1)
        }
    }
}

async fn verify(app: Arc<App>, cx: OpCtx, body: VerifyKeyBody) -> Result<Reply<Verified>> {
    let verification = decide(&app, &cx, body.into()).await?;
    let told = told(&verification);
    Ok(told.with(Verified { verification, request_id: cx.request_id }))
}

/// What the headers and the log are told of a verification.
pub fn told(verification: &Verification) -> Reply<()> {
    Reply {
        limited_by: limited_by(verification),
        outcome: Some(verification.outcome.as_str()),
        workspace: verification.key.as_ref().map(|key| key.facts.workspace.clone()),
        ..Reply::from(())
    }
}

/// Verifies within the budget of unknown keys.
pub async fn decide(app: &App, cx: &OpCtx, mut request: VerifyKey) -> Result<Verification> {
    request.rules.key_is_credential = app.config.v1 != V1::VerifyNeedsRootKey;
    request.unknown_keys_per_minute = app.config.v1_unknown_keys_per_minute;
    app.verifier.verify(cx, request).await
}

fn limited_by(verification: &Verification) -> Option<String> {
    let is_limited = verification.outcome == Outcome::RateLimited;
    let exceeded = || verification.limits.iter().find(|limit| limit.exceeded);
    if is_limited { exceeded().map(|limit| limit.name.clone()) } else { None }
}

#[derive(Enum)]
#[oai(rename = "VerificationCode", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CodeName {
    Valid,
    NotFound,
    Forbidden,
    UsageExceeded,
    RateLimited,
    /// Never answered; clients expect it to be possible.
    Unauthorized,
    Disabled,
    InsufficientPermissions,
    Expired,
}

/// The answer as the document describes it; [`Verified`] writes it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct VerifyKeyOut {
    key_id: Option<String>,
    valid: bool,
    name: Option<String>,
    owner_id: Option<String>,
    meta: Option<AnyObject>,
    expires: Option<i64>,
    ratelimit: Option<VerifyLimitOut>,
    remaining: Option<i64>,
    code: CodeName,
    enabled: Option<bool>,
    permissions: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    environment: Option<String>,
    identity: Option<VerifyIdentityOut>,
    request_id: String,
}

/// The limit that was exceeded, else the first one that was checked.
#[derive(Object)]
pub struct VerifyLimitOut {
    limit: i64,
    remaining: i64,
    /// End of the current window, Unix milliseconds.
    reset: i64,
}

#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct VerifyIdentityOut {
    id: String,
    external_id: String,
    meta: AnyObject,
}

/// Serializes a verification as `VerifyKeyOut`, leaving empty members out.
struct Verified {
    verification: Verification,
    request_id: RequestId,
}

impl Output for Verified {
    const SCHEMA: Schema = Schema::of::<VerifyKeyOut>();
}

impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Verification { outcome, key, .. } = &self.verification;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("valid", &(*outcome == Outcome::Valid))?;
        map.serialize_entry("code", outcome.as_str())?;
        map.serialize_entry("requestId", self.request_id.as_str())?;
        if let Some(key) = key {
            serialize_key(&mut map, key)?;
            serialize_spent(&mut map, &self.verification)?;
        }
        map.end()
    }
}

fn serialize_key<M: SerializeMap>(map: &mut M, key: &KeySnapshot) -> Result<(), M::Error> {
    map.serialize_entry("keyId", key.facts.key.as_str())?;
    map.serialize_entry("enabled", &key.enabled)?;
    map.serialize_entry("permissions", &key.permissions)?;
    map.serialize_entry("roles", &key.roles)?;
    serialize_facts(map, key)?;
    if let Some(name) = &key.name {
        map.serialize_entry("name", name)?;
    }
    if let Some(environment) = &key.environment {
        map.serialize_entry("environment", environment)?;
    }
    if key.identity.is_some() {
        map.serialize_entry("identity", &IdentityOf(key))?;
    }
    Ok(())
}

/// What older answers show too.
pub fn serialize_facts<M: SerializeMap>(map: &mut M, key: &KeySnapshot) -> Result<(), M::Error> {
    let identity = key.identity.as_ref().map(|identity| identity.external_id.as_str());
    if let Some(owner) = identity.or(key.owner_id.as_deref()) {
        map.serialize_entry("ownerId", owner)?;
    }
    if let Some(meta) = &key.meta {
        map.serialize_entry("meta", meta)?;
    }
    if let Some(expires_at) = key.expires_at {
        map.serialize_entry("expires", &expires_at)?;
    }
    Ok(())
}

/// The limit that decided, and the balance once credits were asked for.
pub fn serialize_spent<M: SerializeMap>(map: &mut M, verification: &Verification) -> Result<(), M::Error> {
    let limits = &verification.limits;
    if let Some(limit) = limits.iter().find(|limit| limit.exceeded).or(limits.first()) {
        map.serialize_entry("ratelimit", &LimitOut(limit))?;
    }
    let asked = matches!(verification.outcome, Outcome::Valid | Outcome::UsageExceeded);
    if let Some(credits) = verification.credits.filter(|_| asked) {
        map.serialize_entry("remaining", &credits)?;
    }
    Ok(())
}

struct IdentityOf<'a>(&'a KeySnapshot);

impl Serialize for IdentityOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(identity) = &self.0.identity {
            map.serialize_entry("id", identity.id.as_str())?;
            map.serialize_entry("externalId", &identity.external_id)?;
            // One client asks for an object even where there is none.
            match &identity.meta {
                Some(meta) => map.serialize_entry("meta", meta)?,
                None => map.serialize_entry("meta", &Empty {})?,
            }
        }
        map.end()
    }
}

struct LimitOut<'a>(&'a CheckedLimit);

impl Serialize for LimitOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("limit", &self.0.limit)?;
        map.serialize_entry("remaining", &self.0.remaining)?;
        map.serialize_entry("reset", &self.0.reset_ms)?;
        map.end()
    }
}
