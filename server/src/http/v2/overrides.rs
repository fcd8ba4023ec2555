//! v2 `ratelimit.*Override*` (docs/contract/v2.md#overrides).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, page};
use crate::app::App;
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::ratelimit::overrides::{Lookup, NamedOverride, SetOverride};
use domain::ratelimit::quota::Quota;

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/ratelimit.setOverride", "Set an override", Effect::Destroys, set)
            .needs(Right::OverrideSet),
        checked(
            "/v2/ratelimit.getOverride",
            "Get the override that applies to an identifier",
            Effect::Reads,
            get,
        )
        .needs(Right::OverrideRead),
        checked("/v2/ratelimit.deleteOverride", "Delete an override", Effect::Destroys, delete)
            .needs(Right::OverrideDelete),
        checked("/v2/ratelimit.listOverrides", "List the overrides of a namespace", Effect::Reads, list)
            .needs(Right::OverrideList)
            .paged(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct SetOverrideBody {
    /// Name or id; never created here.
    #[oai(validator(min_length = 1, max_length = 512))]
    namespace: String,
    /// `*` stands for any run of characters.
    #[oai(validator(min_length = 1, max_length = 512))]
    identifier: String,
    /// 0 denies every request.
    #[oai(validator(minimum(value = "0")))]
    limit: i64,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1000")))]
    duration: i64,
    /// When it ends, Unix milliseconds, in the future: an override without an end that
    /// it replaces then holds again. Without it, this one holds until it is replaced.
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    expires: Option<i64>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetOverrideOut {
    override_id: String,
}

async fn set(app: Arc<App>, cx: OpCtx, body: SetOverrideBody) -> Result<Reply<SetOverrideOut>> {
    let command = SetOverride {
        namespace: body.namespace,
        identifier: body.identifier,
        limit: body.limit,
        duration_ms: body.duration,
        is_async: false,
        expires_at: body.expires,
    };
    let override_id = app.overrides.set(&cx, command).await?;
    Ok(SetOverrideOut { override_id: override_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct OverrideBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    namespace: String,
    #[oai(validator(min_length = 1, max_length = 512))]
    identifier: String,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "RatelimitOverride")]
#[serde(rename_all = "camelCase")]
pub struct OverrideOut {
    override_id: String,
    identifier: String,
    limit: u64,
    /// Milliseconds.
    duration: u64,
    /// When it ends, Unix milliseconds; left out of one that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    /// What holds from then on; left out where the limits of requests do.
    #[serde(skip_serializing_if = "Option::is_none")]
    afterwards: Option<AfterwardsOut>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "RatelimitOverrideAfterwards")]
pub struct AfterwardsOut {
    limit: u64,
    /// Milliseconds.
    duration: u64,
}

impl From<Quota> for AfterwardsOut {
    fn from(Quota { limit, duration_ms }: Quota) -> Self {
        Self { limit, duration: duration_ms }
    }
}

impl From<NamedOverride> for OverrideOut {
    fn from(found: NamedOverride) -> Self {
        let Quota { limit, duration_ms } = found.applies.quota;
        Self {
            limit,
            duration: duration_ms,
            expires: found.expires_at(),
            afterwards: found.applies.end.and_then(|end| end.afterwards).map(AfterwardsOut::from),
            override_id: found.applies.id.into_string(),
            identifier: found.identifier,
        }
    }
}

async fn get(app: Arc<App>, cx: OpCtx, body: OverrideBody) -> Result<Reply<OverrideOut>> {
    let found = app.overrides.get(&cx, &body.namespace, &body.identifier, Lookup::Applying).await?;
    Ok(OverrideOut::from(found).into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: OverrideBody) -> Result<Reply<Empty>> {
    app.overrides.delete(&cx, &body.namespace, &body.identifier).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListOverridesBody {
    #[oai(validator(min_length = 1, max_length = 512))]
    namespace: String,
    cursor: Option<String>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_overrides")]
    limit: i64,
}

/// The published document says 10; every SDK sends it.
fn default_overrides() -> i64 {
    10
}

async fn list(app: Arc<App>, cx: OpCtx, body: ListOverridesBody) -> Result<Reply<Vec<OverrideOut>>> {
    let overrides = app.overrides.list(&cx, &body.namespace, &page(body.limit, body.cursor)).await?;
    Ok(Reply::page(overrides.map(OverrideOut::from)))
}
