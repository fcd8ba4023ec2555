//! `unkey events list | top | latency`: what was verified and limited.

use clap::ArgMatches;

use super::options::span;
use super::output::{Output, date, table};
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use base::events::Stored;
use insight::analytics::{Buckets, Filter, GroupBy, Metric, PageOf, Question, Row, Unit, Zone};
use insight::search::Kind;

/// The newest events.
pub(super) async fn list(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let (start_ms, end_ms) = span(cx, matches);
    let of = PageOf {
        kind: kind(matches),
        workspace: cx.workspace.clone(),
        start_ms,
        end_ms,
        filter: filter(matches),
        limit: matches.get_one::<usize>("limit").copied().unwrap_or(50),
        after: None,
    };
    let page = app.analytics.page(of).await?;
    Ok(Output::text(table(&page.events.iter().map(row).collect::<Vec<_>>())))
}

fn row(event: &Stored) -> Vec<String> {
    match event {
        Stored::Verification(event) => vec![
            date(event.time_ms),
            event.outcome.clone(),
            event.key.clone(),
            event.external_id.clone().unwrap_or_default(),
            event.denial.clone().unwrap_or_default(),
            event.tags.join(" "),
            event.request_id.clone(),
        ],
        Stored::Ratelimit(event) => vec![
            date(event.time_ms),
            if event.passed { "passed" } else { "denied" }.to_owned(),
            event.namespace.clone(),
            event.identifier.clone(),
            format!("{} of {} left", event.remaining, event.limit),
            event.request_id.clone(),
        ],
        Stored::Request(event) => super::requests::row(event),
    }
}

/// Who or what occurs most.
pub(super) async fn top(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let by = matches.get_one::<(Kind, GroupBy)>("by").copied();
    let (kind, group) = by.unwrap_or((Kind::Verifications, GroupBy::Key));
    let question = question(cx, matches, kind);
    let limit = matches.get_one::<usize>("limit").copied().unwrap_or(10);
    let top = app.analytics.top(question, group, Metric::Total, limit).await?;
    let line = |row: &Row| {
        let good = row.counts.valid + row.counts.passed;
        vec![
            row.groups.first().cloned().unwrap_or_default(),
            format!("{} events", row.counts.total()),
            format!("{} refused", row.counts.total() - good),
        ]
    };
    let output = Output::text(table(&top.rows.iter().map(line).collect::<Vec<_>>()));
    Ok(if top.approximate { output.remark("There are so many that others may belong here.") } else { output })
}

/// How long things took, by day or hour.
pub(super) async fn latency(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let mut question = question(cx, matches, kind(matches));
    let unit = matches.get_one::<Unit>("by").copied().unwrap_or(Unit::Day);
    question.buckets = Some(Buckets::of(unit, Zone::UTC, question.start_ms, question.end_ms)?);
    let header = ["from", "events", "average", "p50", "p75", "p90", "p99", "max"].map(str::to_owned).to_vec();
    let ms = |us: f64| format!("{:.2} ms", us / 1000.0);
    let rows = app.analytics.latency(question).await?.into_iter().map(|row| {
        let us = [row.p50_us, row.p75_us, row.p90_us, row.p99_us, row.max_us];
        let mut cells = vec![date(row.time_ms), row.count.to_string(), ms(row.avg_us)];
        cells.extend(us.map(|us| ms(us as f64)));
        cells
    });
    Ok(Output::text(table(&std::iter::once(header).chain(rows).collect::<Vec<_>>())))
}

fn question(cx: &OpCtx, matches: &ArgMatches, kind: Kind) -> Question {
    let (start_ms, end_ms) = span(cx, matches);
    Question {
        kind,
        workspace: cx.workspace.clone(),
        start_ms,
        end_ms,
        filter: filter(matches),
        buckets: None,
        group_by: Vec::new(),
    }
}

fn kind(matches: &ArgMatches) -> Kind {
    matches.get_one::<Kind>("kind").copied().unwrap_or(Kind::Verifications)
}

fn filter(matches: &ArgMatches) -> Filter {
    let texts = |name: &str| matches.get_one::<String>(name).cloned().into_iter().collect();
    Filter {
        keys: texts("key"),
        external_ids: texts("external-id"),
        outcomes: texts("outcome"),
        tags: texts("tag"),
        identifiers: texts("identifier"),
        request_ids: texts("request-id"),
        text: matches.get_one("text").cloned(),
        ..Filter::default()
    }
}
