//! `unkey events list | top | latency`: what was verified and limited.

use clap::ArgMatches;
use serde_json::Value;

use super::listing::{self, Column, durations, moments, plain};
use super::options::{list_format, span};
use super::output::Output;
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
        limit: matches.get_one::<usize>("limit").copied().unwrap_or_default(),
        after: None,
    };
    let page = app.analytics.page(of).await?;
    let columns = if kind(matches) == Kind::Ratelimits { RATELIMITS } else { VERIFICATIONS };
    listing::list(list_format(matches), columns, page.events.iter().map(row))
}

const VERIFICATIONS: &[Column] = &[
    moments("time"),
    plain("outcome"),
    plain("key_id"),
    plain("external_id"),
    plain("denial"),
    plain("tags"),
    plain("request_id"),
];

const RATELIMITS: &[Column] = &[
    moments("time"),
    plain("outcome"),
    plain("namespace"),
    plain("identifier"),
    plain("remaining"),
    plain("limit"),
    plain("request_id"),
];

fn row(event: &Stored) -> Vec<Value> {
    match event {
        Stored::Verification(event) => vec![
            event.time_ms.into(),
            event.outcome.clone().into(),
            event.key.clone().into(),
            event.external_id.clone().into(),
            event.denial.clone().into(),
            event.tags.clone().into(),
            event.request_id.clone().into(),
        ],
        Stored::Ratelimit(event) => vec![
            event.time_ms.into(),
            if event.passed { "passed" } else { "denied" }.into(),
            event.namespace.clone().into(),
            event.identifier.clone().into(),
            event.remaining.into(),
            event.limit.into(),
            event.request_id.clone().into(),
        ],
        Stored::Request(event) => super::requests::row(event),
    }
}

const TOP: &[Column] = &[plain("name"), plain("events"), plain("refused")];

/// Who or what occurs most.
pub(super) async fn top(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let by = matches.get_one::<(Kind, GroupBy)>("by").copied();
    let (kind, group) = by.unwrap_or((Kind::Verifications, GroupBy::Key));
    let question = question(cx, matches, kind);
    let limit = matches.get_one::<usize>("limit").copied().unwrap_or_default();
    let top = app.analytics.top(question, group, Metric::Total, limit).await?;
    let row = |row: &Row| {
        let refused = row.counts.total() - row.counts.valid - row.counts.passed;
        vec![row.groups.first().cloned().into(), row.counts.total().into(), refused.into()]
    };
    let output = listing::list(list_format(matches), TOP, top.rows.iter().map(row))?;
    Ok(if top.approximate { output.remark("There are so many that others may belong here.") } else { output })
}

const LATENCY: &[Column] = &[
    moments("from"),
    plain("events"),
    durations("average_us"),
    durations("p50_us"),
    durations("p75_us"),
    durations("p90_us"),
    durations("p99_us"),
    durations("max_us"),
];

/// How long things took, by day or hour.
pub(super) async fn latency(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let mut question = question(cx, matches, kind(matches));
    let unit = matches.get_one::<Unit>("by").copied().unwrap_or(Unit::Day);
    question.buckets = Some(Buckets::of(unit, Zone::UTC, question.start_ms, question.end_ms)?);
    let rows = app.analytics.latency(question).await?.into_iter().map(|row| {
        let mut cells = vec![row.time_ms.into(), row.count.into(), row.avg_us.into()];
        cells.extend([row.p50_us, row.p75_us, row.p90_us, row.p99_us, row.max_us].map(Value::from));
        cells
    });
    listing::list(list_format(matches), LATENCY, rows)
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
