//! One API: how much it was used in a span, and by which keys.
//!
//! The keys of the table are the first of a ranking, a page of them at a time;
//! whatever is asked of them is asked for all at once.

use std::collections::HashSet;

use base::ids::KeyId;
use web::charts::{Bars, Line, Lines, Unit};
use web::components::{FilterField, FilterKind, Filters, Outcome, Pager, Sorting};
use web::pages::api::{ApiView, KeyUse, overview as page};
use web::pages::parts::ApiRef;
use web::paths::{CURSOR, QUERY, SORT};
use web::texts::{apis as text, common};

use crate::http::dashboard::api_reference::api_of_path;
use crate::http::dashboard::charts::{bucket_label, outcome_bars};
use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::{count_of, sum};
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::saved_views::saved_views;
use crate::http::dashboard::span_before::SpanBefore;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::error::{Code, Result};
use domain::apis::Api;
use insight::analytics::{Buckets, Counts, Distinct, Filter, GroupBy, Metric, Question, Row, Top};
use insight::search::Kind;

/// Keys of a page.
const ROWS: usize = 50;
/// Keys of all pages: a ranking is made anew for each.
const MAX_ROWS: usize = 1000;

/// `GET /apis/:id`.
pub async fn overview(request: MemberRequest) -> Result<Reply> {
    let (api, reference) = api_of_path(&request).await?;
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let view = view(&request, &api, reference).await?;
    Ok(Reply::page(page(&request.shell, &view)))
}

async fn view(request: &MemberRequest, api: &Api, reference: ApiRef) -> Result<ApiView> {
    let span = TimeSpan::of(request, "24h");
    let buckets = span.buckets(request.zone)?;
    let question = event_question(request, Kind::Verifications, &span, filter(request, api));
    let in_buckets = || Question { buckets: Some(buckets.clone()), ..question.clone() };
    let before = SpanBefore::of(request, &span, &buckets);
    let (counts, rows_before, active, keys) = tokio::try_join!(
        request.app.analytics.count(in_buckets()),
        before.count(request, &question),
        distinct(request, in_buckets()),
        ranking(request, question.clone()),
    )?;
    let (over_time, active_keys) = active.unzip();
    let active_keys = active_keys.map(|keys| i64::try_from(keys).unwrap_or(i64::MAX));
    let of_span = (&buckets, &span);
    let requests =
        outcome_bars(request, "requests", common::VERIFICATIONS, &Outcome::OF_KEYS, &counts, of_span);
    Ok(ApiView {
        api: reference,
        filters: filters(request).await?,
        total_keys: api.live_keys,
        active_keys,
        spent_credits: sum(&counts).cost,
        requests: Bars {
            of_outcome: Some(request.here()),
            ..before.beside(request, requests, &rows_before, Counts::total)
        },
        active: active_lines(request, over_time, &buckets, &span),
        sorting: keys.sorting,
        pager: Pager { shown: keys.rows.len() as i64, total: active_keys, next: keys.next, rows: None },
        approximate: keys.approximate,
        keys: keys.rows,
        range: span.range,
    })
}

/// `None` where there are too many to tell apart: the page has the rest still.
async fn distinct(request: &MemberRequest, question: Question) -> Result<Option<(Vec<Distinct>, u64)>> {
    match request.app.analytics.distinct(question, GroupBy::Key).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Code::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

fn active_lines(
    request: &MemberRequest,
    active: Option<Vec<Distinct>>,
    buckets: &Buckets,
    span: &TimeSpan,
) -> Lines {
    let starts = buckets.starts(span.start_ms, span.end_ms);
    let values = match active {
        Some(rows) => rows.iter().map(|row| i64::try_from(row.count).ok()).collect(),
        None => vec![None; starts.len()],
    };
    Lines {
        id: "active",
        title: text::ACTIVE_KEYS.to_owned(),
        unit: Unit::Count,
        labels: starts.iter().map(|start_ms| bucket_label(request, *start_ms, span)).collect(),
        lines: vec![Line { label: text::ACTIVE_KEYS_LINE.to_owned(), values }],
    }
}

fn filter(request: &MemberRequest, api: &Api) -> Filter {
    let all = |name| request.query().all(name).map(ToOwned::to_owned).collect::<Vec<_>>();
    let (identities, external_ids) = all("identity").into_iter().partition(|text| text.starts_with("id_"));
    Filter {
        apis: vec![api.id.to_string()],
        keys: all("key"),
        identities,
        external_ids,
        tags: all("tag"),
        outcomes: all("outcome"),
        text: request.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    }
}

async fn filters(request: &MemberRequest) -> Result<Filters> {
    let text = |name: &str, label: &str, placeholder: &str| FilterField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: FilterKind::Text { placeholder: placeholder.to_owned() },
    };
    let outcomes =
        Outcome::OF_KEYS.iter().map(|outcome| (outcome.code().to_owned(), outcome.label().to_owned()));
    Ok(Filters {
        here: request.here(),
        searches: text::SEARCH_KEY_IDENTITY_OR_TAG.to_owned(),
        fields: vec![
            FilterField {
                name: "outcome".to_owned(),
                label: common::OUTCOME.to_owned(),
                kind: FilterKind::AnyOf(outcomes.collect()),
            },
            text("key", common::KEY, text::KEY_PLACEHOLDER),
            text("identity", common::IDENTITY, text::IDENTITY_PLACEHOLDER),
            text("tag", text::TAG, ""),
        ],
        problems: Vec::new(),
        saved: saved_views(request).await?,
        can_save: true,
    })
}

