//! v2 `keys.verifyKey` (docs/contract/v2.md#verify-key). The hot path of this
//! door: the body is parsed strictly, the answer is written straight from the
//! key's snapshot.

use std::sync::Arc;

use base::ids::{KeyspaceId, MigrationId};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, hot};
use super::shared::IdentityOut;
use crate::app::App;
use crate::http::contract::borrowed::{As, Each, Str};
use crate::http::contract::bounded::{Cost, Integer, Text, UpTo, strings};
use crate::http::contract::limits::{default_cost, requested_limit};
use crate::http::misplaced_members::known_members;
use crate::http::offered::Effect;
use crate::http::openapi::{Output, Schema};
use crate::http::schema::{Meta, present};
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use base::secret::PlainKey;
use domain::verification::{
    CheckedLimit, KeySnapshot, MAX_REQUESTED, Outcome, PermissionQuery, RequestedLimit, Rules, StoredLimit,
    Verification, VerifyKey,
};

pub fn operations() -> Vec<Operation> {
    vec![hot("/v2/keys.verifyKey", "Verify a key", Effect::Writes, verify).needs(Right::KeyVerify)]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyKeyBody {
    key: Text<1, 512>,
    /// Slugs joined by AND, OR and parentheses.
    #[serde(default, deserialize_with = "present")]
    permissions: Option<Text<1, 1000>>,
    #[serde(default, deserialize_with = "present")]
    credits: Option<VerifyCreditsBody>,
    #[serde(default)]
    ratelimits: UpTo<VerifyLimitBody, MAX_REQUESTED>,
    #[serde(default)]
    tags: UpTo<Text<1, 512>, 20>,
    #[serde(default, deserialize_with = "present")]
    migration_id: Option<Text<0, 256>>,
    /// Keys of other keyspaces answer as unknown ones.
    #[serde(default)]
    keyspaces: UpTo<Text<1, 255>, 100>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct VerifyCreditsBody {
    pub(super) cost: Integer<0, 1_000_000_000_000>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(remote = "Self")]
pub struct VerifyLimitBody {
    name: Text<3, 255>,
    #[serde(default = "default_cost")]
    cost: Cost,
    #[serde(default, deserialize_with = "present")]
    limit: Option<Integer<0>>,
    /// Window length in milliseconds.
    #[serde(default, deserialize_with = "present")]
    duration: Option<Integer<0>>,
}

known_members!(VerifyKeyBody, VerifyCreditsBody, VerifyLimitBody);

async fn verify(app: Arc<App>, cx: OpCtx, body: VerifyKeyBody) -> Result<Reply<Verified>> {
    let request = VerifyKey {
        permissions: body.permissions.map(|query| PermissionQuery::Text(query.into_string())),
        cost: body.credits.map(|credits| credits.cost.get()),
        limits: body.ratelimits.into_iter().map(RequestedLimit::from).collect(),
        tags: strings(body.tags),
        migration_id: body.migration_id.map(|id| MigrationId::from(id.into_string())),
        keyspaces: body.keyspaces.into_iter().map(|id| KeyspaceId::from(id.into_string())).collect(),
        ..VerifyKey::new(PlainKey::new(body.key.into_string()), Rules::V2)
    };
    let verification = app.verifier.verify(&cx, request).await?;
    let outcome = verification.outcome.as_str();
    Ok(Reply::from(Verified(verification)).outcome(outcome))
}

impl From<VerifyLimitBody> for RequestedLimit {
    fn from(body: VerifyLimitBody) -> Self {
        requested_limit(body.name.into_string(), body.cost, body.limit, body.duration)
    }
}

/// What a verification found; what is empty is left out.
#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyKeyOut<'k> {
    valid: bool,
    /// VALID, NOT_FOUND, FORBIDDEN, INSUFFICIENT_PERMISSIONS, USAGE_EXCEEDED,
    /// RATE_LIMITED, DISABLED or EXPIRED.
    code: Str<'k>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyspace_id: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Str<'k>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<As<&'k RawValue, Meta>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<As<&'k [Box<str>], Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<As<&'k [String], Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<As<IdentityOfKey<'k>, IdentityOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratelimits: Option<Each<'k, CheckedLimit, VerifyLimitOut<'k>>>,
}

impl<'k> From<&'k Verification> for VerifyKeyOut<'k> {
    fn from(verification: &'k Verification) -> Self {
        let key = verification.key.as_deref();
        Self {
            valid: verification.outcome == Outcome::Valid,
            code: verification.outcome.as_str().into(),
            key_id: key.map(|key| key.facts.key.as_str().into()),
            keyspace_id: key.map(|key| key.facts.keyspace.as_str().into()),
            enabled: key.map(|key| key.enabled),
            name: key.and_then(|key| key.name.as_deref()).map(Str::from),
            meta: key.and_then(|key| key.meta.as_deref()).map(As::from),
            expires: key.and_then(|key| key.expires_at),
            permissions: key.map(|key| &*key.permissions).filter(|slugs| !slugs.is_empty()).map(As::from),
            roles: key.map(|key| &*key.roles).filter(|names| !names.is_empty()).map(As::from),
            identity: key.and_then(IdentityOfKey::of).map(As::from),
            credits: verification.credits,
            ratelimits: Each::unless_empty(&verification.limits),
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyLimitOut<'k> {
    id: Str<'k>,
    name: Str<'k>,
    limit: As<u64, i64>,
    /// Window length in milliseconds.
    duration: As<u64, i64>,
    auto_apply: bool,
    exceeded: bool,
    remaining: As<u64, i64>,
    /// End of the current window, Unix milliseconds.
    reset: i64,
}

impl<'k> From<&'k CheckedLimit> for VerifyLimitOut<'k> {
    fn from(limit: &'k CheckedLimit) -> Self {
        Self {
            id: limit.id.as_str().into(),
            name: limit.name.as_str().into(),
            limit: limit.limit.into(),
            duration: limit.duration_ms.into(),
            auto_apply: limit.auto_apply,
            exceeded: limit.exceeded,
            remaining: limit.remaining.into(),
            reset: limit.reset_ms,
        }
    }
}

/// The identity of a key, with the limits that count for it: an [`IdentityOut`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityOfKey<'k> {
    id: &'k str,
    external_id: &'k str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'k RawValue>,
    #[serde(skip_serializing_if = "IdentityLimits::is_empty")]
    ratelimits: IdentityLimits<'k>,
}

