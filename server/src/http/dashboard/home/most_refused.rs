//! Whose requests are refused most, of keys, identities and identifiers.

use base::ids::KeyId;
use web::components::Outcome;
use web::pages::home::Failing;
use web::paths::{self, Href};
use web::texts::home as text;

use super::Comparison;
use crate::http::dashboard::event_query::event_question;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::{bad, count_of};
use crate::http::dashboard::time_span::TimeSpan;
use base::error::Result;
use insight::analytics::{Counts, Filter, GroupBy, Metric, Row};
use insight::search::Kind;

/// Of each kind.
const PLACES: usize = 3;

/// Asks nothing where nothing was refused.
pub async fn most(request: &MemberRequest, span: &TimeSpan, counts: &Comparison) -> Result<Vec<Failing>> {
    let mut failing = Vec::new();
    if bad(&counts.now.verified) > 0 {
        let (keys, identities) = tokio::try_join!(keys(request, span), identities(request, span))?;
        failing.extend(keys);
        failing.extend(identities);
    }
    if counts.now.decided.denied > 0 {
        failing.extend(identifiers(request, span).await?);
    }
    failing.sort_by(|a, b| b.refused.cmp(&a.refused).then_with(|| a.label.cmp(&b.label)));
    Ok(failing)
}

async fn keys(request: &MemberRequest, span: &TimeSpan) -> Result<Vec<Failing>> {
    let rows = refused(request, span, Kind::Verifications, GroupBy::Key).await?;
    let ids: Vec<KeyId> = rows.iter().map(|row| KeyId::from(name(row))).collect();
    let summaries = request.app.keys.summaries(&request.cx, &ids).await?;
    let row = |(row, id): (&Row, &KeyId)| {
        let label = summaries.get(id).map_or_else(|| id.to_string(), |summary| summary.label(id));
        one(text::KIND_KEY, label, paths::key(id.as_str()), &row.counts)
    };
    Ok(rows.iter().zip(&ids).map(row).collect())
}

async fn identities(request: &MemberRequest, span: &TimeSpan) -> Result<Vec<Failing>> {
    let rows = refused(request, span, Kind::Verifications, GroupBy::ExternalId).await?;
    let row =
        |row: &Row| one(text::KIND_IDENTITY, name(row).to_owned(), paths::identity(name(row)), &row.counts);
    Ok(rows.iter().map(row).collect())
}

/// Identifiers of all namespaces together; each leads to the one that refuses it most.
async fn identifiers(request: &MemberRequest, span: &TimeSpan) -> Result<Vec<Failing>> {
    let first = refused(request, span, Kind::Ratelimits, GroupBy::Identifier).await?;
    let identifiers = first.iter().map(|row| name(row).to_owned()).collect();
    let filter = Filter { identifiers, ..Filter::default() };
    let mut question = event_question(request, Kind::Ratelimits, span, filter);
    question.group_by = vec![GroupBy::Identifier, GroupBy::Namespace];
    let places = request.app.analytics.count(question).await?;
    let row = |row: &Row| {
        let own = places.iter().filter(|place| name(place) == name(row));
        let namespace = own.max_by_key(|place| place.counts.denied)?.groups.get(1)?;
        let logs = paths::namespace_logs(namespace).with("identifier", name(row));
        Some(one(text::KIND_IDENTIFIER, name(row).to_owned(), logs, &row.counts))
    };
    Ok(first.iter().filter_map(row).collect())
}

/// The groups that are refused most, with everything that was asked of them.
async fn refused(request: &MemberRequest, span: &TimeSpan, kind: Kind, by: GroupBy) -> Result<Vec<Row>> {
    let refusals = match kind {
        Kind::Ratelimits => vec!["denied".to_owned()],
        _ => Outcome::OF_KEYS
            .iter()
            .filter(|outcome| !outcome.is_good())
            .map(|one| one.code().to_owned())
            .collect(),
    };
    let only = Filter { outcomes: refusals, ..Filter::default() };
    let analytics = &request.app.analytics;
    let top = analytics.top(event_question(request, kind, span, only), by, Metric::Total, PLACES).await?;
    let names = top.rows.iter().map(|row| name(row).to_owned()).collect();
    analytics.totals(event_question(request, kind, span, Filter::default()), by, names).await
}

fn one(kind: &str, label: String, href: Href, counts: &Counts) -> Failing {
    let refusals =
        Outcome::OF_KEYS.into_iter().chain([Outcome::Blocked]).filter(|outcome| !outcome.is_good());
    let mostly = refusals.max_by_key(|outcome| count_of(counts, *outcome)).unwrap_or(Outcome::Forbidden);
    Failing { kind: kind.to_owned(), label, href, refused: bad(counts), of: counts.total(), mostly }
}

fn name(row: &Row) -> &str {
    row.groups.first().map_or("", String::as_str)
}
