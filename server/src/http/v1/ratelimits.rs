//! v1 `ratelimits.limit` (docs/contract/v1.md#limit). A hot path, as
//! [`super::verify`]. Overrides are in [`super::overrides`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::operation::{Input, Operation, Reply, post};
use crate::app::App;
use crate::http::contract::bounded::Cost;
use crate::http::contract::limits::{Allowance, Window, default_cost, limit_request, verdict};
use crate::http::misplaced_members::known_members;
use crate::http::schema::{AnyObject, present};
use base::access::OpCtx;
use base::error::{Code, Result};
use domain::ratelimit::LimitRequest;

pub fn operations() -> Vec<Operation> {
    vec![post("/v1/ratelimits.limit", "Check and consume one limit", limit)]
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "RatelimitBody")]
#[serde(remote = "Self")]
pub struct LimitBody {
    /// Name of a namespace; created when it does not exist.
    #[serde(default = "default_namespace")]
    namespace: String,
    identifier: String,
    limit: Allowance,
    /// Window length in milliseconds.
    duration: Window,
    #[serde(default = "default_cost")]
    cost: Cost,
    // Why: docs/decisions.md#every-decision-is-exact
    /// Accepted and ignored: one node decides exactly.
    #[serde(default, rename = "async")]
    is_async: bool,
    /// Accepted and ignored, as `resources`.
    #[serde(default, deserialize_with = "present")]
    meta: Option<AnyObject>,
    #[serde(default, deserialize_with = "present")]
    resources: Option<Vec<ResourceBody>>,
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "RatelimitResource")]
#[serde(remote = "Self")]
pub struct ResourceBody {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    meta: Option<AnyObject>,
}

known_members!(LimitBody, ResourceBody);

fn default_namespace() -> String {
    "default".to_owned()
}

impl Input for LimitBody {
    const IS_HOT: bool = true;
}

impl From<LimitBody> for LimitRequest {
    fn from(body: LimitBody) -> Self {
        limit_request(body.namespace, body.identifier, body.limit, body.duration, body.cost)
    }
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Ratelimit")]
pub struct LimitOut {
    success: bool,
    /// The limit that applied, an override's if there is one.
    limit: u64,
    remaining: u64,
    /// End of the current window, Unix milliseconds.
    reset: i64,
}

async fn limit(app: Arc<App>, cx: OpCtx, body: LimitBody) -> Result<Reply<LimitOut>> {
    let request = LimitRequest::from(body);
    let no_namespace = || format!("namespace {} not found", request.namespace);
    let outcome = app
        .ratelimits
        .limit(&cx, &request)
        .await
        .telling(Code::NamespaceNotFound, no_namespace)
        .telling(Code::NamespaceGone, no_namespace)?;
    let out = LimitOut {
        success: outcome.passed,
        limit: outcome.limit,
        remaining: outcome.remaining,
        reset: outcome.reset_ms,
    };
    let limited_by = (!outcome.passed).then(|| outcome.namespace.name.clone());
    Ok(Reply { limited_by, outcome: Some(verdict(outcome.passed)), ..Reply::from(out) })
}
