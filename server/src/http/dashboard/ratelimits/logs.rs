//! The decisions of a namespace one by one, newest first, and as they are made.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::components::{Filters, Outcome, Pager};
use web::pages::namespace::{DecisionRow, NamespaceLogsView, decision_row, logs};
use web::pages::parts::Live;
use web::paths::{self, QUERY};

use super::super::answer::Answer;
use super::super::shown::event_cursor;
use super::super::span::Span;
use super::super::tail::Log;
use super::super::visit::Visit;
use super::{decisions, identifier_field, outcome_field};
use base::error::Result;
use base::events::{Stored, StoredRatelimit};
use base::grants::{Operation, Target};
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

const ROWS: usize = 50;

/// `GET /ratelimits/:id/logs`; with `live=events` the new rows alone.
pub async fn show(visit: Visit) -> Result<Answer> {
    let (found, namespace) = visit.namespace().await?;
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    visit.cx.require(Operation::AnalyticsRatelimits, Target::namespace(&found.id))?;
    let span = visit.span("24h");
    let of = page_of(&visit, found.id.as_str(), &span);
    if visit.is_stream() {
        let (kind, needs) = (Kind::Ratelimits, Operation::LogsRead);
        return Ok(visit.follow(Log { kind, filter: of.filter, needs, draw }));
    }
    let buckets = visit.buckets(&span)?;
    let question = Question {
        buckets: Some(buckets.clone()),
        ..visit.question(Kind::Ratelimits, &span, of.filter.clone())
    };
    let counts = visit.app.analytics.count(question).await?;
    let page = visit.app.analytics.page(of).await?;
    let rows: Vec<_> = page.events.iter().filter_map(|event| row(&visit, event)).collect();
    let filters = Filters {
        fields: vec![outcome_field(), identifier_field()],
        ..visit.searched("Beginning of an identifier or request id").await?
    };
    let view = NamespaceLogsView {
        namespace,
        filters,
        range: span.range.clone(),
        live: Live { on: visit.is_live(), source: visit.tail_source(&page.places) },
        requests: visit.bars("requests", "Decisions", &Outcome::DECISIONS, &counts, (&buckets, &span)),
        pager: Pager { shown: rows.len() as i64, total: None, next: page.next.map(event_cursor) },
        rows,
    };
    Ok(Answer::page(logs(&visit.shell, &view)))
}

fn page_of(visit: &Visit, namespace: &str, span: &Span) -> PageOf {
    let filter = Filter {
        namespaces: vec![namespace.to_owned()],
        identifiers: visit.query().all("identifier").map(ToOwned::to_owned).collect(),
        outcomes: decisions(visit),
        text: visit.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    };
    PageOf { after: visit.events_after(), ..visit.events(Kind::Ratelimits, span, filter, ROWS) }
}

fn draw(visit: &Visit, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    let rows = events.iter().filter_map(|event| row(visit, event));
    let rows: Vec<_> = rows.map(|row| decision_row(&row)).collect();
    async move { Ok(rows) }.boxed()
}

fn row(visit: &Visit, event: &Stored) -> Option<DecisionRow> {
    let Stored::Ratelimit(event) = event else { return None };
    let StoredRatelimit { time_ms, passed, limit, remaining, reset_ms, cost, latency_us, .. } = *event;
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Some(DecisionRow {
        href: paths::namespace_logs(&event.namespace).with(QUERY, &event.request_id),
        at: visit.stamp(time_ms),
        identifier: event.identifier.clone(),
        passed,
        limit: number(limit),
        remaining: number(remaining),
        duration_ms: None,
        cost: number(cost),
        reset: visit.stamp(reset_ms),
        overridden: event.ratelimit_override.is_some(),
        latency_us: i64::from(latency_us),
    })
}
