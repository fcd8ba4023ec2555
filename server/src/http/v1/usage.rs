//! v1 `keys.getVerifications`: verifications a day of one key, or of all keys of
//! one owner (docs/contract/v1.md#verifications-by-day). Deprecated since v1 has
//! `analytics.*`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::ids::KeyId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::{given, no_key};
use super::operation::{Input, Operation, Reply, get};
use super::shared::within_time;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use domain::keys::{Decrypt, GetKey};
use insight::analytics::{Buckets, Filter, Question, Row};
use insight::search::Kind;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days an answer may have.
const DAYS_MAX: i64 = 1000;

pub fn operations() -> Vec<Operation> {
    vec![get(
        "/v1/keys.getVerifications",
        "Count the verifications of a key, or of an owner's keys, by day",
        usage,
    )]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageQuery {
    key_id: Option<String>,
    owner_id: Option<String>,
    /// Unix milliseconds; a day before `end` when left out.
    start: Option<i64>,
    /// Unix milliseconds; now when left out.
    end: Option<i64>,
    granularity: Option<Granularity>,
}

#[serde_schema]
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    Day,
}

impl Input for UsageQuery {}

#[serde_schema]
#[derive(Serialize)]
pub struct UsageOut {
    verifications: Vec<DayOut>,
}

#[serde_schema]
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DayOut {
    /// Midnight UTC, Unix milliseconds.
    time: i64,
    success: i64,
    rate_limited: i64,
    usage_exceeded: i64,
}

impl From<&Row> for DayOut {
    fn from(row: &Row) -> Self {
        Self {
            time: row.time_ms,
            success: row.counts.valid,
            rate_limited: row.counts.rate_limited,
            usage_exceeded: row.counts.usage_exceeded,
        }
    }
}

async fn usage(app: Arc<App>, cx: OpCtx, query: UsageQuery) -> Result<Reply<UsageOut>> {
    let keys = match (given(query.key_id), given(query.owner_id)) {
        (Some(key_id), _) => {
            let command = GetKey { key_id: KeyId::from(key_id.as_str()), decrypt: Decrypt::No };
            let key = app.keys.get(&cx, command).await.telling(Code::KeyNotFound, || no_key(&key_id))?;
            vec![key.key.id]
        }
        (None, Some(owner)) => app.keys.of_owner(&cx, &owner).await?,
        (None, None) => return Err(Error::invalid("keyId or ownerId must be provided")),
    };
    if keys.is_empty() {
        return Err(Error::new(Code::KeyNotFound, "No keys were found to match your query"));
    }
    // v1 takes 0 for a time that was left out.
    let end = within_time(query.end.filter(|end| *end != 0).unwrap_or(cx.now_ms));
    let start = within_time(query.start.filter(|start| *start != 0).unwrap_or(cx.now_ms - DAY_MS));
    Ok(UsageOut { verifications: days(&app, &cx, &keys, start, end).await? }.into())
}

/// Every day from that of `start` through that of `end`, or nothing if there is
/// nothing on any of them.
async fn days(app: &App, cx: &OpCtx, keys: &[KeyId], start: i64, end: i64) -> Result<Vec<DayOut>> {
    let question = Question {
        kind: Kind::Verifications,
        workspace: cx.workspace.clone(),
        start_ms: start - start.rem_euclid(DAY_MS),
        end_ms: end - end.rem_euclid(DAY_MS) + DAY_MS,
        filter: Filter { keys: keys.iter().map(ToString::to_string).collect(), ..Filter::default() },
        buckets: Some(Buckets::Every(DAY_MS)),
        group_by: Vec::new(),
    };
    if (question.end_ms - question.start_ms) / DAY_MS > DAYS_MAX {
        return Err(Error::invalid(format!("there are more than {DAYS_MAX} days between start and end")));
    }
    let slots = Buckets::Every(DAY_MS).starts(question.start_ms, question.end_ms);
    let rows = app.analytics.count(question).await?;
    let counted: BTreeMap<i64, DayOut> = rows.iter().map(|row| (row.time_ms, DayOut::from(row))).collect();
    if counted.values().all(|day| day.success + day.rate_limited + day.usage_exceeded == 0) {
        return Ok(Vec::new());
    }
    let day = |time: i64| counted.get(&time).cloned().unwrap_or(DayOut { time, ..DayOut::default() });
    Ok(slots.into_iter().map(day).collect())
}