impl<'k> IdentityOfKey<'k> {
    fn of(key: &'k KeySnapshot) -> Option<Self> {
        let identity = key.identity.as_ref()?;
        Some(Self {
            id: identity.id.as_str(),
            external_id: &identity.external_id,
            meta: identity.meta.as_deref(),
            ratelimits: IdentityLimits(&key.limits),
        })
    }
}

/// Those of a key's limits that its identity holds.
struct IdentityLimits<'k>(&'k [StoredLimit]);

impl IdentityLimits<'_> {
    fn is_empty(&self) -> bool {
        !self.0.iter().any(|limit| limit.of_identity)
    }
}

impl Serialize for IdentityLimits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter(|limit| limit.of_identity).map(IdentityLimit::from))
    }
}

/// A limit, as a [`super::shared::LimitOut`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityLimit<'k> {
    id: &'k str,
    name: &'k str,
    limit: u64,
    duration: u64,
    auto_apply: bool,
}

impl<'k> From<&'k StoredLimit> for IdentityLimit<'k> {
    fn from(limit: &'k StoredLimit) -> Self {
        Self {
            id: limit.id.as_str(),
            name: &limit.name,
            limit: limit.limit,
            duration: limit.duration_ms,
            auto_apply: limit.auto_apply,
        }
    }
}

/// A verification, written as a [`VerifyKeyOut`] when the answer is.
struct Verified(Verification);

impl Output for Verified {
    const SCHEMA: Schema = Schema::of::<VerifyKeyOut<'static>>();
}

impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VerifyKeyOut::from(&self.0).serialize(serializer)
    }
}
