//! `unkey requests list`: what the request log holds.

use clap::ArgMatches;
use serde_json::Value;

use super::listing::{self, Column, durations, moments, plain};
use super::options::{list_format, span};
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use base::events::{Stored, StoredRequest};
use insight::analytics::{Filter, PageOf};
use insight::search::Kind;

/// The newest requests.
pub(super) async fn list(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let texts = |name: &str| matches.get_one::<String>(name).cloned().into_iter().collect();
    // Requests that nobody was authenticated for belong to no workspace.
    let workspace = if matches.get_flag("unauthenticated") { "".into() } else { cx.workspace.clone() };
    let (start_ms, end_ms) = span(cx, matches);
    let of = PageOf {
        kind: Kind::Requests,
        workspace,
        start_ms,
        end_ms,
        filter: Filter {
            statuses: texts("status"),
            paths: texts("path"),
            request_ids: texts("request-id"),
            root_keys: texts("root-key"),
            codes: texts("outcome"),
            text: matches.get_one("text").cloned(),
            ..Filter::default()
        },
        limit: matches.get_one::<usize>("limit").copied().unwrap_or_default(),
        after: None,
    };
    let page = app.analytics.page(of).await?;
    if matches.get_flag("bodies") {
        return Ok(Output::text(page.events.iter().map(whole).collect()));
    }
    let rows = page.events.iter().map(|event| match event {
        Stored::Request(request) => row(request),
        _ => Vec::new(),
    });
    listing::list(list_format(matches), COLUMNS, rows)
}

const COLUMNS: &[Column] = &[
    moments("time"),
    plain("status"),
    plain("method"),
    plain("path"),
    durations("latency_us"),
    plain("outcome"),
    plain("root_key_id"),
    plain("ip"),
    plain("request_id"),
];

pub(super) fn row(request: &StoredRequest) -> Vec<Value> {
    vec![
        request.time_ms.into(),
        request.status.into(),
        request.method.clone().into(),
        request.path.clone().into(),
        request.latency_us.into(),
        request.outcome.clone().into(),
        request.root_key.clone().into(),
        request.ip.map(|ip| ip.to_string()).into(),
        request.request_id.clone().into(),
    ]
}

/// One JSON line with everything.
fn whole(event: &Stored) -> String {
    let Stored::Request(request) = event else { return String::new() };
    serde_json::to_string(request).map(|line| line + "\n").unwrap_or_default()
}
