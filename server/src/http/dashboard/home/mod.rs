//! The first page, which answers whether anything is wrong, and the first steps.

mod first_steps;
mod most_refused;
mod server_health;
mod warnings;

use std::ops::Range;
use std::sync::Arc;

use poem::Route;
use web::components::Outcome;
use web::pages::home::{HomeView, home};
use web::pages::parts::{AuditRow, Compared};
use web::pages::style;
use web::texts::{common, home as text};

use super::charts::{add_unknown_keys, outcome_bars};
use super::endpoint::member;
use super::event_query::event_question;
use super::member_request::MemberRequest;
use super::outcome_counts::{bad, sum};
use super::presenters::audit::audit_rows;
use super::reply::Reply;
use super::saved_views::saved_view;
use super::span_before::SpanBefore;
use super::time_span::TimeSpan;
use crate::app::App;
use crate::http::methods::get;
use base::access::{Operation, Target};
use base::audit::AuditFilter;
use base::clock::DAY_MS;
use base::config::LogRequests;
use base::error::Result;
use base::events::{KEEP_REQUESTS_DAYS, kept_since_ms};
use base::store::Page;
use insight::analytics::{Buckets, Counts, Filter, PageOf, Row};
use insight::search::Kind;

/// Entries of the audit log on the first page.
const CHANGES: u64 = 8;

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    let route = route
        .at("/", get(member(app, show)))
        .at("/start", get(member(app, first_steps::choose)))
        .at("/start/protect", get(member(app, first_steps::protect)).post(member(app, first_steps::make_api)))
        .at(
            "/start/limit",
            get(member(app, first_steps::limit)).post(member(app, first_steps::make_namespace)),
        );
    if cfg!(debug_assertions) { route.at("/style", get(member(app, show_style))) } else { route }
}

/// `GET /`.
async fn show(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    request.cx.require(Operation::AnalyticsRatelimits, Target::NONE)?;
    Ok(Reply::page(home(&request.shell, &view(&request).await?)))
}

async fn view(request: &MemberRequest) -> Result<HomeView> {
    let span = TimeSpan::of(request, "24h");
    let (counts, concerns, changes, health, views) = tokio::try_join!(
        Comparison::ask(request, &span),
        warnings::warnings(request),
        changes(request),
        server_health::facts(request, &span),
        request.app.users.views(&request.cx, None),
    )?;
    let buckets = span.buckets(request.zone)?;
    let of_span = (&buckets, &span);
    let mut requests =
        outcome_bars(request, "requests", common::VERIFICATIONS, &Outcome::OF_KEYS, &counts.rows, of_span);
    add_unknown_keys(request, &mut requests, &counts.unknown_rows);
    let is_before_known =
        span.before(request.now_ms()).is_some_and(|before| is_logged(request, before.start));
    if is_before_known {
        let before = SpanBefore::of(request, &span, &buckets);
        requests = before.beside(request, requests, &counts.rows_before, Counts::total);
    }
    Ok(HomeView {
        here: request.here(),
        range: span.range.clone(),
        before: span.before(request.now_ms()).map(|_| span.range.before()),
        is_before_known,
        verifications: counts.compared(|counts| counts.verified.total() + counts.unknown),
        denials: counts.compared(|counts| bad(&counts.verified) + counts.unknown),
        unknown: counts.compared(|counts| counts.unknown),
        unknown_note: unknown_note(request, &span),
        decisions: counts.compared(|counts| counts.decided.total()),
        blocked: counts.compared(|counts| counts.decided.denied),
        requests,
        failing: most_refused::most(request, &span, &counts).await?,
        first_steps: counts.is_empty() && !was_ever_verified(request).await?,
        concerns,
        changes,
        health,
        views: views.into_iter().filter_map(|view| saved_view(request, view)).collect(),
    })
}

/// What happened in one span.
struct Figures {
    verified: Counts,
    /// Verifications with keys that nobody has.
    unknown: i64,
    decided: Counts,
}

/// What happened in a span, and in the span before it.
struct Comparison {
    /// Verifications by bucket.
    rows: Vec<Row>,
    unknown_rows: Vec<Row>,
    /// Both, of the span before, in any order.
    rows_before: Vec<Row>,
    now: Figures,
    before: Figures,
}

