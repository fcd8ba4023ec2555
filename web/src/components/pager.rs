//! Moving through a list by cursor.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::number::{count, exact};
use crate::paths::{CURSOR, Here, ROW_COUNTS, ROWS};
use crate::texts::components as text;

/// Where a page of a list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// Rows on this page.
    pub shown: i64,
    /// Rows in all, where that is cheap to know.
    pub total: Option<i64>,
    /// Cursor of the page after this; `None` on the last.
    pub next: Option<String>,
    /// How many rows a page has, where that can be chosen.
    pub rows: Option<u64>,
}

/// `noun` is what a row is, in the singular.
pub(crate) fn pager(here: &Here, page: &Pager, noun: &str) -> View {
    if page.shown == 0 {
        return ().into_any();
    }
    let text = match page.total {
        Some(total) if total > page.shown => text::shown_of(exact(page.shown), count(total, noun)),
        _ => count(page.shown, noun),
    };
    let first = here.get(CURSOR).is_some().then(|| {
        view! {
            <a class="button small" href=here.without(&[]).to_string() rel="first">
                {Icon::Left.view()}
                <span>{text::FIRST_PAGE}</span>
            </a>
        }
    });
    let next = page.next.as_ref().map(|cursor| {
        view! {
            <a class="button small" href=here.with(CURSOR, cursor).to_string() rel="next">
                <span>{text::NEXT_PAGE}</span>
                {Icon::Right.view()}
            </a>
        }
    });
    view! { <nav class="pager" aria-label=text::PAGES><p>{text}</p><div>{row_counts(here, page)}{first}{next}</div></nav> }
        .into_any()
}

/// How many rows a page may have, where there are more than the fewest.
fn row_counts(here: &Here, page: &Pager) -> Option<View> {
    let chosen = page.rows?;
    let is_long = page.next.is_some() || here.get(CURSOR).is_some() || chosen != ROW_COUNTS[0];
    let count = |rows: u64| {
        let current = (rows == chosen).then_some("true");
        let label = text::rows_a_page(rows);
        let href = here.with(ROWS, &rows.to_string()).to_string();
        view! { <a class="button small" href=href aria-current=current aria-label=label>{rows.to_string()}</a> }
    };
    is_long.then(|| {
        view! { <span class="hint">{text::ROWS}</span> {ROW_COUNTS.map(count).into_iter().collect_view()} }
            .into_any()
    })
}
