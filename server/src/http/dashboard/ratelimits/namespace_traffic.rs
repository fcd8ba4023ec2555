//! What a namespace decided in a span: requests, tokens and latency over time,
//! and the identifiers with the most.

use futures_util::try_join;
use web::charts::{Bars, Line, Lines, Unit};
use web::components::{Filters, Outcome, Sorting};
use web::number::exact;
use web::pages::namespace::{IdentifierUse, NamespaceView, requests};
use web::paths::QUERY;
use web::time::duration;

use super::{decisions, identifier_field, namespace_of_path, outcome_field};
use crate::http::dashboard::charts::{bucket_label, outcome_bars};
use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::lists::{chosen_sorting, search_filters};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::span_before::SpanBefore;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::error::Result;
use domain::ratelimit::namespace_admin::Namespace;
use domain::ratelimit::quota::Applied;
use insight::analytics::{Buckets, Counts, Filter, GroupBy, Latency, Metric, Question, Row, Top};
use insight::search::Kind;
use web::pages::parts::NamespaceRef;
use web::texts::{common, ratelimits as text};

/// Identifiers of the table.
const PLACES: usize = 100;

/// `GET /ratelimits/:id`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let (found, namespace) = namespace_of_path(&request).await?;
    request.cx.require(Operation::AnalyticsRatelimits, Target::namespace(&found.id))?;
    let view = view(&request, &found, namespace).await?;
    Ok(Reply::page(requests(&request.shell, &view)))
}

async fn view(request: &MemberRequest, found: &Namespace, namespace: NamespaceRef) -> Result<NamespaceView> {
    let span = TimeSpan::of(request, "24h");
    let buckets = span.buckets(request.zone)?;
    let questions = OutcomeQuestions::of(request, &span, found);
    let sorting = chosen_sorting(request, &["passed", "blocked"], "");
    let ((requests, tokens), latency, (identifiers, left_out)) = try_join!(
        bars(request, &questions, &buckets, &span),
        latency(request, &questions, &buckets, &span),
        identifiers(request, found, &questions, &sorting),
    )?;
    let filters = search_filters(request, text::BEGINNING_OF_AN_IDENTIFIER).await?;
    Ok(NamespaceView {
        namespace,
        filters: Filters { fields: vec![outcome_field(), identifier_field()], ..filters },
        range: span.range.clone(),
        requests,
        tokens,
        latency,
        identifiers,
        sorting: Sorting { descending: true, ..sorting },
        left_out,
    })
}

/// The events in question, and those of each outcome among them.
struct OutcomeQuestions {
    all: Question,
    passed: Option<Question>,
    blocked: Option<Question>,
}

impl OutcomeQuestions {
    fn of(request: &MemberRequest, span: &TimeSpan, namespace: &Namespace) -> Self {
        let chosen = decisions(request);
        let filter = Filter {
            namespaces: vec![namespace.id.to_string()],
            identifiers: request.query().all("identifier").map(ToOwned::to_owned).collect(),
            outcomes: chosen.clone(),
            text: request.query().given(QUERY).map(ToOwned::to_owned),
            ..Filter::default()
        };
        let all = event_question(request, Kind::Ratelimits, span, filter);
        let only = |outcome: &str| {
            let is_asked = chosen.is_empty() || chosen.iter().any(|chosen| chosen == outcome);
            let filter = Filter { outcomes: vec![outcome.to_owned()], ..all.filter.clone() };
            is_asked.then(|| Question { filter, ..all.clone() })
        };
        Self { passed: only("passed"), blocked: only("denied"), all }
    }
}

/// Requests and tokens. An event's cost counts for its outcome, so each outcome
/// is a question of its own.
async fn bars(
    request: &MemberRequest,
    questions: &OutcomeQuestions,
    buckets: &Buckets,
    span: &TimeSpan,
) -> Result<(Bars, Bars)> {
    let count = |question: Option<Question>| async move {
        match question {
            Some(question) => {
                request.app.analytics.count(Question { buckets: Some(buckets.clone()), ..question }).await
            }
            None => Ok(Vec::new()),
        }
    };
    let before = SpanBefore::of(request, span, buckets);
    let (passed, blocked, rows_before) = try_join!(
        count(questions.passed.clone()),
        count(questions.blocked.clone()),
        before.count(request, &questions.all),
    )?;
    let weigh = |row: &Row| {
        let Counts { passed, cost, .. } = row.counts;
        let counts = match passed > 0 {
            true => Counts { passed: cost, ..Counts::default() },
            false => Counts { denied: cost, ..Counts::default() },
        };
        Row { counts, ..row.clone() }
    };
    let rows: Vec<Row> = passed.into_iter().chain(blocked).collect();
    let weighed: Vec<Row> = rows.iter().map(weigh).collect();
    let outcomes = &Outcome::DECISIONS;
    let requests = outcome_bars(request, "requests", common::REQUESTS, outcomes, &rows, (buckets, span));
    let tokens = outcome_bars(request, "tokens", text::TOKENS, outcomes, &weighed, (buckets, span));
    Ok((
        before.beside(request, requests, &rows_before, Counts::total),
        before.beside(request, tokens, &rows_before, |counts| counts.cost),
    ))
}

