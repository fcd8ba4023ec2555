//! v1 `keys.verifyKey` (docs/contract/v1.md#verify-key). The hot path of this
//! door: the body is parsed strictly, the answer written straight from the key's
//! snapshot.

use std::sync::Arc;

use base::ids::{ApiId, RequestId};
use poem_openapi::Enum;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_schema::serde_schema;

use super::keys::given;
use super::operation::{Access, Input, Operation, Reply, post};
use super::shared::Empty;
use crate::app::App;
use crate::http::contract::borrowed::{As, Str};
use crate::http::contract::bounded::{Cost, Integer, Text, UpTo, strings};
use crate::http::contract::limits::{default_cost, requested_limit};
use crate::http::misplaced_members::known_members;
use crate::http::openapi::{Output, Schema};
use crate::http::schema::{AnyJson, AnyObject, present};
use base::access::OpCtx;
use base::config::V1;
use base::error::Result;
use base::secret::PlainKey;
use domain::permissions::query::Query;
use domain::verification::{
    CheckedLimit, KeySnapshot, MAX_REQUESTED, Outcome, PermissionQuery, RequestedLimit, Rules, Verification,
    VerifyKey,
};

pub fn operations() -> Vec<Operation> {
    vec![post("/v1/keys.verifyKey", "Verify a key", verify).access(Access::Key)]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct VerifyKeyBody {
    /// Keys of other APIs are forbidden.
    #[serde(default, deserialize_with = "present")]
    api_id: Option<String>,
    key: Text<1>,
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

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "VerifyAuthorization")]
#[serde(remote = "Self")]
pub struct AuthorizationBody {
    /// A permission, `{"and": [..]}` or `{"or": [..]}`, nested at will.
    #[serde(default)]
    permissions: AnyJson,
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "VerifyRemaining")]
#[serde(remote = "Self")]
pub struct RemainingBody {
    /// Credits to spend; 0 always passes.
    #[serde(default = "default_cost")]
    cost: Cost,
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "VerifyCost")]
#[serde(remote = "Self")]
pub struct CostBody {
    #[serde(default = "default_cost")]
    cost: Cost,
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "VerifyRatelimit")]
#[serde(remote = "Self")]
pub struct VerifyLimitBody {
    name: Text<1, 255>,
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

/// What a verification found; what is empty is left out.
#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyKeyOut<'k> {
    valid: bool,
    code: As<&'k str, CodeName>,
    request_id: Str<'k>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<As<&'k [Box<str>], Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<As<&'k [String], Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<As<&'k RawValue, AnyObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<VerifyIdentityOut<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratelimit: Option<VerifyLimitOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
}

impl<'k> VerifyKeyOut<'k> {
    fn new(verification: &'k Verification, request_id: &'k RequestId) -> Self {
        let key = verification.key.as_deref();
        Self {
            valid: verification.outcome == Outcome::Valid,
            code: verification.outcome.as_str().into(),
            request_id: request_id.as_str().into(),
            key_id: key.map(|key| key.facts.key.as_str().into()),
            enabled: key.map(|key| key.enabled),
            permissions: key.map(|key| As::from(&*key.permissions)),
            roles: key.map(|key| As::from(&*key.roles)),
            owner_id: key.and_then(owner).map(Str::from),
            meta: key.and_then(|key| key.meta.as_deref()).map(As::from),
            expires: key.and_then(|key| key.expires_at),
            name: key.and_then(|key| key.name.as_deref()).map(Str::from),
            environment: key.and_then(|key| key.environment.as_deref()).map(Str::from),
            identity: key.and_then(VerifyIdentityOut::of),
            ratelimit: key.and_then(|_| decisive_limit(verification)),
            remaining: key.and_then(|_| balance(verification)),
        }
    }
}

/// What v1 calls the owner of a key: its identity, else the text it was made with.
pub fn owner(key: &KeySnapshot) -> Option<&str> {
    let identity = key.identity.as_ref().map(|identity| identity.external_id.as_str());
    identity.or(key.owner_id.as_deref())
}

/// The limit that was exceeded, else the first one that was checked.
pub fn decisive_limit(verification: &Verification) -> Option<VerifyLimitOut> {
    let limits = &verification.limits;
    limits.iter().find(|limit| limit.exceeded).or(limits.first()).map(VerifyLimitOut::from)
}

/// The balance, once credits were asked for.
pub fn balance(verification: &Verification) -> Option<i64> {
    let asked = matches!(verification.outcome, Outcome::Valid | Outcome::UsageExceeded);
    verification.credits.filter(|_| asked)
}

/// The limit that was exceeded, else the first one that was checked.
#[serde_schema]
#[derive(Serialize)]
pub struct VerifyLimitOut {
    limit: As<u64, i64>,
    remaining: As<u64, i64>,
    /// End of the current window, Unix milliseconds.
    reset: i64,
}

impl From<&CheckedLimit> for VerifyLimitOut {
    fn from(limit: &CheckedLimit) -> Self {
        Self { limit: limit.limit.into(), remaining: limit.remaining.into(), reset: limit.reset_ms }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyIdentityOut<'k> {
    id: Str<'k>,
    external_id: Str<'k>,
    meta: As<IdentityMeta<'k>, AnyObject>,
}

impl<'k> VerifyIdentityOut<'k> {
    fn of(key: &'k KeySnapshot) -> Option<Self> {
        let identity = key.identity.as_ref()?;
        let meta = identity.meta.as_deref();
        Some(Self {
            id: identity.id.as_str().into(),
            external_id: identity.external_id.as_str().into(),
            meta: meta.map_or(IdentityMeta::None(Empty {}), IdentityMeta::Some).into(),
        })
    }
}

/// One client asks for an object even where there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum IdentityMeta<'k> {
    Some(&'k RawValue),
    None(Empty),
}

/// A verification, written as a [`VerifyKeyOut`] when the answer is.
struct Verified {
    verification: Verification,
    request_id: RequestId,
}

impl Output for Verified {
    const SCHEMA: Schema = Schema::of::<VerifyKeyOut<'static>>();
}

impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VerifyKeyOut::new(&self.verification, &self.request_id).serialize(serializer)
    }
}
