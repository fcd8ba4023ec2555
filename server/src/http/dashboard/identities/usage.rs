//! What a customer used in a month, and the bill of it.
//!
//! The bill is the answer to a query that the page shows: whoever wants another one
//! changes it. Months are those of UTC, as the tables of SQL have them.

use base::ids::KeyId;
use chrono::{DateTime, NaiveDate};
use web::components::Outcome;
use web::pages::identity_usage::{IdentityUsageView, Kept, KeyUsage, usage};
use web::pages::parts::Named;
use web::paths::{self, Href};
use web::texts::identities as text;

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::{bad, count_of, good, sum};
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Error, Result};
use base::events::kept_since_ms;
use base::month::Month;
use domain::identities::Identity;
use insight::analytics::{Filter, GroupBy, Metric, Question, Row};
use insight::search::Kind;

/// Keys that the page shows; the bill has all.
const KEYS: usize = 50;

/// `GET /identities/:id/usage?month=2026-11`, by id or external id.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let identity = request.app.identities.get(&request.cx, request.id()).await?;
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let month = month_of(request.query().given("month"), request.now_ms())?;
    Ok(Reply::page(usage(&request.shell, &view(&request, &identity, month).await?)))
}

async fn view(request: &MemberRequest, identity: &Identity, month: Month) -> Result<IdentityUsageView> {
    let kept = first_kept(month, request.now_ms());
    // A question is about some time, even where nothing of the month is kept.
    let start_ms = month.start_ms().max(kept_since_ms(request.now_ms())).min(month.next().start_ms() - 1);
    let question = Question {
        kind: Kind::Verifications,
        workspace: request.cx.workspace.clone(),
        start_ms,
        end_ms: month.next().start_ms(),
        filter: Filter { identities: vec![identity.id.to_string()], ..Filter::default() },
        buckets: None,
        group_by: Vec::new(),
    };
    let analytics = &request.app.analytics;
    let (counts, top) = tokio::try_join!(
        analytics.count(question.clone()),
        analytics.top(question, GroupBy::Key, Metric::Total, KEYS + 1),
    )?;
    let counts = sum(&counts);
    let outcomes = Outcome::OF_KEYS.iter().map(|outcome| (*outcome, count_of(&counts, *outcome)));
    let page = |month: Month| paths::identity_usage(identity.id.as_str()).with("month", &month.code());
    let sql = bill(identity, month, kept);
    Ok(IdentityUsageView {
        identity: Named::new(identity.id.as_str(), &identity.external_id),
        month: month.name(),
        earlier: (kept == Some(month.first_day())).then(|| page(month.before())),
        later: (month.next().start_ms() <= request.now_ms()).then(|| page(month.next())),
        outcomes: outcomes.filter(|(_, count)| *count > 0).collect(),
        credits: counts.cost,
        has_more: top.rows.len() > KEYS,
        keys: keys(request, &top.rows[..top.rows.len().min(KEYS)]).await?,
        csv: download(&sql),
        sql,
        kept: match kept {
            Some(day) if day == month.first_day() => Kept::Whole,
            Some(day) => Kept::From(day.format("%-d %B %Y").to_string()),
            None => Kept::Nothing,
        },
    })
}

async fn keys(request: &MemberRequest, rows: &[Row]) -> Result<Vec<KeyUsage>> {
    let ids: Vec<KeyId> = rows.iter().filter_map(|row| Some(row.groups.first()?.as_str().into())).collect();
    let summaries = request.app.keys.summaries(&request.cx, &ids).await?;
    let key = |(row, id): (&Row, &KeyId)| KeyUsage {
        label: summaries.get(id).map_or_else(|| id.to_string(), |summary| summary.label(id)),
        id: id.to_string(),
        accepted: good(&row.counts),
        refused: bad(&row.counts),
        credits: row.counts.cost,
    };
    Ok(rows.iter().zip(&ids).map(key).collect())
}

/// A line for each key and outcome. Ids are ours, letters and digits. SQL refuses to
/// ask for days that are not kept, so days are asked for where a month is not whole.
fn bill(identity: &Identity, month: Month, kept: Option<NaiveDate>) -> String {
    let day = |day: NaiveDate| day.format("%Y-%m-%d");
    let (table, when) = match kept {
        Some(first) if first != month.first_day() => {
            let days = format!(
                "time >= toDate('{}') AND time < toDate('{}')",
                day(first),
                day(month.next().first_day())
            );
            ("key_verifications_per_day_v1", days)
        }
        _ => ("key_verifications_per_month_v1", format!("time = toDate('{}')", day(month.first_day()))),
    };
    format!(
        "SELECT external_id, key_id, outcome, sum(count) AS verifications, sum(spent_credits) AS credits \
         FROM {table} WHERE identity_id = '{}' AND {when} \
         GROUP BY external_id, key_id, outcome ORDER BY key_id, outcome",
        identity.id
    )
}

fn download(sql: &str) -> Href {
    paths::sql().with("query", sql).with("format", "csv")
}

/// The month that an address names; the present one where it names none.
fn month_of(text: Option<&str>, now_ms: i64) -> Result<Month> {
    let Some(text) = text else { return Ok(Month::of(now_ms)) };
    Month::parse(text)
        .filter(|month| month.start_ms() <= now_ms)
        .ok_or_else(|| Error::invalid(text::A_MONTH_IS))
}

/// Its first day of which events are kept; `None` if it ended before.
fn first_kept(month: Month, now_ms: i64) -> Option<NaiveDate> {
    let oldest = DateTime::from_timestamp_millis(kept_since_ms(now_ms))?.date_naive();
    Some(oldest.max(month.first_day())).filter(|first| *first < month.next().first_day())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_996_800_000; // 2026-11-30

    #[test]
    fn a_month_has_begun() {
        assert_eq!(month_of(None, NOW_MS).unwrap().code(), "2026-11");
        assert_eq!(month_of(Some("2025-12"), NOW_MS).unwrap().code(), "2025-12");
        for wrong in ["2026-12", "2026", "99999-01"] {
            assert!(month_of(Some(wrong), NOW_MS).is_err(), "{wrong}");
        }
    }
}