async fn latency(
    request: &MemberRequest,
    questions: &OutcomeQuestions,
    buckets: &Buckets,
    span: &TimeSpan,
) -> Result<Lines> {
    let question = Question { buckets: Some(buckets.clone()), ..questions.all.clone() };
    let rows = request.app.analytics.latency(question).await?;
    let line = |label: &str, of: fn(&Latency) -> u64| Line {
        label: label.to_owned(),
        values: rows.iter().map(|row| (row.count > 0).then(|| of(row).cast_signed())).collect(),
    };
    Ok(Lines {
        id: "latency",
        title: text::LATENCY.to_owned(),
        unit: Unit::Latency,
        labels: rows.iter().map(|row| bucket_label(request, row.time_ms, span)).collect(),
        lines: vec![
            line("p50", |row| row.p50_us),
            line("p90", |row| row.p90_us),
            line("p99", |row| row.p99_us),
        ],
    })
}

/// The identifiers with the most, and what is not among them.
async fn identifiers(
    request: &MemberRequest,
    namespace: &Namespace,
    questions: &OutcomeQuestions,
    sorting: &Sorting,
) -> Result<(Vec<IdentifierUse>, String)> {
    let metric = match sorting.column.as_str() {
        "passed" => Metric::Outcome("passed".to_owned()),
        "blocked" => Metric::Outcome("denied".to_owned()),
        _ => Metric::Total,
    };
    let by = GroupBy::Identifier;
    let analytics = &request.app.analytics;
    let top = analytics.top(questions.all.clone(), by, metric.clone(), PLACES).await?;
    let top = if metric != Metric::Total && top.rows.len() < PLACES {
        filled(top, analytics.top(questions.all.clone(), by, Metric::Total, PLACES).await?)
    } else {
        top
    };
    let names: Vec<String> = top.rows.iter().filter_map(|row| row.groups.first().cloned()).collect();
    if names.is_empty() {
        return Ok((Vec::new(), String::new()));
    }
    let tokens = |question: Option<Question>| {
        let names = names.clone();
        async move {
            match question {
                Some(question) => analytics.totals(question, by, names).await,
                None => Ok(Vec::new()),
            }
        }
    };
    let (passed, blocked, latest, snapshot) = try_join!(
        tokens(questions.passed.clone()),
        tokens(questions.blocked.clone()),
        analytics.latest(questions.all.clone(), by, &names),
        request.app.namespaces.find(&request.cx.workspace, namespace.id.as_str()),
    )?;
    let cost = |rows: &[Row], index: usize| rows.get(index).map_or(0, |row| row.counts.cost);
    let one = |(index, (name, row)): (usize, (&String, &Row))| IdentifierUse {
        identifier: name.clone(),
        applied: snapshot.as_ref().and_then(|found| found.override_of(name, request.now_ms())).map(applied),
        passed: row.counts.passed,
        blocked: row.counts.denied,
        passed_tokens: cost(&passed, index),
        blocked_tokens: cost(&blocked, index),
        last: request.maybe_stamp(latest.get(name).copied()),
    };
    let rows: Vec<_> = names.iter().zip(&top.rows).enumerate().map(one).collect();
    Ok((rows, left_out(names.len(), top.approximate)))
}

/// Those that have none of what is ranked by come last.
fn filled(mut top: Top, all: Top) -> Top {
    let others: Vec<Row> =
        all.rows.into_iter().filter(|row| top.rows.iter().all(|known| known.groups != row.groups)).collect();
    top.rows.extend(others);
    top.rows.truncate(PLACES);
    Top { approximate: top.approximate || all.approximate, ..top }
}

fn applied(found: Applied<'_>) -> (String, String) {
    let limit = exact(i64::try_from(found.quota.limit).unwrap_or(i64::MAX));
    let every = duration(i64::try_from(found.quota.duration_ms).unwrap_or(i64::MAX));
    (found.id.to_string(), format!("{limit} / {every}"))
}

fn left_out(shown: usize, approximate: bool) -> String {
    match (shown < PLACES, approximate) {
        (true, _) => String::new(),
        (false, false) => text::these_are_the_first(PLACES),
        (false, true) => text::these_are_about_the_first(PLACES),
    }
}
