//! One API: how much it is used, by which keys, and what was refused.

use leptos::prelude::*;

use super::parts::ApiRef;
use crate::View;
use crate::charts::{Bars, Lines, bars, lines};
use crate::components::{
    Filters, Icon, Outcome, Pager, Row, Sorting, Table, TimeRange, button_link, code_block, curl,
    empty_state, filter_bar, head, link, note, nothing, num, optional_stamp, outcome_badge, pager,
    range_picker, stat, stats,
};
use crate::number::percent;
use crate::paths;
use crate::shell::Shell;
use crate::texts::{apis as text, common};
use crate::time::Stamp;

/// A key that was used in the span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    pub id: String,
    pub label: String,
    /// A deleted key is named but not linked.
    pub deleted: bool,
    /// External id, and id of the identity.
    pub identity: Option<(String, String)>,
    pub valid: i64,
    /// Refusals by outcome, most first.
    pub denied: Vec<(Outcome, i64)>,
    pub last_used: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiView {
    pub api: ApiRef,
    pub filters: Filters,
    pub range: TimeRange,
    pub total_keys: i64,
    /// `None` where there are too many to tell apart.
    pub active_keys: Option<i64>,
    pub spent_credits: i64,
    pub requests: Bars,
    pub active: Lines,
    pub keys: Vec<KeyUse>,
    pub sorting: Sorting,
    pub pager: Pager,
    /// Whether a key that is not shown might belong among the first.
    pub approximate: bool,
}

pub fn overview(shell: &Shell, view: &ApiView) -> String {
    let here = &view.filters.here;
    let page = view.api.page(shell, common::OVERVIEW).action_if(shell.may.write, || {
        button_link(Some(Icon::Plus), common::NEW_KEY, &paths::new_key(&view.api.id), "primary")
    });
    let figures = stats(vec![
        stat(common::KEYS, num(view.total_keys), None),
        stat(text::ACTIVE_IN_THIS_SPAN, view.active_keys.map_or_else(|| nothing(text::TOO_MANY), num), None),
        stat(common::CREDITS_SPENT, num(view.spent_credits), None),
    ]);
    let charts = view! { <div class="charts">{bars(&view.requests)}{lines(&view.active)}</div> };
    let hint = view.approximate.then(|| note(text::ORDER_IS_APPROXIMATE));
    let table = if view.keys.is_empty() { no_requests(shell, view) } else { table(view) };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![range_picker(here, &view.range)]),
        figures,
        charts.into_any(),
        hint.into_any(),
        table,
        pager(here, &view.pager, text::NOUN_KEY),
    ])
}

fn table(view: &ApiView) -> View {
    let heads = vec![
        head(common::KEY),
        head(common::IDENTITY),
        head(text::VALID).numeric().ranked_by("valid"),
        head(text::DENIED).numeric().ranked_by("denied"),
        head(text::MAIN_REASON),
        head(common::LAST_USED).ranked_by("last_used"),
    ];
    let rows = view.keys.iter().map(row).collect();
    Table::new(text::KEYS_USED_IN_THIS_SPAN, heads).sorted(&view.filters.here, &view.sorting).rows(rows)
}

fn row(key: &KeyUse) -> Row {
    let name = if key.deleted {
        view! { {key.label.clone()} <span class="note">{text::DELETED}</span> }.into_any()
    } else {
        link(&key.label, &paths::key(&key.id))
    };
    let identity = key.identity.as_ref();
    let denied: i64 = key.denied.iter().map(|(_, count)| count).sum();
    let share = percent(denied, denied + key.valid);
    let denied_text = view! { <span title=text::share_of(&share, denied + key.valid)>{num(denied)}</span> };
    let most = key.denied.first().map_or_else(|| nothing("–"), |(outcome, _)| outcome_badge(*outcome));
    let class = match denied * 100 / (denied + key.valid).max(1) {
        _ if denied == 0 => "",
        share if share >= 20 => "row-error",
        _ => "row-caution",
    };
    Row::new(vec![
        name,
        identity.map_or_else(|| nothing(common::NONE), |(name, id)| link(name, &paths::identity(id))),
        num(key.valid),
        denied_text.into_any(),
        most,
        optional_stamp(&key.last_used, common::NEVER),
    ])
    .class(class)
}

fn no_requests(shell: &Shell, view: &ApiView) -> View {
    if view.filters.is_active() {
        return empty_state(Icon::Search, text::NO_KEY_MATCHES, text::CHANGE_FILTERS_OR_SPAN, vec![]);
    }
    let command = curl(shell.origin(), "keys.verifyKey", "YOUR_ROOT_KEY", r#"{"key":"THE_KEY_OF_A_USER"}"#);
    empty_state(
        Icon::Chart,
        text::NO_REQUEST_IN_THIS_SPAN,
        text::NO_REQUEST_IN_THIS_SPAN_HINT,
        vec![code_block(text::VERIFY_A_KEY, &command)],
    )
}
