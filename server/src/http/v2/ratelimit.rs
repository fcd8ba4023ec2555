//! v2 `ratelimit.*` (v2 contract, section 9). The hot path of this door, as
//! [`super::verify`].

use std::sync::Arc;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Reply, hot};
use crate::app::App;
use crate::http::misplaced::known_members;
use crate::http::schema::Batch;
use base::error::Result;
use base::op::OpCtx;
use domain::ratelimit::{LimitOutcome, LimitRequest};

pub fn operations() -> Vec<Operation> {
    vec![
        hot("/v2/ratelimit.limit", "Check and consume one limit", LimitBody::in_bounds, limit),
        hot(
            "/v2/ratelimit.multiLimit",
            "Check several limits, consume all or none",
            many_in_bounds,
            multi_limit,
        ),
    ]
}

#[derive(Object, Deserialize)]
#[oai(rename = "LimitBody")]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct LimitBody {
    /// Name or id of a namespace; created when it does not exist.
    #[oai(validator(min_length = 1, max_length = 512))]
    namespace: String,
    #[oai(validator(min_length = 1, max_length = 512))]
    identifier: String,
    #[oai(validator(minimum(value = "1")))]
    limit: i64,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1000"), maximum(value = "2592000000")))]
    duration: i64,
    #[oai(default = "default_cost", validator(minimum(value = "0")))]
    #[serde(default = "default_cost")]
    cost: i64,
}

known_members!(LimitBody);

fn default_cost() -> i64 {
    1
}

impl LimitBody {
    /// The bounds of the schema above; a test holds the two together.
    fn in_bounds(&self) -> bool {
        let length = |text: &str| !text.is_empty() && text.chars().count() <= 512;
        length(&self.namespace)
            && length(&self.identifier)
            && self.limit >= 1
            && (1000..=2_592_000_000).contains(&self.duration)
            && self.cost >= 0
    }
}

impl From<LimitBody> for LimitRequest {
    fn from(body: LimitBody) -> Self {
        Self {
            namespace: body.namespace,
            identifier: body.identifier,
            limit: body.limit.unsigned_abs(),
            duration_ms: body.duration.unsigned_abs(),
            cost: body.cost.unsigned_abs(),
        }
    }
}

#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
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
    let name = outcome_name(outcome.passed);
    Ok(Reply::from(LimitOut::from(outcome)).outcome(name))
}

fn outcome_name(passed: bool) -> &'static str {
    if passed { "passed" } else { "denied" }
}

fn many_in_bounds(bodies: &Batch<LimitBody>) -> bool {
    (1..=100).contains(&bodies.0.len()) && bodies.0.iter().all(LimitBody::in_bounds)
}

#[derive(Object, Serialize)]
pub struct MultiLimitOut {
    /// Whether every limit passed; nothing is consumed otherwise.
    passed: bool,
    limits: Vec<MultiLimitItem>,
}

#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
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

async fn multi_limit(app: Arc<App>, cx: OpCtx, bodies: Batch<LimitBody>) -> Result<Reply<MultiLimitOut>> {
    let requests: Vec<LimitRequest> = bodies.0.into_iter().map(LimitRequest::from).collect();
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
    Ok(reply.outcome(outcome_name(outcome.passed)))
}
