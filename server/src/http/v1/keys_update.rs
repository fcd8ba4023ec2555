//! v1 `keys.updateKey` (docs/contract/v1.md#update-key).

use std::sync::Arc;

use base::ids::KeyId;
use serde::Deserialize;
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::no_key;
use super::named_access::{ItemBody, NamedItem};
use super::operation::{Input, Operation, Reply, post};
use super::shared::{Empty, NewLimitBody, RatelimitType, RefillBody, already_defined, is_async, twice};
use crate::app::App;
use crate::http::schema::{AnyObject, Patch as Member};
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use domain::keys::{CreditsPatch, DefaultLimit, UpdateKey};
use domain::ratelimit::limits::NewLimit;

const NO_REFILL_OF_UNLIMITED: &str = "Cannot set refill on a key with unlimited requests";
const DAILY_HAS_NO_DAY: &str = "Cannot set 'refillDay' if 'interval' is 'daily'";

pub fn operations() -> Vec<Operation> {
    vec![post("/v1/keys.updateKey", "Change a key", update)]
}

/// What is left out stays; `null` clears.
#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateKeyBody {
    key_id: String,
    #[serde(default)]
    name: Member<String>,
    /// The older name of `externalId`.
    #[oai(deprecated)]
    #[serde(default)]
    owner_id: Member<String>,
    #[serde(default)]
    external_id: Member<String>,
    #[serde(default)]
    meta: Member<AnyObject>,
    /// Unix milliseconds.
    #[serde(default)]
    expires: Member<i64>,
    #[serde(default)]
    ratelimit: Member<UpdateRatelimitBody>,
    /// Replaces the named limits, as in v2, but for the one of `ratelimit`; `[]` or
    /// `null` removes them.
    #[serde(default)]
    ratelimits: Member<Vec<NewLimitBody>>,
    /// `null` is unlimited.
    #[serde(default)]
    remaining: Member<i64>,
    #[serde(default)]
    refill: Member<RefillBody>,
    enabled: Option<bool>,
    /// Replace all of them; names alone will do.
    roles: Option<Vec<NamedItem>>,
    permissions: Option<Vec<NamedItem>>,
}

impl Input for UpdateKeyBody {}

/// As on creation, but for a window that may be left as it is.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "UpdateKeyRatelimit")]
#[serde(rename_all = "camelCase")]
pub struct UpdateRatelimitBody {
    #[oai(deprecated)]
    #[serde(rename = "type")]
    kind: Option<RatelimitType>,
    #[serde(rename = "async")]
    is_async: Option<bool>,
    #[oai(validator(minimum(value = "1")))]
    limit: i64,
    #[oai(deprecated, validator(minimum(value = "1")))]
    refill_rate: Option<i64>,
    #[oai(deprecated, validator(minimum(value = "1")))]
    refill_interval: Option<i64>,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1")))]
    duration: Option<i64>,
}

impl From<UpdateRatelimitBody> for DefaultLimit {
    fn from(body: UpdateRatelimitBody) -> Self {
        Self {
            limit: body.limit,
            duration_ms: body.duration.or(body.refill_interval),
            is_async: is_async(body.is_async, body.kind),
        }
    }
}

pub async fn update(app: Arc<App>, cx: OpCtx, body: UpdateKeyBody) -> Result<Reply<Empty>> {
    let owner = match (body.external_id.0, body.owner_id.0) {
        (Patch::Keep, owner_id) => owner_id,
        (external_id, _) => external_id,
    };
    let command = UpdateKey {
        name: body.name.0,
        owner_id: owner.clone(),
        external_id: owner,
        meta: body.meta.0.map(|meta| meta.0),
        expires_at: body.expires.0,
        enabled: body.enabled,
        credits: credits(body.remaining.0, body.refill.0)?,
        limits: named_limits(body.ratelimits.0)?,
        default_limit: body.ratelimit.0.map(DefaultLimit::from),
        keeps_default: true,
        roles: references("roles", body.roles)?,
        permissions: references("permissions", body.permissions)?,
        ..UpdateKey::new(KeyId::from(body.key_id.as_str()))
    };
    app.keys.update(&cx, command).await.telling(Code::KeyNotFound, || no_key(&body.key_id))?;
    Ok(Empty {}.into())
}

fn named_limits(limits: Patch<Vec<NewLimitBody>>) -> Result<Option<Vec<NewLimit>>> {
    let limits = match limits {
        Patch::Keep => return Ok(None),
        Patch::Clear => Vec::new(),
        Patch::Set(limits) => limits,
    };
    match twice(&limits) {
        Some(name) => Err(Error::invalid(already_defined(name))),
        None => Ok(Some(limits.into_iter().map(NewLimit::from).collect())),
    }
}

fn credits(remaining: Patch<i64>, refill: Patch<RefillBody>) -> Result<Patch<CreditsPatch>> {
    let refill = match refill {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(refill) => Patch::Set(refill.refill(DAILY_HAS_NO_DAY)?),
    };
    match (&remaining, &refill) {
        (Patch::Clear, Patch::Set(_)) => Err(Error::invalid(NO_REFILL_OF_UNLIMITED)),
        (Patch::Keep, Patch::Keep) => Ok(Patch::Keep),
        _ => Ok(Patch::Set(CreditsPatch { remaining, refill })),
    }
}

fn references(
    field: &str,
    items: Option<Vec<NamedItem>>,
) -> Result<Option<Vec<domain::permissions::Reference>>> {
    let items = items.map(|items| items.into_iter().map(ItemBody::from).collect::<Vec<_>>());
    items.map(|items| super::named_access::references(field, items)).transpose()
}
