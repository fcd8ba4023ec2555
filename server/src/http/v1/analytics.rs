//! v1 `analytics.getVerifications`: counts by outcome, over time and by group
//! (docs/contract/v1.md#analytics, docs/decisions.md#the-start-of-v1-analytics,
//! docs/decisions.md#several-tags-are-any-of-them).

use std::collections::HashSet;
use std::sync::Arc;

use base::ids::ApiId;
use chrono::{DateTime, Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::given;
use super::operation::{Input, Operation, Reply, get};
use super::shared::within_time;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::events::kept_since_ms;
use insight::analytics::{Buckets, Counts, Filter, GroupBy, Question, Row};
use insight::search::Kind;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Rows that are filled in for slots without events.
const SLOTS_MAX: usize = 50_000;

pub fn operations() -> Vec<Operation> {
    vec![get("/v1/analytics.getVerifications", "Count verifications by outcome", verifications)]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationsQuery {
    api_id: String,
    external_id: Option<String>,
    /// Any of these keys.
    #[oai(validator(max_items = 1000))]
    #[serde(default)]
    key_id: Vec<String>,
    /// Any of these tags.
    #[oai(validator(max_items = 100))]
    #[serde(default)]
    tag: Vec<String>,
    /// Unix milliseconds; as far back as events are kept when left out.
    start: Option<i64>,
    /// Unix milliseconds; now when left out.
    end: Option<i64>,
    #[oai(validator(max_items = 10))]
    #[serde(default)]
    group_by: Vec<GroupName>,
    #[oai(validator(minimum(value = "1")))]
    limit: Option<i64>,
    order_by: Option<OrderName>,
    order: Option<Direction>,
}

#[serde_schema]
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[oai(rename = "VerificationGroup")]
#[serde(rename_all = "lowercase")]
pub enum GroupName {
    Key,
    Identity,
    Tags,
    Tag,
    Month,
    Day,
    Hour,
}

#[serde_schema]
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[oai(rename = "VerificationOrder")]
#[serde(rename_all = "camelCase")]
pub enum OrderName {
    Time,
    Valid,
    NotFound,
    Forbidden,
    UsageExceeded,
    RateLimited,
    Unauthorized,
    Disabled,
    InsufficientPermissions,
    Expired,
    Total,
}

#[serde_schema]
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Asc,
    Desc,
}

impl Input for VerificationsQuery {
    fn check(&self) -> Result<()> {
        if self.group_by.contains(&GroupName::Tag) && self.group_by.contains(&GroupName::Tags) {
            return Err(Error::invalid("You can not group by tag and tags at the same time"));
        }
        match (self.start, self.end) {
            (Some(start), Some(end)) if start >= end => Err(backwards()),
            _ => Ok(()),
        }
    }
}

fn backwards() -> Error {
    Error::invalid("start cannot be equal or greater than end")
}

/// `notFound` and `unauthorized` are always 0: such calls are not recorded.
#[serde_schema]
#[derive(Clone, Default, Serialize)]
#[oai(rename = "VerificationCounts")]
#[serde(rename_all = "camelCase")]
pub struct CountsOut {
    /// Start of the slot, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    /// The API that was asked about.
    api_id: String,
    valid: i64,
    not_found: i64,
    forbidden: i64,
    usage_exceeded: i64,
    rate_limited: i64,
    unauthorized: i64,
    disabled: i64,
    insufficient_permissions: i64,
    expired: i64,
    total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<CountedIdentity>,
}

#[serde_schema]
#[derive(Clone, Serialize)]
#[oai(rename = "VerificationIdentity")]
#[serde(rename_all = "camelCase")]
pub struct CountedIdentity {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

/// Slots of one length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hour,
    Day,
    Month,
}

impl Unit {
    /// A month beats a day beats an hour.
    fn among(groups: &[GroupName]) -> Option<Self> {
        [(GroupName::Month, Unit::Month), (GroupName::Day, Unit::Day), (GroupName::Hour, Unit::Hour)]
            .into_iter()
            .find_map(|(name, unit)| groups.contains(&name).then_some(unit))
    }

    /// Start of the slot that holds this moment.
    fn slot(self, time_ms: i64) -> i64 {
        match self {
            Unit::Hour => time_ms - time_ms.rem_euclid(HOUR_MS),
            Unit::Day => time_ms - time_ms.rem_euclid(DAY_MS),
            Unit::Month => month_of(time_ms).map_or(time_ms, start_of),
        }
    }

    /// Start of the slot after the one that starts here.
    fn next(self, slot_ms: i64) -> i64 {
        match self {
            Unit::Hour => slot_ms.saturating_add(HOUR_MS),
            Unit::Day => slot_ms.saturating_add(DAY_MS),
            Unit::Month => {
                let next = month_of(slot_ms).and_then(|month| month.checked_add_months(Months::new(1)));
                next.map_or(i64::MAX, start_of)
            }
        }
    }

    /// Starts of the slots from one start to before another.
    fn slots(self, from_ms: i64, to_ms: i64) -> Result<Vec<i64>> {
        let slots: Vec<i64> = std::iter::successors(Some(from_ms), |slot| Some(self.next(*slot)))
            .take_while(|slot| *slot < to_ms)
            .take(SLOTS_MAX + 1)
            .collect();
        if slots.len() > SLOTS_MAX {
            return Err(Error::invalid(format!(
                "there are more than {SLOTS_MAX} slots between start and end"
            )));
        }
        Ok(slots)
    }
}

fn month_of(time_ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(time_ms)?.date_naive().with_day(1)
}

fn start_of(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}

async fn verifications(app: Arc<App>, cx: OpCtx, query: VerificationsQuery) -> Result<Reply<Vec<CountsOut>>> {
    let api = app.apis.get(&cx, &ApiId::from(query.api_id.as_str())).await;
    let api = api.telling(Code::ApiNotFound, || "we're unable to find the API".to_owned())?;
    let external_id = given(query.external_id.clone());
    if let Some(external_id) = &external_id
        && !app.identities.exists(&cx, external_id).await?
    {
        return Err(Error::new(Code::IdentityNotFound, "we're unable to find the identity"));
    }
    let span = Span::of(&query, cx.now_ms)?;
    let filter = Filter {
        apis: vec![api.id.into_string()],
        keys: query.key_id.clone(),
        external_ids: external_id.into_iter().collect(),
        tags: query.tag.clone(),
        ..Filter::default()
    };
    let question = span.question(&cx, filter, groups(&query.group_by))?;
    let group_by = question.group_by.clone();
    let rows = app.analytics.count(question).await?;
    let counted = rows.into_iter().filter_map(|row| out(row, &group_by, span.is_grouped)).collect();
    let mut rows = ordered(span.filled(counted, group_by.is_empty())?, &query);
    rows.iter_mut().for_each(|row| row.api_id.clone_from(&query.api_id));
    Ok(rows.into())
}

/// The time that is asked for, in whole slots.
struct Span {
    unit: Unit,
    /// Whether there is a row per slot.
    is_grouped: bool,
    /// Start of the first slot, and of the one that holds the end.
    from_ms: i64,
    to_ms: i64,
}

impl Span {
    fn of(query: &VerificationsQuery, now_ms: i64) -> Result<Self> {
        let start = within_time(query.start.unwrap_or(kept_since_ms(now_ms)));
        let end = within_time(query.end.unwrap_or(now_ms));
        if start >= end {
            return Err(backwards());
        }
        let unit = Unit::among(&query.group_by);
        let slots_of = unit.unwrap_or(Unit::Hour);
        let (from_ms, to_ms) = (slots_of.slot(start), slots_of.slot(end));
        Ok(Self { unit: slots_of, is_grouped: unit.is_some(), from_ms, to_ms })
    }

    fn question(&self, cx: &OpCtx, filter: Filter, group_by: Vec<GroupBy>) -> Result<Question> {
        Ok(Question {
            kind: Kind::Verifications,
            workspace: cx.workspace.clone(),
            start_ms: self.from_ms,
            end_ms: self.unit.next(self.to_ms),
            filter,
            buckets: self.buckets()?,
            group_by,
        })
    }

    fn buckets(&self) -> Result<Option<Buckets>> {
        Ok(match (self.is_grouped, self.unit) {
            (false, _) => None,
            (true, Unit::Hour) => Some(Buckets::Every(HOUR_MS)),
            (true, Unit::Day) => Some(Buckets::Every(DAY_MS)),
            (true, Unit::Month) => {
                Some(Buckets::From(self.unit.slots(self.from_ms, self.unit.next(self.to_ms))?))
            }
        })
    }

    /// With rows for slots without events, if time is all that rows are told
    /// apart by; the slot of the end only shows if it has any. Without groups
    /// there is exactly one row.
    fn filled(&self, mut rows: Vec<CountsOut>, by_time_alone: bool) -> Result<Vec<CountsOut>> {
        if by_time_alone && !self.is_grouped && rows.is_empty() {
            rows.push(CountsOut::default());
        }
        if by_time_alone && self.is_grouped {
            let known: HashSet<i64> = rows.iter().filter_map(|row| row.time).collect();
            let missing = self.unit.slots(self.from_ms, self.to_ms)?;
            let missing = missing.into_iter().filter(|slot| !known.contains(slot));
            rows.extend(missing.map(|slot| CountsOut { time: Some(slot), ..CountsOut::default() }));
        }
        rows.sort_by_key(|row| row.time);
        Ok(rows)
    }
}

/// What rows are told apart by beside time, each once.
fn groups(names: &[GroupName]) -> Vec<GroupBy> {
    let mut groups = Vec::new();
    for name in names {
        let of_name: &[GroupBy] = match name {
            GroupName::Key => &[GroupBy::Key],
            GroupName::Identity => &[GroupBy::Identity, GroupBy::ExternalId],
            GroupName::Tag => &[GroupBy::Tag],
            GroupName::Tags => &[GroupBy::Tags],
            GroupName::Month | GroupName::Day | GroupName::Hour => &[],
        };
        groups.extend(of_name.iter().filter(|group| !groups.contains(*group)).copied().collect::<Vec<_>>());
    }
    groups
}

/// A row as v1 shows it; `None` for verifications without a tag where rows are
/// told apart by tag.
fn out(row: Row, group_by: &[GroupBy], has_time: bool) -> Option<CountsOut> {
    let Counts {
        valid,
        rate_limited,
        insufficient_permissions,
        forbidden,
        disabled,
        expired,
        usage_exceeded,
        ..
    } = row.counts;
    let mut out = CountsOut {
        time: has_time.then_some(row.time_ms),
        valid,
        forbidden,
        usage_exceeded,
        rate_limited,
        disabled,
        insufficient_permissions,
        expired,
        total: row.counts.total(),
        ..CountsOut::default()
    };
    for (group, text) in group_by.iter().zip(row.groups) {
        match group {
            GroupBy::Tag if text.is_empty() => return None,
            GroupBy::Tag => out.tag = Some(text),
            GroupBy::Tags => out.tags = Some(serde_json::from_str(&text).unwrap_or_default()),
            GroupBy::Key => out.key_id = Some(text),
            GroupBy::Identity if text.is_empty() => {}
            GroupBy::Identity => out.identity = Some(CountedIdentity { id: text, external_id: None }),
            GroupBy::ExternalId => {
                if let Some(identity) = &mut out.identity {
                    identity.external_id = given(Some(text));
                }
            }
            // No question of this door groups by anything else.
            _ => {}
        }
    }
    Some(out)
}

/// First ordered, then cut. Rows come by time.
fn ordered(mut rows: Vec<CountsOut>, query: &VerificationsQuery) -> Vec<CountsOut> {
    if let Some(by) = query.order_by {
        let descends = query.order == Some(Direction::Desc);
        rows.sort_by(|a, b| {
            let order = key(a, by).cmp(&key(b, by));
            if descends { order.reverse() } else { order }
        });
    }
    if let Some(limit) = query.limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    rows
}

fn key(row: &CountsOut, by: OrderName) -> i64 {
    match by {
        OrderName::Time => row.time.unwrap_or_default(),
        OrderName::Valid => row.valid,
        OrderName::NotFound => row.not_found,
        OrderName::Forbidden => row.forbidden,
        OrderName::UsageExceeded => row.usage_exceeded,
        OrderName::RateLimited => row.rate_limited,
        OrderName::Unauthorized => row.unauthorized,
        OrderName::Disabled => row.disabled,
        OrderName::InsufficientPermissions => row.insufficient_permissions,
        OrderName::Expired => row.expired,
        OrderName::Total => row.total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-02-28 23:30:00 UTC.
    const TIME_MS: i64 = 1_772_321_400_000;

    #[test]
    fn slots_are_aligned_in_utc() {
        assert_eq!(Unit::Hour.slot(TIME_MS), TIME_MS - HOUR_MS / 2);
        assert_eq!(Unit::Day.next(Unit::Day.slot(TIME_MS)), TIME_MS + HOUR_MS / 2);
        assert_eq!(Unit::Month.next(Unit::Month.slot(TIME_MS)), TIME_MS + HOUR_MS / 2);
        assert_eq!(Unit::Month.slot(TIME_MS), 1_769_904_000_000);
        let slots = Unit::Hour.slots(Unit::Hour.slot(TIME_MS), TIME_MS).unwrap();
        assert_eq!(slots, [TIME_MS - HOUR_MS / 2]);
        assert!(Unit::Hour.slots(0, TIME_MS).is_err());
        assert_eq!(Unit::Month.slots(0, DAY_MS * 90).unwrap().len(), 3);
    }
}
