//! v2 `workspace.*` (docs/contract/v2.md#root-keys-and-workspaces).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::http::offered::Effect;
use crate::http::schema::Nullable;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::workspaces::Month;

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/workspace.getLimits", "Get the limits of a workspace", Effect::Reads, limits)
            .needs(Right::WorkspaceLimitsRead)
            .optional_body(),
        checked("/v2/workspace.getUsage", "Get what a workspace used in a month", Effect::Reads, usage)
            .needs(Right::WorkspaceUsageRead),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct GetLimitsBody {}

/// A limit; `null` is unlimited.
#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WorkspaceLimit")]
pub struct LimitOut {
    limit: Nullable<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<i64>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WorkspaceLimits")]
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
        api_billable_operations_count_max_per_month: LimitOut {
            limit: Nullable(None),
            current: Some(limits.operations_this_month),
        },
        api_requests_count_max_per_minute: limit(limits.api_requests_per_minute),
        logs_retention_days_max: limit(Some(limits.event_retention_days)),
        logs_audit_retention_days_max: limit(None),
        logdrains_max: LimitOut { limit: Nullable(Some(0)), current: Some(0) },
    };
    Ok(out.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct GetUsageBody {
    /// The current month up to now when left out.
    period: Option<MonthBody>,
}

/// A calendar month, UTC, of the last 90 days.
#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "UsageMonth")]
pub struct MonthBody {
    #[oai(validator(minimum(value = "2000"), maximum(value = "9999")))]
    year: i32,
    #[oai(validator(minimum(value = "1"), maximum(value = "12")))]
    month: u32,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "WorkspaceUsage")]
pub struct UsageOut {
    period: PeriodOut,
    totals: TotalsOut,
    breakdowns: BreakdownsOut,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "UsagePeriod")]
pub struct PeriodOut {
    /// Unix milliseconds.
    start: i64,
    /// Unix milliseconds, exclusive.
    end: i64,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "UsageTotals")]
pub struct TotalsOut {
    api: ApiUsageOut,
    compute: ComputeOut,
    gateway: GatewayOut,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "ApiUsage")]
pub struct ApiUsageOut {
    /// Those that were valid.
    verifications: i64,
    /// Those that passed.
    ratelimits: i64,
}

/// Always nothing: this server runs no deployments.
#[serde_schema]
#[derive(Default, Serialize)]
#[oai(rename = "ComputeUsage")]
pub struct ComputeOut {
    #[serde(rename = "cpuSeconds")]
    cpu_seconds: i64,
    #[serde(rename = "memoryGiBHours")]
    memory_gib_hours: i64,
    #[serde(rename = "storageGiBHours")]
    storage_gib_hours: i64,
    #[serde(rename = "egressGiB")]
    egress_gib: i64,
}

/// Always nothing: there is no gateway here.
#[serde_schema]
#[derive(Default, Serialize)]
#[oai(rename = "GatewayUsage")]
#[serde(rename_all = "camelCase")]
pub struct GatewayOut {
    active_keys: i64,
}

/// Always empty: there are no environments and no apps here.
#[serde_schema]
#[derive(Default, Serialize)]
#[oai(rename = "UsageBreakdowns")]
#[serde(rename_all = "camelCase")]
pub struct BreakdownsOut {
    by_environment: Vec<super::shared::Empty>,
    by_app: Vec<super::shared::Empty>,
}

async fn usage(app: Arc<App>, cx: OpCtx, body: GetUsageBody) -> Result<Reply<UsageOut>> {
    let month = body.period.map(|period| Month { year: period.year, month: period.month });
    let found = app.workspaces.usage(&cx, month).await?;
    let api = ApiUsageOut { verifications: found.usage.verifications, ratelimits: found.usage.ratelimits };
    let out = UsageOut {
        period: PeriodOut { start: found.start_ms, end: found.end_ms },
        totals: TotalsOut { api, compute: ComputeOut::default(), gateway: GatewayOut::default() },
        breakdowns: BreakdownsOut::default(),
    };
    Ok(out.into())
}
