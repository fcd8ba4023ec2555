//! The list of root keys.

use web::components::{Filters, Pager, Sorting};
use web::pages::root_keys::{RootKeyRow, RootKeysView, list as page};
use web::paths::{CURSOR, QUERY, SORT};
use web::texts::root_keys as text;

use super::states;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use domain::root_keys::{FindRootKeys, RootKey, RootKeyOrder};

/// `GET /root-keys`.
pub async fn list(request: MemberRequest) -> Result<Reply> {
    let sorting = sorting(request.query().text(SORT));
    let offset = request.query().text(CURSOR).parse().unwrap_or(0);
    let wanted = FindRootKeys {
        search: request.query().given(QUERY).map(str::to_owned),
        order: order(&sorting.column),
        descending: sorting.descending,
        offset,
        limit: usize::try_from(request.rows()).unwrap_or(usize::MAX),
    };
    let found = request.app.root_keys.find(&request.cx, &wanted).await?;
    let end = offset.saturating_add(found.items.len());
    let view = RootKeysView {
        filters: Filters::search_only(request.here(), text::SEARCH_HINT),
        rows: found.items.into_iter().map(|key| row(&request, key)).collect(),
        sorting,
        pager: Pager {
            shown: (end - offset) as i64,
            total: Some(found.total as i64),
            next: (end < found.total).then(|| end.to_string()),
            rows: Some(request.rows()),
        },
    };
    Ok(Reply::page(page(&request.shell, &view)))
}

/// By name unless the address has another column.
fn sorting(text: &str) -> Sorting {
    let (descending, column) = match text.strip_prefix('-') {
        Some(column) => (true, column),
        None => (false, text),
    };
    let column = if column.is_empty() { "name" } else { column };
    Sorting { column: column.to_owned(), descending }
}

fn order(column: &str) -> RootKeyOrder {
    match column {
        "last_used" => RootKeyOrder::LastUsed,
        "expires" => RootKeyOrder::Expires,
        "created" => RootKeyOrder::Created,
        _ => RootKeyOrder::Name,
    }
}

fn row(request: &MemberRequest, key: RootKey) -> RootKeyRow {
    RootKeyRow {
        states: states(&key, request.now_ms()),
        id: key.id.into_string(),
        name: key.name,
        start: key.start,
        last4: key.last4,
        full: key.full,
        permissions: key.permissions.len() as i64,
        enabled: key.enabled,
        created: request.stamp(key.created_at),
        last_used: request.maybe_stamp(key.last_used_at),
        expires: request.maybe_stamp(key.expires_at),
    }
}
