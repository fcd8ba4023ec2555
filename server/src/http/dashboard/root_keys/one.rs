//! One root key: what it may do and what it did.

use web::pages::parts::AuditRow;
use web::pages::requests::RequestRow;
use web::pages::root_key::{RootKeyView, show};

use super::super::answer::Answer;
use super::super::logs::{RESPONSES, request_row};
use super::super::span::Span;
use super::super::visit::Visit;
use super::{id_of, named, states};
use base::audit::AuditFilter;
use base::error::Result;
use base::events::Stored;
use base::grants::{Operation, Target};
use base::store::Page;
use domain::root_keys::RootKeyDetails;
use insight::analytics::{Filter, GroupBy, Metric, Row};
use insight::search::Kind;

/// Requests, paths and changes that are shown.
const LATEST: usize = 20;

/// `GET /root-keys/:id`.
pub async fn one(visit: Visit) -> Result<Answer> {
    let details = visit.app.root_keys.get(&visit.cx, &id_of(&visit)).await?;
    visit.cx.require(Operation::LogsRead, Target::NONE)?;
    let span = visit.span("7d");
    let of_key = Filter { root_keys: vec![visit.id().to_owned()], ..Filter::default() };
    let buckets = visit.buckets(&span)?;
    let mut question = visit.question(Kind::Requests, &span, of_key.clone());
    let top = visit.app.analytics.top(question.clone(), GroupBy::Path, Metric::Total, LATEST).await?;
    question.buckets = Some(buckets.clone());
    let counts = visit.app.analytics.count(question).await?;
    let path = |row: Row| Some((row.groups.into_iter().next()?, row.counts.total()));
    let created_by = match &details.created_by {
        Some(id) => Some(called(&visit, id).await?),
        None => None,
    };
    let view = RootKeyView {
        key: named(&details.key),
        states: states(&details.key, visit.now_ms()),
        created: visit.stamp(details.key.created_at),
        created_by,
        last_used: visit.maybe_stamp(details.key.last_used_at),
        expires: visit.maybe_stamp(details.key.expires_at),
        limit_per_minute: details.limit_per_minute,
        ip_allowlist: addresses(&details),
        called: top.rows.into_iter().filter_map(path).collect(),
        requests: visit.bars("requests", "Requests", &RESPONSES, &counts, (&buckets, &span)),
        recent: recent(&visit, &span, of_key).await?,
        changes: changes(&visit).await?,
        here: visit.here(),
        range: span.range,
        start: details.key.start,
        last4: details.key.last4,
        full: details.key.full,
        enabled: details.key.enabled,
        permissions: details.key.permissions,
    };
    Ok(Answer::page(show(&visit.shell, &view)))
}

pub fn addresses(details: &RootKeyDetails) -> Vec<String> {
    let list = details.ip_allowlist.as_deref().unwrap_or_default();
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

async fn recent(visit: &Visit, span: &Span, filter: Filter) -> Result<Vec<RequestRow>> {
    let of = visit.events(Kind::Requests, span, filter, LATEST);
    let found = visit.app.analytics.page(of).await?.events;
    let row = |event: Stored| match event {
        Stored::Request(request) => Some(request_row(visit, &Default::default(), &request)),
        _ => None,
    };
    Ok(found.into_iter().filter_map(row).collect())
}

async fn changes(visit: &Visit) -> Result<Vec<AuditRow>> {
    let filter = AuditFilter { target: Some(visit.id().to_owned()), ..AuditFilter::default() };
    let page = Page { limit: LATEST as u64, cursor: None };
    let found = visit.app.audit_log.list(&visit.cx, &filter, &page).await?;
    Ok(found.items.into_iter().map(|entry| visit.audit_row(entry)).collect())
}

/// Who an id of the audit log is.
async fn called(visit: &Visit, id: &str) -> Result<String> {
    if id == "cli" {
        return Ok("the command line".to_owned());
    }
    let users = visit.app.users.list(&visit.cx).await?;
    if let Some(user) = users.into_iter().find(|user| user.id.as_str() == id) {
        return Ok(user.email);
    }
    let names = visit.app.root_keys.names(&visit.cx, &[id]).await?;
    Ok(names.get(id).map_or_else(|| id.to_owned(), |name| format!("root key {name}")))
}