/// A page of the keys that come first.
struct Ranking {
    rows: Vec<KeyUse>,
    sorting: Sorting,
    approximate: bool,
    next: Option<String>,
}

async fn ranking(request: &MemberRequest, question: Question) -> Result<Ranking> {
    let column = request.query().text(SORT).trim_start_matches('-');
    let (column, metric) = match column {
        "valid" => (column, Metric::Outcome(Outcome::Valid.code().to_owned())),
        "denied" => (column, Metric::Denied),
        _ => ("last_used", Metric::Latest),
    };
    let sorting = Sorting { column: column.to_owned(), descending: true };
    let offset = request.query().text(CURSOR).parse().unwrap_or(0_usize).min(MAX_ROWS - ROWS);
    let end = offset + ROWS;
    let top = first(request, question.clone(), metric, end + 1).await?;
    let next = (top.rows.len() > end && end < MAX_ROWS).then(|| end.to_string());
    let rows: Vec<Row> = top.rows.into_iter().skip(offset).take(ROWS).collect();
    Ok(Ranking { rows: uses(request, question, &rows).await?, sorting, approximate: top.approximate, next })
}

/// The first keys of a ranking. Where it ends, those follow that were used but
/// have none of what is ranked by.
async fn first(request: &MemberRequest, question: Question, metric: Metric, limit: usize) -> Result<Top> {
    let analytics = &request.app.analytics;
    let mut top = analytics.top(question.clone(), GroupBy::Key, metric.clone(), limit).await?;
    let missing = limit.saturating_sub(top.rows.len());
    if missing == 0 || metric == Metric::Latest {
        return Ok(top);
    }
    let all = analytics.top(question, GroupBy::Key, Metric::Total, limit + top.rows.len()).await?;
    let ranked: HashSet<Vec<String>> = top.rows.iter().map(|row| row.groups.clone()).collect();
    let others = all.rows.into_iter().filter(|row| !ranked.contains(&row.groups));
    top.rows.extend(others.take(missing));
    top.approximate |= all.approximate;
    Ok(top)
}

async fn uses(request: &MemberRequest, question: Question, rows: &[Row]) -> Result<Vec<KeyUse>> {
    let ids: Vec<String> = rows.iter().filter_map(|row| row.groups.first().cloned()).collect();
    let key_ids: Vec<KeyId> = ids.iter().map(|id| KeyId::from(id.as_str())).collect();
    let (mut latest, mut summaries) = tokio::try_join!(
        request.app.analytics.latest(question, GroupBy::Key, &ids),
        request.app.keys.summaries(&request.cx, &key_ids),
    )?;
    let one = |(row, id): (&Row, String)| {
        // Of a key that was removed only its id is left.
        let summary = summaries.remove(&KeyId::from(id.as_str()));
        KeyUse {
            label: summary.as_ref().map_or_else(|| id.clone(), |summary| summary.label(&id)),
            deleted: summary.as_ref().is_none_or(|summary| summary.is_deleted),
            identity: summary.and_then(|summary| summary.identity).map(|(id, name)| (name, id.into_string())),
            valid: row.counts.valid,
            denied: denied(&row.counts),
            last_used: request.maybe_stamp(latest.remove(&id)),
            id,
        }
    };
    Ok(rows.iter().zip(ids).map(one).collect())
}

/// Refusals by outcome, the most first.
fn denied(counts: &Counts) -> Vec<(Outcome, i64)> {
    let refusals = Outcome::OF_KEYS.iter().filter(|outcome| !outcome.is_good());
    let counted = refusals.map(|outcome| (*outcome, count_of(counts, *outcome)));
    let mut denied: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
    denied.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    denied
}
