//! The list of root keys.

use web::components::{Filters, Pager, Sorting};
use web::pages::root_keys::{RootKeyRow, RootKeysView, list as page};
use web::paths::{CURSOR, QUERY, SORT};

use super::super::answer::Answer;
use super::super::visit::Visit;
use super::states;
use base::error::Result;
use domain::root_keys::{FindRootKeys, RootKey, RootKeyOrder};

/// Root keys of a page.
const PAGE: usize = 50;

/// `GET /root-keys`.
pub async fn list(visit: Visit) -> Result<Answer> {
    let sorting = sorting(visit.query().text(SORT));
    let offset = visit.query().text(CURSOR).parse().unwrap_or(0);
    let wanted = FindRootKeys {
        search: visit.query().given(QUERY).map(str::to_owned),
        order: order(&sorting.column),
        descending: sorting.descending,
        offset,
        limit: PAGE,
    };
    let found = visit.app.root_keys.find(&visit.cx, &wanted).await?;
    let end = offset.saturating_add(found.items.len());
    let view = RootKeysView {
        filters: Filters::search_only(visit.here(), "Name, start or permission"),
        rows: found.items.into_iter().map(|key| row(&visit, key)).collect(),
        sorting,
        pager: Pager {
            shown: (end - offset) as i64,
            total: Some(found.total as i64),
            next: (end < found.total).then(|| end.to_string()),
        },
    };
    Ok(Answer::page(page(&visit.shell, &view)))
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

fn row(visit: &Visit, key: RootKey) -> RootKeyRow {
    RootKeyRow {
        states: states(&key, visit.now_ms()),
        id: key.id.into_string(),
        name: key.name,
        start: key.start,
        last4: key.last4,
        full: key.full,
        permissions: key.permissions.len() as i64,
        enabled: key.enabled,
        created: visit.stamp(key.created_at),
        last_used: visit.maybe_stamp(key.last_used_at),
        expires: visit.maybe_stamp(key.expires_at),
    }
}
