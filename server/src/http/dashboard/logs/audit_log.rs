//! The audit log, and one entry of it.

use base::ids::AuditId;
use web::components::{Filters, Pager};
use web::pages::audit::{self as page, AuditEntryView, AuditView};
use web::texts::{audit as text, common};

use super::{audit_filter, text_field};
use crate::http::dashboard::known_ids::KnownIds;
use crate::http::dashboard::lists::search_filters;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::audit::{actor_href, actor_kind, audit_rows, way_to};
use crate::http::dashboard::presenters::changes::in_words;
use crate::http::dashboard::presenters::direction_marks::marks_shown;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::time_span::TimeSpan;
use base::audit::AuditTarget;
use base::error::Result;
use insight::search::Kind;

/// `GET /audit`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let span = TimeSpan::of(&request, "7d");
    let filter = audit_filter(request.query(), Some(&span));
    let found = request.app.audit_log.list(&request.cx, &filter, &request.page()).await?;
    let fields = vec![
        text_field("event", common::EVENT, text::EVENT_EXAMPLE),
        text_field("actor", text::ID_OF_ACTOR, text::ACTOR_EXAMPLE),
        text_field("target", text::ID_OF_TARGET, "key_..."),
        text_field("request", common::REQUEST_ID, "req_..."),
    ];
    let view = AuditView {
        filters: Filters { fields, ..search_filters(&request, text::SEARCH_HINT).await? },
        range: span.range,
        pager: Pager {
            shown: found.items.len() as i64,
            total: None,
            next: found.next,
            rows: Some(request.rows()),
        },
        rows: audit_rows(&request, found.items).await?,
    };
    Ok(Reply::page(page::list(&request.shell, &view)))
}

/// `GET /audit/:id`.
pub async fn one(request: MemberRequest) -> Result<Reply> {
    let (entry, related) = request.app.audit_log.get(&request.cx, &AuditId::from(request.id())).await?;
    let (workspace, now_ms) = (&request.cx.workspace, request.now_ms());
    let logged = request.app.analytics.of_request(Kind::Requests, workspace, &entry.request_id, now_ms);
    let known = KnownIds::of(&request, std::slice::from_ref(&entry)).await?;
    let view = AuditEntryView {
        id: entry.id.to_string(),
        at: request.stamp(entry.time_ms),
        actor: entry.actor_name.clone(),
        actor_kind: actor_kind(&entry).to_owned(),
        actor_id: entry.actor_id.clone(),
        actor_href: actor_href(&entry),
        request_logged: logged.await?.is_some(),
        changes: in_words(&request, &known, &entry.event, entry.changes.as_ref()),
        targets: entry.targets.iter().map(|target| target_view(&entry.event, target)).collect(),
        related: audit_rows(&request, related).await?,
        event: entry.event,
        description: marks_shown(&entry.description),
        door: entry.door,
        ip: entry.ip,
        user_agent: entry.user_agent,
        request_id: entry.request_id,
    };
    Ok(Reply::page(page::entry(&request.shell, &view)))
}

fn target_view(event: &str, target: &AuditTarget) -> page::AuditTarget {
    let meta = target.meta.as_ref().and_then(|meta| serde_json::to_string_pretty(meta).ok());
    page::AuditTarget {
        kind: target.kind.clone(),
        id: target.id.clone(),
        name: target.name.clone(),
        href: way_to(event, &target.kind, &target.id),
        meta: meta.unwrap_or_default(),
    }
}
