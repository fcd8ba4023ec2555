//! v2 `keys.verifyKey` (v2 contract, 5.1). The hot path of this door: the body
//! is parsed strictly, the answer is written straight from the key's snapshot.

use std::sync::Arc;

use base::ids::{KeyspaceId, MigrationId};
use poem_openapi::Object;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::operation::{Operation, Reply, hot};
use super::shared::IdentityOut;
use crate::app::App;
use crate::http::contract::bounded::{Cost, Integer, Text, UpTo, strings};
use crate::http::contract::limits::{default_cost, requested_limit};
use crate::http::misplaced::known_members;
use crate::http::openapi::{Output, Schema};
use crate::http::schema::{Meta, present};
use base::error::Result;
use base::op::OpCtx;
use base::secret::PlainKey;
use domain::verification::{
    CheckedLimit, KeySnapshot, MAX_REQUESTED, Outcome, PermissionQuery, RequestedLimit, Rules, StoredLimit,
    Verification, VerifyKey,
};

pub fn operations() -> Vec<Operation> {
    vec![hot("/v2/keys.verifyKey", "Verify a key", verify)]
}

#[derive(Object, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyKeyBody {
    key: Text<1, 512>,
    /// Slugs joined by AND, OR and parentheses.
    #[serde(default, deserialize_with = "present")]
    permissions: Option<Text<1, 1000>>,
    #[serde(default, deserialize_with = "present")]
    credits: Option<VerifyCreditsBody>,
    #[serde(default)]
    #[oai(default)]
    ratelimits: UpTo<VerifyLimitBody, MAX_REQUESTED>,
    #[oai(default)]
    #[serde(default)]
    tags: UpTo<Text<1, 512>, 20>,
    #[serde(default, deserialize_with = "present")]
    migration_id: Option<Text<0, 256>>,
    /// Keys of other keyspaces answer as unknown ones.
    #[oai(default)]
    #[serde(default)]
    keyspaces: UpTo<Text<1, 255>, 100>,
}

#[derive(Object, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct VerifyCreditsBody {
    pub(super) cost: Integer<0, 1_000_000_000_000>,
}

#[derive(Object, Deserialize)]
#[serde(remote = "Self")]
pub struct VerifyLimitBody {
    name: Text<3, 255>,
    #[oai(default = "default_cost")]
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

/// The answer as the document describes it; [`Verified`] writes it.
#[derive(Object)]
#[oai(rename = "VerifyKeyOut", rename_all = "camelCase")]
pub struct VerifyKeyOut {
    valid: bool,
    /// VALID, NOT_FOUND, FORBIDDEN, INSUFFICIENT_PERMISSIONS, USAGE_EXCEEDED,
    /// RATE_LIMITED, DISABLED or EXPIRED.
    code: String,
    key_id: Option<String>,
    keyspace_id: Option<String>,
    name: Option<String>,
    meta: Option<Meta>,
    expires: Option<i64>,
    credits: Option<i64>,
    enabled: Option<bool>,
    permissions: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    identity: Option<IdentityOut>,
    ratelimits: Option<Vec<VerifyLimitOut>>,
}

#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct VerifyLimitOut {
    id: String,
    name: String,
    limit: i64,
    /// Window length in milliseconds.
    duration: i64,
    auto_apply: bool,
    exceeded: bool,
    remaining: i64,
    /// End of the current window, Unix milliseconds.
    reset: i64,
}

/// Serializes a verification as `VerifyKeyOut`, leaving empty members out.
struct Verified(Verification);

impl Output for Verified {
    const SCHEMA: Schema = Schema::of::<VerifyKeyOut>();
}

impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Verification { outcome, key, credits, limits } = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("valid", &(*outcome == Outcome::Valid))?;
        map.serialize_entry("code", outcome.as_str())?;
        if let Some(key) = key {
            serialize_key(&mut map, key)?;
        }
        if let Some(credits) = credits {
            map.serialize_entry("credits", credits)?;
        }
        if !limits.is_empty() {
            map.serialize_entry("ratelimits", &Each(limits, CheckedOut))?;
        }
        map.end()
    }
}

fn serialize_key<M: SerializeMap>(map: &mut M, key: &KeySnapshot) -> Result<(), M::Error> {
    map.serialize_entry("keyId", key.facts.key.as_str())?;
    map.serialize_entry("keyspaceId", key.facts.keyspace.as_str())?;
    map.serialize_entry("enabled", &key.enabled)?;
    if let Some(name) = &key.name {
        map.serialize_entry("name", name)?;
    }
    if let Some(meta) = &key.meta {
        map.serialize_entry("meta", meta)?;
    }
    if let Some(expires_at) = key.expires_at {
        map.serialize_entry("expires", &expires_at)?;
    }
    if !key.permissions.is_empty() {
        map.serialize_entry("permissions", &key.permissions)?;
    }
    if !key.roles.is_empty() {
        map.serialize_entry("roles", &key.roles)?;
    }
    if key.identity.is_some() {
        map.serialize_entry("identity", &IdentityOfKey(key))?;
    }
    Ok(())
}

struct IdentityOfKey<'a>(&'a KeySnapshot);

impl Serialize for IdentityOfKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(identity) = &self.0.identity {
            map.serialize_entry("id", identity.id.as_str())?;
            map.serialize_entry("externalId", &identity.external_id)?;
            if let Some(meta) = &identity.meta {
                map.serialize_entry("meta", meta)?;
            }
            let stored = self.0.limits.iter().filter(|limit| limit.of_identity);
            let limits: Vec<StoredOut<'_>> = stored.map(StoredOut).collect();
            if !limits.is_empty() {
                map.serialize_entry("ratelimits", &limits)?;
            }
        }
        map.end()
    }
}

/// A slice serialized element by element through a borrowing wrapper.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, W: Serialize, F: Fn(&'a T) -> W> Serialize for Each<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

struct StoredOut<'a>(&'a StoredLimit);

impl Serialize for StoredOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("id", self.0.id.as_str())?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("limit", &self.0.limit)?;
        map.serialize_entry("duration", &self.0.duration_ms)?;
        map.serialize_entry("autoApply", &self.0.auto_apply)?;
        map.end()
    }
}

struct CheckedOut<'a>(&'a CheckedLimit);

impl Serialize for CheckedOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limit = self.0;
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("id", &limit.id)?;
        map.serialize_entry("name", &limit.name)?;
        map.serialize_entry("limit", &limit.limit)?;
        map.serialize_entry("duration", &limit.duration_ms)?;
        map.serialize_entry("autoApply", &limit.auto_apply)?;
        map.serialize_entry("exceeded", &limit.exceeded)?;
        map.serialize_entry("remaining", &limit.remaining)?;
        map.serialize_entry("reset", &limit.reset_ms)?;
        map.end()
    }
}
