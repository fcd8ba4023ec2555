//! v2 `workspace.*` (v2 contract, section 15).

use std::sync::Arc;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::error::Result;
use crate::http::schema::Nullable;
use crate::op::OpCtx;

/// Days that logs of requests can be queried (design decision 13).
const LOG_RETENTION_DAYS: i64 = 14;

pub fn operations() -> Vec<Operation> {
    vec![checked::<_, LimitsOut, _, _, _>("/v2/workspace.getLimits", "Get the limits of a workspace", limits)]
}

#[derive(Object, Deserialize)]
pub struct GetLimitsBody {}

/// A limit; `null` is unlimited.
#[derive(Object, Serialize)]
#[oai(rename = "WorkspaceLimit")]
pub struct LimitOut {
    limit: Nullable<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<i64>,
}

#[derive(Object, Serialize)]
#[oai(rename = "WorkspaceLimits", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct LimitsOut {
    api_billable_operations_count_max_per_month: LimitOut,
    api_requests_count_max_per_minute: LimitOut,
    logs_retention_days_max: LimitOut,
    logs_audit_retention_days_max: LimitOut,
    logdrains_max: LimitOut,
}

async fn limits(app: Arc<App>, cx: OpCtx, _: GetLimitsBody) -> Result<Reply<LimitsOut>> {
    let limits = app.workspaces.limits(&cx).await?;
    let limit = |limit| LimitOut { limit: Nullable(limit), current: None };
    let out = LimitsOut {
        api_billable_operations_count_max_per_month: limit(None),
        api_requests_count_max_per_minute: limit(limits.api_requests_per_minute),
        logs_retention_days_max: limit(Some(LOG_RETENTION_DAYS)),
        logs_audit_retention_days_max: limit(None),
        logdrains_max: LimitOut { limit: Nullable(Some(0)), current: Some(0) },
    };
    Ok(out.into())
}
