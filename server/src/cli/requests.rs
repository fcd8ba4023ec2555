//! `unkey requests list`: what the request log holds.

use clap::ArgMatches;

use super::options::span;
use super::output::{Output, date, table};
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
        limit: matches.get_one::<usize>("limit").copied().unwrap_or(50),
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
    Ok(Output::text(table(&rows.collect::<Vec<_>>())))
}

pub(super) fn row(request: &StoredRequest) -> Vec<String> {
    let StoredRequest { status, latency_us, .. } = request;
    vec![
        date(request.time_ms),
        status.to_string(),
        format!("{} {}", request.method, request.path),
        format!("{:.1} ms", f64::from(*latency_us) / 1000.0),
        request.outcome.clone().unwrap_or_default(),
        request.root_key.clone().unwrap_or_default(),
        request.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        request.request_id.clone(),
    ]
}

/// One JSON line with everything.
fn whole(event: &Stored) -> String {
    let Stored::Request(request) = event else { return String::new() };
    serde_json::to_string(request).map(|line| line + "\n").unwrap_or_default()
}
