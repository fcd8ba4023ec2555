//! One namespace: what passed and what was blocked, by identifier and one by one.

use leptos::prelude::*;

use super::parts::{Live, NamespaceRef, severity};
use crate::View;
use crate::charts::{Bars, Lines, bars, lines};
use crate::components::Tone;
use crate::components::{
    Filters, Icon, Outcome, Pager, Row, Sorting, Table, TimeRange, badge, button_link, code_block,
    columns_menu, curl, empty_state, filter_bar, head, link, log_stamp, menu, mono, num, optional_stamp,
    outcome_badge, pager, range_picker, stamp,
};
use crate::number::percent;
use crate::paths::{self, Here, Href};
use crate::shell::Shell;
use crate::texts::{common, ratelimits as text};
use crate::time::{Stamp, duration, latency};

/// An identifier that was limited in the span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierUse {
    pub identifier: String,
    /// Id of the override that applies, and its limit as text: `100 / 1m`.
    pub applied: Option<(String, String)>,
    pub passed: i64,
    pub blocked: i64,
    pub passed_tokens: i64,
    pub blocked_tokens: i64,
    pub last: Option<Stamp>,
}

/// Tab Requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceView {
    pub namespace: NamespaceRef,
    pub filters: Filters,
    pub range: TimeRange,
    pub requests: Bars,
    /// Requests weighted by their cost.
    pub tokens: Bars,
    pub latency: Lines,
    /// The first places by the column of the order.
    pub identifiers: Vec<IdentifierUse>,
    pub sorting: Sorting,
    /// What the table leaves out, as a sentence; empty for nothing.
    pub left_out: String,
}

pub fn requests(shell: &Shell, view: &NamespaceView) -> String {
    let here = &view.filters.here;
    let namespace = &view.namespace;
    let page = namespace.page(shell, common::REQUESTS).action_if(shell.may.write, || {
        button_link(Some(Icon::Plus), text::NEW_OVERRIDE, &paths::new_override(&namespace.id), "primary")
    });
    let table = if view.identifiers.is_empty() { nothing_yet(shell, view) } else { table(shell, view) };
    let charts =
        view! { <div class="charts">{bars(&view.requests)}{bars(&view.tokens)}{lines(&view.latency)}</div> };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![range_picker(here, &view.range)]),
        charts.into_any(),
        table,
        (!view.left_out.is_empty()).then(|| view! { <p class="hint">{view.left_out.clone()}</p> }).into_any(),
    ])
}

fn nothing_yet(shell: &Shell, view: &NamespaceView) -> View {
    if view.filters.is_active() {
        return empty_state(Icon::Search, text::NO_IDENTIFIER_MATCHES, text::CHANGE_FILTERS_OR_SPAN, vec![]);
    }
    let call = format!(
        r#"{{"namespace":"{}","identifier":"user_123","limit":10,"duration":60000}}"#,
        view.namespace.name.replace(['"', '\\'], "")
    );
    let command = curl(shell.origin(), "ratelimit.limit", "YOUR_ROOT_KEY", &call);
    let hint = text::NO_REQUEST_IN_THIS_SPAN_HINT;
    empty_state(
        Icon::Gauge,
        text::NO_REQUEST_IN_THIS_SPAN,
        hint,
        vec![code_block(text::LIMIT_SOMETHING, &command)],
    )
}

fn table(shell: &Shell, view: &NamespaceView) -> View {
    let heads = vec![
        head(text::IDENTIFIER),
        head(text::OVERRIDE),
        head(text::PASSED).numeric().ranked_by("passed"),
        head(text::BLOCKED).numeric().ranked_by("blocked"),
        head(text::TOKENS_PASSED).numeric(),
        head(text::TOKENS_BLOCKED).numeric(),
        head(text::LAST_REQUEST),
        head(""),
    ];
    let rows = view.identifiers.iter().map(|one| row(shell, view, one)).collect();
    Table::new(text::IDENTIFIERS, heads).sorted(&view.filters.here, &view.sorting).rows(rows)
}

