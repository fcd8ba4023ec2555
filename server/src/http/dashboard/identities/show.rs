//! One identity: its facts and keys, and the requests with any of them.

use web::components::{FilterField, FilterKind, Filters, LimitRule, Outcome, Pager};
use web::pages::identity::{IdentityView, show as page};
use web::pages::parts::{Live, Named};
use web::paths::QUERY;

use super::super::access::tally;
use super::super::answer::Answer;
use super::super::shown::event_cursor;
use super::super::span::Span;
use super::super::tail::Log;
use super::super::visit::Visit;
use super::log;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::identities::Identity;
use domain::keys::SharedBy;
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

const ROWS: usize = 50;

/// `GET /identities/:id`, by id or external id; with `live=events` the new rows
/// of its log alone.
pub async fn show(visit: Visit) -> Result<Answer> {
    let identity = visit.app.identities.get(&visit.cx, visit.id()).await?;
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    visit.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let span = visit.span("24h");
    let of = page_of(&visit, &identity, &span);
    if visit.is_stream() {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(visit.follow(Log { kind, filter: of.filter, needs, draw: log::draw }));
    }
    let buckets = visit.buckets(&span)?;
    let question = Question {
        buckets: Some(buckets.clone()),
        ..visit.question(Kind::Verifications, &span, of.filter.clone())
    };
    let counts = visit.app.analytics.count(question).await?;
    let log = visit.app.analytics.page(of).await?;
    let rows = log::rows(&visit, &log.events).await?;
    let line = visit.app.identities.line(&visit.cx, &identity.id).await?;
    let (keys, more_keys) = visit.sharing(&SharedBy::Identity(identity.id.clone())).await?;
    let view = IdentityView {
        identity: Named::new(identity.id.as_str(), &identity.external_id),
        created: visit.stamp(identity.created_at),
        last_used: visit.maybe_stamp(line.as_ref().and_then(|line| line.last_used_at)),
        keys,
        more_keys,
        total_keys: tally(line.map(|line| line.keys).unwrap_or_default()),
        limits: limits(&identity),
        meta: meta(&identity)?,
        filters: filters(&visit).await?,
        range: span.range.clone(),
        live: Live { on: visit.is_live(), source: visit.tail_source(&log.places) },
        requests: visit.bars("requests", "Verifications", &Outcome::OF_KEYS, &counts, (&buckets, &span)),
        pager: Pager { shown: rows.len() as i64, total: None, next: log.next.map(event_cursor) },
        rows,
    };
    Ok(Answer::page(page(&visit.shell, &view)))
}

fn page_of(visit: &Visit, identity: &Identity, span: &Span) -> PageOf {
    let all = |name: &str| visit.query().all(name).map(ToOwned::to_owned).collect();
    let filter = Filter {
        identities: vec![identity.id.to_string()],
        outcomes: all("outcome"),
        keys: all("key"),
        tags: all("tag"),
        text: visit.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    };
    PageOf { after: visit.events_after(), ..visit.events(Kind::Verifications, span, filter, ROWS) }
}

async fn filters(visit: &Visit) -> Result<Filters> {
    let field = |name: &str, label: &str, kind: FilterKind| FilterField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
    };
    let text = |placeholder: &str| FilterKind::Text { placeholder: placeholder.to_owned() };
    let outcomes =
        Outcome::OF_KEYS.iter().map(|outcome| (outcome.code().to_owned(), outcome.label().to_owned()));
    Ok(Filters {
        fields: vec![
            field("outcome", "Outcome", FilterKind::AnyOf(outcomes.collect())),
            field("key", "Key id", text("key_…")),
            field("tag", "Tag", text("env=prod, exactly")),
        ],
        ..visit.searched("Request id, tag or source").await?
    })
}

fn limits(identity: &Identity) -> Vec<LimitRule> {
    let rule = |limit: &domain::ratelimit::limits::Limit| LimitRule {
        name: limit.name.clone(),
        limit: limit.limit,
        duration_ms: limit.duration_ms,
        auto_apply: limit.auto_apply,
        used: None,
        inherited: false,
    };
    identity.limits.iter().map(rule).collect()
}

fn meta(identity: &Identity) -> Result<String> {
    Ok(if identity.meta.is_empty() { String::new() } else { serde_json::to_string_pretty(&identity.meta)? })
}
