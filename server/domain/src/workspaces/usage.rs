//! What bounds a workspace and what it used
//! (docs/contract/v2.md#root-keys-and-workspaces).

use chrono::{DateTime, Datelike, Months, NaiveDate};

use super::{Workspaces, store};
use base::access::{OpCtx, Operation, Target};
use base::clock::DAY_MS;
use base::error::{Code, Error, Result};
use base::events::KEEP_DAYS;
use insight::analytics::Usage;

/// How far back a month may start.
const OLDEST_MS: i64 = 90 * DAY_MS;

/// What bounds a workspace; everything else here is unlimited.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `None` is unlimited.
    pub api_requests_per_minute: Option<i64>,
    /// Verifications and rate-limit decisions that passed this month.
    pub operations_this_month: i64,
    /// How far back events can be asked for.
    pub event_retention_days: i64,
}

/// A calendar month, UTC.
#[derive(Clone, Copy, Debug)]
pub struct Month {
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

/// What a workspace used from `start_ms` until before `end_ms`.
#[derive(Clone, Copy, Debug)]
pub struct MonthUsage {
    pub start_ms: i64,
    pub end_ms: i64,
    pub usage: Usage,
}

impl Workspaces {
    pub async fn limits(&self, cx: &OpCtx) -> Result<Limits> {
        cx.require(Operation::WorkspaceLimitsRead, Target::NONE)?;
        let own = store::find(self.store.read(), &cx.workspace).await?;
        let own = own.ok_or_else(|| Error::absent(Code::WorkspaceNotFound))?;
        let (start_ms, _) = span(current(cx.now_ms)?)?;
        let usage = self.analytics.usage(&cx.workspace, start_ms, cx.now_ms + 1).await?;
        Ok(Limits {
            api_requests_per_minute: own.api_limit_per_minute,
            operations_this_month: usage.verifications + usage.ratelimits,
            event_retention_days: KEEP_DAYS,
        })
    }

    /// A month of the last 90 days; the current one, up to now, if none is named.
    pub async fn usage(&self, cx: &OpCtx, month: Option<Month>) -> Result<MonthUsage> {
        cx.require(Operation::WorkspaceUsageRead, Target::NONE)?;
        let (start_ms, next_ms) = span(month.map_or_else(|| current(cx.now_ms), Ok)?)?;
        if start_ms > cx.now_ms {
            return Err(Error::invalid("The month lies in the future."));
        }
        if month.is_some() && start_ms < cx.now_ms - OLDEST_MS {
            return Err(Error::invalid("The month must start within the last 90 days."));
        }
        let end_ms = next_ms.min(cx.now_ms);
        let usage = self.analytics.usage(&cx.workspace, start_ms, end_ms).await?;
        Ok(MonthUsage { start_ms, end_ms, usage })
    }
}

fn current(now_ms: i64) -> Result<Month> {
    let now = DateTime::from_timestamp_millis(now_ms).ok_or_else(|| Error::internal("time out of range"))?;
    Ok(Month { year: now.year(), month: now.month() })
}

/// When a month begins and when the next one does.
fn span(month: Month) -> Result<(i64, i64)> {
    let first = NaiveDate::from_ymd_opt(month.year, month.month, 1);
    let span = first.and_then(|first| Some((first, first.checked_add_months(Months::new(1))?)));
    let (first, next) = span.ok_or_else(|| Error::invalid("There is no such month."))?;
    let ms = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    Ok((ms(first), ms(next)))
}
