//! One identity: its facts and keys, and the requests with any of them.

use web::components::{FilterField, FilterKind, Filters, Outcome};
use web::pages::identity::{IdentityView, show as page};
use web::pages::parts::Named;
use web::paths::QUERY;
use web::texts::{common, identities as text};

use super::verification_rows;
use crate::http::dashboard::event_log::EventLog;
use crate::http::dashboard::lists::{related_keys, search_filters, tally};
use crate::http::dashboard::live_log::{LiveLog, follow, is_stream};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::metadata;
use crate::http::dashboard::presenters::limit::limit_rule;
use crate::http::dashboard::presenters::spending::spent_month;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::Result;
use domain::identities::Identity;
use domain::keys::SharedBy;
use insight::analytics::Filter;
use insight::search::Kind;

/// `GET /identities/:id`, by id or external id; with `live=events` the new rows
/// of its log alone.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let identity = request.app.identities.get(&request.cx, request.id()).await?;
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    request.cx.require(Operation::AnalyticsVerifications, Target::NONE)?;
    let filter = filter(&request, &identity);
    if is_stream(&request) {
        let (kind, needs) = (Kind::Verifications, Operation::AnalyticsVerifications);
        return Ok(follow(request, LiveLog { kind, filter, needs, draw: verification_rows::draw }));
    }
    let log = EventLog::read(&request, Kind::Verifications, filter).await?;
    Ok(Reply::page(page(&request.shell, &view(&request, &identity, log).await?)))
}

async fn view(request: &MemberRequest, identity: &Identity, log: EventLog) -> Result<IdentityView> {
    let rows = verification_rows::rows(request, &log.page.events).await?;
    let line = request.app.identities.line(&request.cx, &identity.id).await?;
    let (keys, more_keys) = related_keys(request, &SharedBy::Identity(identity.id.clone())).await?;
    let spending = request.app.identities.spending(&request.cx, std::slice::from_ref(&identity.id)).await?;
    let spending = spending.get(&identity.id).copied();
    Ok(IdentityView {
        identity: Named::new(identity.id.as_str(), &identity.external_id),
        created: request.stamp(identity.created_at),
        last_used: request.maybe_stamp(line.as_ref().and_then(|line| line.last_used_at)),
        keys,
        more_keys,
        total_keys: tally(line.map(|line| line.keys).unwrap_or_default()),
        limits: identity.limits.iter().map(|limit| limit_rule(limit, None, false)).collect(),
        month: spending.map(|spending| spent_month(spending, request.now_ms(), |at_ms| request.stamp(at_ms))),
        meta: metadata::shown(&identity.meta)?,
        filters: filters(request).await?,
        live: log.live(request),
        requests: log.bars(request, "requests", common::VERIFICATIONS, &Outcome::OF_KEYS),
        pager: log.pager(rows.len()),
        range: log.span.range,
        rows,
    })
}

fn filter(request: &MemberRequest, identity: &Identity) -> Filter {
    let all = |name: &str| request.query().all(name).map(ToOwned::to_owned).collect();
    Filter {
        identities: vec![identity.id.to_string()],
        outcomes: all("outcome"),
        keys: all("key"),
        tags: all("tag"),
        text: request.query().given(QUERY).map(ToOwned::to_owned),
        ..Filter::default()
    }
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
            field("outcome", common::OUTCOME, FilterKind::AnyOf(outcomes.collect())),
            field("key", text::KEY_ID, text("key_…")),
            field("tag", text::TAG, text(text::TAG_PLACEHOLDER)),
        ],
        ..search_filters(request, text::REQUEST_ID_TAG_OR_SOURCE).await?
    })
}
