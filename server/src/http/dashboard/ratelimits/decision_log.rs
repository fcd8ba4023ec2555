//! The decisions of a namespace one by one, newest first, and as they are made.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{Filters, Outcome};
use web::pages::namespace::{DecisionRow, NamespaceLogsView, decision_row, logs};
use web::paths::{self, QUERY};
use web::texts::ratelimits as text;

use super::{decisions, identifier_field, namespace_of_path, outcome_field};
use crate::http::dashboard::event_log::EventLog;
use crate::http::dashboard::lists::search_filters;
use crate::http::dashboard::live_log::{LiveLog, follow, is_stream};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::Result;
use base::events::{Stored, StoredRatelimit};
use insight::analytics::Filter;
use insight::search::Kind;

/// `GET /ratelimits/:id/logs`; with `live=events` the new rows alone.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    request.cx.require(Operation::AnalyticsRatelimits, Target::namespace(&found.id))?;
    let filter = filter(&request, found.id.as_str());
    if is_stream(&request) {
        let (kind, needs) = (Kind::Ratelimits, Operation::LogsRead);
        return Ok(follow(request, LiveLog { kind, filter, needs, draw }));
    }
    let log = EventLog::read(&request, Kind::Ratelimits, filter).await?;
    let rows: Vec<_> = log.page.events.iter().filter_map(|event| row(&request, event)).collect();
    let filters = search_filters(&request, text::BEGINNING_OF_AN_ID).await?;
    let view = NamespaceLogsView {
        namespace,
        filters: Filters { fields: vec![outcome_field(), identifier_field()], ..filters },
        live: log.live(&request),
        requests: log.bars(&request, "requests", text::DECISIONS, &Outcome::DECISIONS),
        pager: log.pager(rows.len()),
        range: log.span.range,
        rows,
    };
    Ok(Reply::page(logs(&request.shell, &view)))
}

fn filter(request: &MemberRequest, namespace: &str) -> Filter {
    Filter {
        namespaces: vec![namespace.to_owned()],
        identifiers: request.query().all("identifier").map(ToOwned::to_owned).collect(),
        outcomes: decisions(request),
        text: request.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    }
}

fn draw(request: &MemberRequest, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    let (here, rows) = (request.here(), events.iter().filter_map(|event| row(request, event)));
    let rows: Vec<_> = rows.map(|row| decision_row(&row, &here)).collect();
    async move { Ok(rows) }.boxed()
}

fn row(request: &MemberRequest, event: &Stored) -> Option<DecisionRow> {
    let Stored::Ratelimit(event) = event else { return None };
    let StoredRatelimit { time_ms, passed, limit, remaining, reset_ms, cost, latency_us, .. } = *event;
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Some(DecisionRow {
        href: paths::namespace_logs(&event.namespace).with(QUERY, &event.request_id),
        at: request.stamp(time_ms),
        identifier: event.identifier.clone(),
        passed,
        limit: number(limit),
        remaining: number(remaining),
        duration_ms: None,
        cost: number(cost),
        reset: request.stamp(reset_ms),
        overridden: event.ratelimit_override.is_some(),
        latency_us: i64::from(latency_us),
    })
}
