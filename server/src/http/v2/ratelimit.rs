//! v2 `ratelimit.*` (docs/contract/v2.md#rate-limits). The hot path of this
//! door, as [`super::verify`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, hot};
use crate::app::App;
use crate::http::contract::bounded::{Cost, Integer, List, Text};
use crate::http::contract::limits::{Allowance, default_cost, limit_request, verdict};
use crate::http::misplaced_members::known_members;
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::ratelimit::{LimitOutcome, LimitRequest};

pub fn operations() -> Vec<Operation> {
    vec![
        hot("/v2/ratelimit.limit", "Check and consume one limit", Effect::Writes, limit)
            .needs(Right::RatelimitLimit),
        hot(
            "/v2/ratelimit.multiLimit",
            "Check several limits, consume all or none",
            Effect::Writes,
            multi_limit,
        )
        .needs(Right::RatelimitLimit),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "LimitBody")]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct LimitBody {
    /// Name or id of a namespace; created when it does not exist.
    namespace: Text<1, 512>,
    identifier: Text<1, 512>,
    limit: Allowance,
    /// Window length in milliseconds.
    duration: Integer<1000, 2_592_000_000>,
    #[serde(default = "default_cost")]
    cost: Cost,
}

known_members!(LimitBody);

impl From<LimitBody> for LimitRequest {
    fn from(body: LimitBody) -> Self {
        let LimitBody { namespace, identifier, limit, duration, cost } = body;
        limit_request(namespace.into_string(), identifier.into_string(), limit, duration, cost)
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitOut {
    success: bool,
    /// The limit that applied, an override's if there is one.
    limit: u64,
    remaining: u64,
    /// End of the current window, Unix milliseconds.
    reset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_id: Option<String>,
}

impl From<LimitOutcome> for LimitOut {
    fn from(outcome: LimitOutcome) -> Self {
        Self {
            success: outcome.passed,
            limit: outcome.limit,
            remaining: outcome.remaining,
            reset: outcome.reset_ms,
            override_id: outcome.override_id.map(|id| id.into_string()),
        }
    }
}

async fn limit(app: Arc<App>, cx: OpCtx, body: LimitBody) -> Result<Reply<LimitOut>> {
    let outcome = app.ratelimits.limit(&cx, &body.into()).await?;
    let name = verdict(outcome.passed);
    Ok(Reply::from(LimitOut::from(outcome)).outcome(name))
}

#[serde_schema]
#[derive(Serialize)]
pub struct MultiLimitOut {
    /// Whether every limit passed; nothing is consumed otherwise.
    passed: bool,
    limits: Vec<MultiLimitItem>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MultiLimitItem {
    namespace: String,
    identifier: String,
    limit: u64,
    remaining: u64,
    reset: i64,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_id: Option<String>,
}

async fn multi_limit(
    app: Arc<App>,
    cx: OpCtx,
    bodies: List<LimitBody, 1, 100>,
) -> Result<Reply<MultiLimitOut>> {
    let requests: Vec<LimitRequest> = bodies.into_iter().map(LimitRequest::from).collect();
    let outcome = app.ratelimits.multi_limit(&cx, &requests).await?;
    let limits = requests.into_iter().zip(outcome.limits).map(|(request, limit)| MultiLimitItem {
        namespace: request.namespace,
        identifier: request.identifier,
        limit: limit.limit,
        remaining: limit.remaining,
        reset: limit.reset_ms,
        passed: limit.passed,
        override_id: limit.override_id.map(|id| id.into_string()),
    });
    let reply = Reply::from(MultiLimitOut { passed: outcome.passed, limits: limits.collect() });
    Ok(reply.outcome(verdict(outcome.passed)))
}
