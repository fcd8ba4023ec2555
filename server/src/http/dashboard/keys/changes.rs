//! What was changed of a key.

use web::components::Pager;
use web::pages::key::{KeyChangesView, changes as changes_page};

use super::key_page::KeyPage;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::audit::audit_rows;
use crate::http::dashboard::reply::Reply;
use base::audit::AuditFilter;
use base::error::Result;

/// `GET /keys/:id/changes`.
pub async fn changes(request: MemberRequest) -> Result<Reply> {
    let page = KeyPage::of(&request).await?;
    let filter = AuditFilter { target: Some(page.details.key.id.to_string()), ..AuditFilter::default() };
    let found = request.app.audit_log.list(&request.cx, &filter, &request.page()).await?;
    let rows = audit_rows(&request, found.items).await?;
    let pager = Pager {
        shown: i64::try_from(rows.len()).unwrap_or(0),
        total: None,
        next: found.next,
        rows: Some(request.rows()),
    };
    let view = KeyChangesView { key: page.head(&request).await?, here: request.here(), rows, pager };
    Ok(Reply::page(changes_page(&request.shell, &view)))
}
