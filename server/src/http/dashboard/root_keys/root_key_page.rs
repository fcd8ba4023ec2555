//! One root key: what it may do and what it did.

use web::pages::parts::AuditRow;
use web::pages::requests::RequestRow;
use web::pages::root_key::{RootKeyView, show as page};
use web::texts::{common, root_keys as text};

use super::{addresses, id_of, named, states};
use crate::http::dashboard::charts::outcome_bars;
use crate::http::dashboard::event_query::{event_page, event_question};
use crate::http::dashboard::logs::{RESPONSES, request_row};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::audit::audit_rows;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::access::{Operation, Target};
use base::audit::AuditFilter;
use base::error::Result;
use base::events::Stored;
use base::store::Page;
use domain::root_keys::RootKeyDetails;
use insight::analytics::{Filter, GroupBy, Metric, Row};
use insight::search::Kind;

/// Requests, paths and changes that are shown.
const LATEST: usize = 20;

/// `GET /root-keys/:id`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let details = request.app.root_keys.get(&request.cx, &id_of(&request)).await?;
    request.cx.require(Operation::LogsRead, Target::NONE)?;
    Ok(Reply::page(page(&request.shell, &view(&request, details).await?)))
}

async fn view(request: &MemberRequest, details: RootKeyDetails) -> Result<RootKeyView> {
    let span = TimeSpan::of(request, "7d");
    let of_key = Filter { root_keys: vec![request.id().to_owned()], ..Filter::default() };
    let buckets = span.buckets(request.zone)?;
    let mut question = event_question(request, Kind::Requests, &span, of_key.clone());
    let top = request.app.analytics.top(question.clone(), GroupBy::Path, Metric::Total, LATEST).await?;
    question.buckets = Some(buckets.clone());
    let counts = request.app.analytics.count(question).await?;
    let path = |row: Row| Some((row.groups.into_iter().next()?, row.counts.total()));
    let created_by = match &details.created_by {
        Some(id) => Some(called(request, id).await?),
        None => None,
    };
    Ok(RootKeyView {
        key: named(&details.key),
        states: states(&details.key, request.now_ms()),
        created: request.stamp(details.key.created_at),
        created_by,
        last_used: request.maybe_stamp(details.key.last_used_at),
        expires: request.maybe_stamp(details.key.expires_at),
        limit_per_minute: details.limit_per_minute,
        ip_allowlist: addresses(&details),
        called: top.rows.into_iter().filter_map(path).collect(),
        requests: outcome_bars(request, "requests", common::REQUESTS, &RESPONSES, &counts, (&buckets, &span)),
        recent: recent(request, &span, of_key).await?,
        changes: changes(request).await?,
        here: request.here(),
        range: span.range,
        start: details.key.start,
        last4: details.key.last4,
        client: details.key.client.map(|client| client.name),
        full: details.key.full,
        enabled: details.key.enabled,
        permissions: details.key.permissions,
    })
}

async fn recent(request: &MemberRequest, span: &TimeSpan, filter: Filter) -> Result<Vec<RequestRow>> {
    let of = event_page(request, Kind::Requests, span, filter, LATEST);
    let found = request.app.analytics.page(of).await?.events;
    let row = |event: Stored| match event {
        Stored::Request(logged) => Some(request_row(request, &Default::default(), &logged)),
        _ => None,
    };
    Ok(found.into_iter().filter_map(row).collect())
}

async fn changes(request: &MemberRequest) -> Result<Vec<AuditRow>> {
    let filter = AuditFilter { target: Some(request.id().to_owned()), ..AuditFilter::default() };
    let page = Page { limit: LATEST as u64, cursor: None };
    let found = request.app.audit_log.list(&request.cx, &filter, &page).await?;
    audit_rows(request, found.items).await
}

/// Who an id of the audit log is.
async fn called(request: &MemberRequest, id: &str) -> Result<String> {
    if id == "cli" {
        return Ok(text::THE_COMMAND_LINE.to_owned());
    }
    let users = request.app.users.list(&request.cx).await?;
    if let Some(user) = users.into_iter().find(|user| user.id.as_str() == id) {
        return Ok(user.email);
    }
    let names = request.app.root_keys.names(&request.cx, &[id]).await?;
    Ok(names.get(id).map_or_else(|| id.to_owned(), text::root_key_named))
}