fn row(shell: &Shell, view: &NamespaceView, one: &IdentifierUse) -> Row {
    let id = &view.namespace.id;
    let logs = paths::namespace_logs(id).with("identifier", &one.identifier);
    let applied = one.applied.as_ref().map_or_else(
        || crate::components::nothing(common::NONE),
        |(override_id, text)| link(text, &paths::override_(id, override_id)),
    );
    let mut items = vec![button_link(Some(Icon::Log), text::LOG, &logs, "menu-item")];
    if shell.may.write {
        let new = paths::new_override(id).with("identifier", &one.identifier);
        let edit = one.applied.as_ref().map(|(override_id, _)| paths::override_(id, override_id));
        let (name, href) = edit.map_or((text::OVERRIDE, new), |href| (text::EDIT_OVERRIDE, href));
        items.push(button_link(Some(Icon::Edit), name, &href, "menu-item"));
    }
    let blocked =
        view! { <span title=percent(one.blocked, one.passed + one.blocked)>{num(one.blocked)}</span> };
    let name = view! { <a href=logs.to_string()>{mono(&one.identifier)}</a> };
    let cells = vec![
        name.into_any(),
        applied,
        num(one.passed),
        blocked.into_any(),
        num(one.passed_tokens),
        num(one.blocked_tokens),
        optional_stamp(&one.last, common::NEVER),
        menu(&one.identifier, items),
    ];
    let mostly_blocked = one.blocked * 10 > (one.passed + one.blocked) * 6;
    Row::new(cells).class(if mostly_blocked { "row-caution" } else { "" })
}

/// A decision of the limiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The log with this decision alone: what asked for it need not be logged.
    pub href: Href,
    pub at: Stamp,
    pub identifier: String,
    pub passed: bool,
    pub limit: i64,
    pub remaining: i64,
    /// Of the window, where known.
    pub duration_ms: Option<i64>,
    pub cost: i64,
    pub reset: Stamp,
    pub overridden: bool,
    pub latency_us: i64,
}

/// Tab Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceLogsView {
    pub namespace: NamespaceRef,
    pub filters: Filters,
    pub range: TimeRange,
    pub live: Live,
    pub requests: Bars,
    pub rows: Vec<DecisionRow>,
    pub pager: Pager,
}

pub fn logs(shell: &Shell, view: &NamespaceLogsView) -> String {
    let here = &view.filters.here;
    // A tail needs its table, empty or not.
    let rows = if view.rows.is_empty() && !view.live.on {
        empty_state(Icon::Log, text::NO_DECISION_HERE, text::CHANGE_FILTERS_OR_SPAN, vec![])
    } else {
        let rows = view.rows.iter().map(decision).collect();
        Table::new(text::DECISIONS, log_heads())
            .of_columns(Some(here))
            .dense()
            .live(view.live.source())
            .rows(rows)
    };
    let extra =
        vec![range_picker(here, &view.range), view.live.switch(here), columns_menu(here, &log_heads())];
    view.namespace.page(shell, common::LOGS).waiting(view.live.on).body(vec![
        filter_bar(shell.csrf(), &view.filters, extra),
        bars(&view.requests),
        rows,
        pager(here, &view.pager, text::NOUN_DECISION),
    ])
}

fn log_heads() -> Vec<crate::components::Column> {
    vec![
        head(common::TIME),
        head(common::OUTCOME),
        head(text::IDENTIFIER),
        head(common::LIMIT).numeric(),
        head(text::LEFT).numeric(),
        head(common::COST).numeric(),
        head(text::RESETS),
        head(common::DURATION).numeric(),
    ]
}

/// One row of the log as the live tail sends it.
pub fn decision_row(row: &DecisionRow, here: &Here) -> String {
    crate::to_html(decision(row).under(&log_heads(), Some(here)).view(false))
}

fn decision(row: &DecisionRow) -> Row {
    let outcome = if row.passed { Outcome::Passed } else { Outcome::Blocked };
    let window = row.duration_ms.map(|ms| format!(" / {}", duration(ms))).unwrap_or_default();
    let time = view! { <a href=row.href.to_string()>{log_stamp(&row.at)}</a> };
    let identifier = view! {
        {mono(&row.identifier)}
        {row.overridden.then(|| badge(Tone::Info, text::OVERRIDE_APPLIED))}
    };
    let limit = view! { {num(row.limit)}{window} };
    Row::new(vec![
        time.into_any(),
        outcome_badge(outcome),
        identifier.into_any(),
        limit.into_any(),
        num(row.remaining),
        num(row.cost),
        stamp(&row.reset),
        view! { <span class="num">{latency(row.latency_us)}</span> }.into_any(),
    ])
    .class(severity(outcome))
}