impl Comparison {
    async fn ask(request: &MemberRequest, span: &TimeSpan) -> Result<Self> {
        let buckets = span.buckets(request.zone)?;
        let every = Filter::default;
        let (verified, decided, unknown) = tokio::try_join!(
            now_and_before(request, Kind::Verifications, every(), span, &buckets),
            now_and_before(request, Kind::Ratelimits, every(), span, &buckets),
            now_and_before(request, Kind::Requests, of_unknown_keys(), span, &buckets),
        )?;
        let figures = |verified: Counts, decided: Counts, unknown: Counts| Figures {
            verified,
            decided,
            unknown: unknown.total(),
        };
        Ok(Self {
            now: figures(sum(&verified.0), sum(&decided.0), sum(&unknown.0)),
            before: figures(sum(&verified.1), sum(&decided.1), sum(&unknown.1)),
            rows_before: verified.1.into_iter().chain(unknown.1).collect(),
            rows: verified.0,
            unknown_rows: unknown.0,
        })
    }

    fn compared(&self, figure: impl Fn(&Figures) -> i64) -> Compared {
        Compared { now: figure(&self.now), before: figure(&self.before) }
    }

    fn is_empty(&self) -> bool {
        let total = |counted: &Figures| counted.verified.total() + counted.decided.total();
        total(&self.now) + total(&self.before) == 0
    }
}

/// The counts of a span by bucket, and those of the span before it, from one question. The
/// latter are by bucket too if they are shown so.
async fn now_and_before(
    request: &MemberRequest,
    kind: Kind,
    filter: Filter,
    span: &TimeSpan,
    buckets: &Buckets,
) -> Result<(Vec<Row>, Vec<Row>)> {
    let before = span.before(request.now_ms()).unwrap_or(span.start_ms..span.start_ms);
    let mut starts = buckets.starts(span.start_ms, span.end_ms);
    starts.extend([before.start, span.start_ms]);
    starts.extend(SpanBefore::of(request, span, buckets).shown_starts());
    starts.sort_unstable();
    starts.dedup();
    let mut question = event_question(request, kind, span, filter);
    question.start_ms = before.start;
    question.buckets = Some(Buckets::From(starts));
    let pieces = request.app.analytics.count(question).await?;
    let within = |span: Range<i64>| pieces.iter().filter(move |row| span.contains(&row.time_ms)).cloned();
    let now: Vec<Row> = within(span.start_ms..span.end_ms).collect();
    Ok((buckets.folded(&now), within(before).collect()))
}

/// Requests that verified a key which nobody has: they are answered with 200 and always logged.
fn of_unknown_keys() -> Filter {
    Filter {
        outcomes: vec!["served".to_owned()],
        codes: vec![Outcome::NotFound.code().to_owned()],
        ..Filter::default()
    }
}

/// Why unknown keys may be missing from the figures.
fn unknown_note(request: &MemberRequest, span: &TimeSpan) -> Option<String> {
    if request.app.config.request_log == LogRequests::Off {
        return Some(text::UNKNOWN_KEYS_ARE_NOT_COUNTED.to_owned());
    }
    (!is_logged(request, span.start_ms)).then(|| text::unknown_keys_are_counted_for(KEEP_REQUESTS_DAYS))
}

/// Whether the log of requests goes back to a time.
fn is_logged(request: &MemberRequest, time_ms: i64) -> bool {
    time_ms >= request.now_ms() - KEEP_REQUESTS_DAYS * DAY_MS
}

async fn was_ever_verified(request: &MemberRequest) -> Result<bool> {
    let of = PageOf {
        kind: Kind::Verifications,
        workspace: request.cx.workspace.clone(),
        start_ms: kept_since_ms(request.now_ms()),
        end_ms: request.now_ms() + 1,
        filter: Filter::default(),
        limit: 1,
        after: None,
    };
    Ok(!request.app.analytics.page(of).await?.events.is_empty())
}

async fn changes(request: &MemberRequest) -> Result<Vec<AuditRow>> {
    let page = Page { limit: CHANGES, cursor: None };
    let found = request.app.audit_log.list(&request.cx, &AuditFilter::default(), &page).await?;
    audit_rows(request, found.items).await
}

/// `GET /style`, in debug builds.
async fn show_style(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(style::style(&request.shell)))
}
