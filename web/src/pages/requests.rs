//! The log of API requests of a workspace.

use leptos::prelude::*;

use super::parts::{Live, export_link, severity};
use crate::charts::{Bars, bars};
use crate::components::{
    Column, Filters, Icon, Outcome, Pager, Row, Table, TimeRange, columns_menu, empty_state, filter_bar,
    head, log_stamp, mono, nothing, outcome_badge, pager, range_picker, swatch,
};
use crate::paths::{self, Here};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, requests as text};
use crate::time::{Stamp, latency};

/// A request to the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    pub id: String,
    pub at: Stamp,
    pub status: u16,
    /// What a verification came to; its HTTP status is 200 either way.
    pub outcome: Option<Outcome>,
    pub method: String,
    pub path: String,
    /// Name or start of the root key.
    pub caller: Option<String>,
    pub ip: Option<String>,
    pub latency_us: i64,
}

/// `filters` has the fields `status`, `method`, `path`, `outcome`, `caller`,
/// `ip`, `request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestsView {
    pub filters: Filters,
    pub range: TimeRange,
    pub live: Live,
    pub responses: Bars,
    /// What the log leaves out, in a sentence.
    pub sampling: Option<String>,
    pub rows: Vec<RequestRow>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &RequestsView) -> String {
    let here = &view.filters.here;
    let rows = if view.rows.is_empty() && !view.live.on {
        empty_state(Icon::Log, common::NO_REQUEST_HERE, text::NO_REQUEST_HERE_HINT, vec![])
    } else {
        let rows = view.rows.iter().map(row).collect();
        Table::new(common::REQUESTS, heads())
            .of_columns(Some(here))
            .dense()
            .live(view.live.source())
            .rows(rows)
    };
    Page::new(shell, Section::Requests, common::REQUESTS)
        .waiting(view.live.on)
        .action_if(shell.may.admin, || export_link(here, "requests"))
        .body(vec![
            filter_bar(
                shell.csrf(),
                &view.filters,
                vec![range_picker(here, &view.range), view.live.switch(here), columns_menu(here, &heads())],
            ),
            bars(&view.responses),
            view.sampling.clone().map(|note| view! { <p class="hint">{note}</p> }).into_any(),
            rows,
            pager(here, &view.pager, "request"),
        ])
}

fn heads() -> Vec<Column> {
    vec![
        head(common::TIME),
        head(common::STATUS),
        head(text::METHOD),
        head(common::PATH),
        head(common::OUTCOME),
        head(text::CALLER),
        head(common::SOURCE),
        head(common::DURATION).numeric(),
    ]
}

/// One row of the log as the live tail sends it.
pub fn request_row(one: &RequestRow, here: &Here) -> String {
    crate::to_html(row(one).under(&heads(), Some(here)).view(false))
}

fn row(one: &RequestRow) -> Row {
    let status = Outcome::of_status(one.status);
    let worst = one.outcome.filter(|outcome| !outcome.is_good()).unwrap_or(status);
    let time = view! { <a href=paths::request(&one.id).to_string()>{log_stamp(&one.at)}</a> };
    let code =
        view! { <span class="status" title=status.label()>{swatch(status)}{one.status.to_string()}</span> };
    Row::new(vec![
        time.into_any(),
        code.into_any(),
        mono(&one.method),
        mono(&one.path),
        one.outcome.map_or_else(|| nothing("–"), outcome_badge),
        one.caller.as_deref().map_or_else(|| nothing(text::ANONYMOUS), mono),
        one.ip.as_deref().map_or_else(|| nothing("–"), mono),
        view! { <span class="num">{latency(one.latency_us)}</span> }.into_any(),
    ])
    .class(severity(worst))
}
