//! A key's page: its facts and what it was used for; and its changes.

use chrono::{TimeZone, Timelike};
use web::charts::{Bars, Heat};
use web::components::Outcome;
use web::pages::key::{KeyView, activity as activity_page};
use web::pages::parts::{KeyLine, VerificationRow};
use web::texts::{common, keys as text};

use super::key_page::KeyPage;
use crate::http::dashboard::charts::outcome_bars;
use crate::http::dashboard::event_query::{event_page, event_question};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::key::key_line;
use crate::http::dashboard::presenters::verification::rows_of_key;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::span_before::SpanBefore;
use crate::http::dashboard::time_span::TimeSpan;
use base::error::Result;
use base::store::Page;
use domain::keys::{FindKeys, KeyOrder};
use insight::analytics::{Buckets, Counts, Filter, Question, Row, Unit, Zone};
use insight::search::Kind;

const QUARTER_MS: i64 = 15 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;
const FEW_DAYS_MS: i64 = 4 * DAY_MS;
/// Verifications a page shows beside other things.
const LATEST: usize = 10;
/// Keys of the same identity.
const SIBLINGS: u64 = 10;

/// `GET /keys/:id`.
pub async fn activity(request: MemberRequest) -> Result<Reply> {
    let page = KeyPage::of(&request).await?;
    // Asks for the right to read what keys are used for.
    let key = page.head(&request).await?;
    let span = TimeSpan::of(&request, "24h");
    let filter = Filter { keys: vec![key.id.clone()], ..Filter::default() };
    let question = event_question(&request, Kind::Verifications, &span, filter.clone());
    let (requests, fine) = counted(&request, &span, question).await?;
    let view = KeyView {
        facts: page.facts(&request).await?,
        here: request.here(),
        requests,
        rhythm: rhythm(&request, &span, &fine),
        recent: latest(&request, &span, filter).await?,
        siblings: siblings(&request, &page).await?,
        range: span.range,
        key,
    };
    Ok(Reply::page(activity_page(&request.shell, &view)))
}

/// The chart of the span, and the rows that it is added up from.
async fn counted(request: &MemberRequest, span: &TimeSpan, question: Question) -> Result<(Bars, Vec<Row>)> {
    let buckets = span.buckets(request.zone)?;
    let before = SpanBefore::of(request, span, &buckets);
    let rows_before = before.count(request, &question).await?;
    let fine = Question { buckets: Some(fine_buckets(request, span)?), ..question };
    let fine = request.app.analytics.count(fine).await?;
    let (rows, whole) = (buckets.folded(&fine), (&buckets, span));
    let chart = outcome_bars(request, "requests", common::VERIFICATIONS, &Outcome::OF_KEYS, &rows, whole);
    Ok((before.beside(request, chart, &rows_before, Counts::total), fine))
}

/// Buckets that both charts of the page are added up from, so that the events
/// are counted once. All offsets of time zones are quarters of an hour.
fn fine_buckets(request: &MemberRequest, span: &TimeSpan) -> Result<Buckets> {
    match span.end_ms - span.start_ms {
        ..DAY_MS => span.buckets(request.zone),
        DAY_MS..FEW_DAYS_MS => Ok(Buckets::Every(QUARTER_MS)),
        _ => Buckets::of(Unit::Hour, Zone::parse(request.zone.name())?, span.start_ms, span.end_ms),
    }
}

/// Requests by the hour of the reader's day, of spans that have whole days.
fn rhythm(request: &MemberRequest, span: &TimeSpan, rows: &[Row]) -> Option<Heat> {
    if span.end_ms - span.start_ms < DAY_MS || rows.is_empty() {
        return None;
    }
    let mut of_hour = [0_i64; 24];
    for row in rows {
        let local = request.zone.timestamp_millis_opt(row.time_ms).earliest();
        let hour = local.and_then(|local| of_hour.get_mut(local.hour() as usize));
        if let Some(count) = hour {
            *count += row.counts.total();
        }
    }
    let cells = (0..24).zip(of_hour).map(|(hour, count)| (format!("{hour:02}:00"), count)).collect();
    let title = text::requests_by_hour(&span.range.zone);
    Some(Heat { title, cells })
}

async fn latest(request: &MemberRequest, span: &TimeSpan, filter: Filter) -> Result<Vec<VerificationRow>> {
    let of = event_page(request, Kind::Verifications, span, filter, LATEST);
    let page = request.app.analytics.page(of).await?;
    Ok(rows_of_key(request, &page.events))
}

async fn siblings(request: &MemberRequest, page: &KeyPage) -> Result<Vec<KeyLine>> {
    let Some(identity) = &page.details.identity else { return Ok(Vec::new()) };
    let command = FindKeys {
        api_id: None,
        filter: format!("identity:\"{}\"", identity.external_id.replace('"', "\"\"")),
        order: KeyOrder::NewestFirst,
        page: Page { limit: SIBLINGS + 1, cursor: None },
    };
    let found = request.app.keys.find(&request.cx, command).await?;
    let others = found.items.iter().filter(|details| details.key.id != page.details.key.id);
    Ok(others.map(|details| key_line(request, &details.key)).collect())
}
