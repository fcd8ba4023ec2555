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

use super::charts::outcome_bars;
use super::endpoint::member;
use super::event_query::event_question;
use super::member_request::MemberRequest;
use super::outcome_counts::{bad, sum};
use super::presenters::audit::audit_row;
use super::reply::Reply;
use super::saved_views::saved_view;
use super::time_span::TimeSpan;
use crate::app::App;
use crate::http::methods::get;
use base::access::{Operation, Target};
use base::audit::AuditFilter;
use base::error::Result;
use base::events::KEEP_DAYS;
use base::store::Page;
use insight::analytics::{Buckets, Counts, Filter, PageOf, Row};
use insight::search::Kind;

const DAY_MS: i64 = 24 * 60 * 60_000;

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
        DayComparison::ask(request, &span),
        warnings::warnings(request),
        changes(request),
        server_health::facts(request, &span),
        request.app.users.views(&request.cx, None),
    )?;
    let buckets = span.buckets(request.zone)?;
    let of_span = (&buckets, &span);
    Ok(HomeView {
        here: request.here(),
        range: span.range.clone(),
        before: "the day before".to_owned(),
        verifications: counts.compared(|counts| counts.verified.total()),
        denials: counts.compared(|counts| bad(&counts.verified)),
        decisions: counts.compared(|counts| counts.decided.total()),
        blocked: counts.compared(|counts| counts.decided.denied),
        requests: outcome_bars(
            request,
            "requests",
            "Verifications",
            &Outcome::OF_KEYS,
            &counts.rows,
            of_span,
        ),
        failing: most_refused::most(request, &span, &counts).await?,
        first_steps: counts.is_empty() && !was_ever_verified(request).await?,
        concerns,
        changes,
        health,
        views: views.into_iter().filter_map(saved_view).collect(),
    })
}

/// What happened in one span.
#[derive(Default)]
struct DayCounts {
    verified: Counts,
    decided: Counts,
}

/// What happened in a span, and in the same span of the day before.
struct DayComparison {
    /// Verifications by bucket.
    rows: Vec<Row>,
    now: DayCounts,
    before: DayCounts,
}

impl DayComparison {
    async fn ask(request: &MemberRequest, span: &TimeSpan) -> Result<Self> {
        let buckets = span.buckets(request.zone)?;
        let ((rows, verified_before), (decided, decided_before)) = tokio::try_join!(
            now_and_before(request, Kind::Verifications, span, &buckets),
            now_and_before(request, Kind::Ratelimits, span, &buckets),
        )?;
        Ok(Self {
            now: DayCounts { verified: sum(&rows), decided: sum(&decided) },
            before: DayCounts { verified: verified_before, decided: decided_before },
            rows,
        })
    }

    fn compared(&self, figure: impl Fn(&DayCounts) -> i64) -> Compared {
        Compared { now: figure(&self.now), before: figure(&self.before) }
    }

    fn is_empty(&self) -> bool {
        let total = |counted: &DayCounts| counted.verified.total() + counted.decided.total();
        total(&self.now) + total(&self.before) == 0
    }
}

/// The counts of a span by bucket, and those of the same span a day before, from
/// one question: what the spans have in common is counted once.
async fn now_and_before(
    request: &MemberRequest,
    kind: Kind,
    span: &TimeSpan,
    buckets: &Buckets,
) -> Result<(Vec<Row>, Counts)> {
    let before = span.start_ms - DAY_MS..span.end_ms - DAY_MS;
    let mut starts = buckets.starts(span.start_ms, span.end_ms);
    starts.extend([before.start, before.end, span.start_ms]);
    starts.sort_unstable();
    starts.dedup();
    let mut question = event_question(request, kind, span, Filter::default());
    question.start_ms = before.start;
    question.buckets = Some(Buckets::From(starts));
    let pieces = request.app.analytics.count(question).await?;
    let within = |span: Range<i64>| pieces.iter().filter(move |row| span.contains(&row.time_ms)).cloned();
    let now: Vec<Row> = within(span.start_ms..span.end_ms).collect();
    let before: Vec<Row> = within(before).collect();
    Ok((buckets.folded(&now), sum(&before)))
}

async fn was_ever_verified(request: &MemberRequest) -> Result<bool> {
    let of = PageOf {
        kind: Kind::Verifications,
        workspace: request.cx.workspace.clone(),
        start_ms: request.now_ms() - KEEP_DAYS * DAY_MS,
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
    Ok(found.items.into_iter().map(|entry| audit_row(request, entry)).collect())
}

/// `GET /style`, in debug builds.
async fn show_style(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(style::style(&request.shell)))
}
