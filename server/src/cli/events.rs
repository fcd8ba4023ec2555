//! `unkey events list | top`: what was verified and limited.

use clap::ArgMatches;

use super::Output;
use super::admin::{date, table};
use crate::analytics::{Filter, GroupBy, PageOf, Question};
use crate::app::App;
use crate::error::{Error, Result};
use crate::events::Stored;
use crate::op::OpCtx;
use crate::search::Kind;

const DAY_MS: i64 = 24 * 60 * 60_000;

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
    }
}

/// Who or what occurs most.
pub(super) async fn top(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let by = matches.get_one::<String>("by").map(String::as_str).unwrap_or_default();
    let (kind, group) = match by {
        "api" => (Kind::Verifications, GroupBy::Api),
        "key" => (Kind::Verifications, GroupBy::Key),
        "identity" => (Kind::Verifications, GroupBy::ExternalId),
        "tag" => (Kind::Verifications, GroupBy::Tag),
        "namespace" => (Kind::Ratelimits, GroupBy::Namespace),
        "identifier" => (Kind::Ratelimits, GroupBy::Identifier),
        _ => {
            return Err(Error::invalid(
                "Events can be counted by api, key, identity, tag, namespace or identifier.",
            ));
        }
    };
    let (start_ms, end_ms) = span(cx, matches);
    let question = Question {
        kind,
        workspace: cx.workspace.clone(),
        start_ms,
        end_ms,
        filter: filter(matches),
        buckets: None,
        group_by: vec![group],
    };
    let mut rows = app.analytics.count(question).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.counts.total()));
    rows.truncate(matches.get_one::<usize>("limit").copied().unwrap_or(10));
    let line = |row: &crate::analytics::Row| {
        let good = row.counts.valid + row.counts.passed;
        let name = row.groups.first().filter(|name| !name.is_empty()).map_or("(none)", String::as_str);
        vec![
            name.to_owned(),
            format!("{} events", row.counts.total()),
            format!("{} refused", row.counts.total() - good),
        ]
    };
    Ok(Output::text(table(&rows.iter().map(line).collect::<Vec<_>>())))
}

fn kind(matches: &ArgMatches) -> Kind {
    match matches.get_one::<String>("kind").map(String::as_str) {
        Some("ratelimits") => Kind::Ratelimits,
        _ => Kind::Verifications,
    }
}

fn span(cx: &OpCtx, matches: &ArgMatches) -> (i64, i64) {
    let days = matches.get_one::<i64>("days").copied().unwrap_or(7).clamp(1, 400);
    (cx.now_ms - days * DAY_MS, cx.now_ms + 1)
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
        ..Filter::default()
    }
}
