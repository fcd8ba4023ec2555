//! One identity: its facts and keys, and the requests with any of them.

use web::components::{FilterField, FilterKind, Filters, LimitRule, Outcome, Pager};
use web::pages::identity::{IdentityView, show as page};
use web::pages::parts::{Live, Named};
use web::paths::QUERY;

use super::verification_rows;
use crate::http::dashboard::charts::outcome_bars;
use crate::http::dashboard::event_query::{event_cursor, event_page, event_question, events_after};
use crate::http::dashboard::lists::{related_keys, search_filters, tally};
use crate::http::dashboard::live_log::{LiveLog, follow, is_live, is_stream, tail_source};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::identities::Identity;
use domain::keys::Kin;
use insight::analytics::{Filter, PageOf, Question};
use insight::search::Kind;

const ROWS: usize = 50;

/// `GET /identities/:id`, by id or external id; with `live=events` the new rows
/// of its log alone.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let identity = request.app.identities.get(&request.cx, request.id()).await?;
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let span = TimeSpan::of(&request, "24h");
    let of = page_of(&request, &identity, &span);
    if is_stream(&request) {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(follow(
            request,
            LiveLog { kind, filter: of.filter, needs, draw: verification_rows::draw },
        ));
    }
    let buckets = span.buckets(request.zone)?;
    let question = Question {
        buckets: Some(buckets.clone()),
        ..event_question(&request, Kind::Verifications, &span, of.filter.clone())
    };
    let counts = request.app.analytics.count(question).await?;
    let log = request.app.analytics.page(of).await?;
    let rows = verification_rows::rows(&request, &log.events).await?;
    let line = request.app.identities.line(&request.cx, &identity.id).await?;
    let (keys, more_keys) = related_keys(&request, &Kin::Identity(identity.id.clone())).await?;
    let view = IdentityView {
        identity: Named::new(identity.id.as_str(), &identity.external_id),
        created: request.stamp(identity.created_at),
        last_used: request.maybe_stamp(line.as_ref().and_then(|line| line.last_used_at)),
        keys,
        more_keys,
        total_keys: tally(line.map(|line| line.keys).unwrap_or_default()),
        limits: limits(&identity),
        meta: meta(&identity)?,
        filters: filters(&request).await?,
        range: span.range.clone(),
        live: Live { on: is_live(&request), source: tail_source(&request, &log.places) },
        requests: outcome_bars(
            &request,
            "requests",
            "Verifications",
            &Outcome::OF_KEYS,
            &counts,
            (&buckets, &span),
        ),
        pager: Pager { shown: rows.len() as i64, total: None, next: log.next.map(event_cursor) },
        rows,
    };
    Ok(Reply::page(page(&request.shell, &view)))
}

fn page_of(request: &MemberRequest, identity: &Identity, span: &TimeSpan) -> PageOf {
    let all = |name: &str| request.query().all(name).map(ToOwned::to_owned).collect();
    let filter = Filter {
        identities: vec![identity.id.to_string()],
        outcomes: all("outcome"),
        keys: all("key"),
        tags: all("tag"),
        text: request.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    };
    PageOf { after: events_after(request), ..event_page(request, Kind::Verifications, span, filter, ROWS) }
}

async fn filters(request: &MemberRequest) -> Result<Filters> {
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
        ..search_filters(request, "Request id, tag or source").await?
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
