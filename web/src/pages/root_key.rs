//! One root key: what it may do and what it did.

use leptos::prelude::*;

use super::parts::{AuditRow, Named, audit_table};
use super::requests::RequestRow;
use crate::View;
use crate::charts::{Bars, bars};
use crate::components::{
    Chip, Icon, Row, ShownOnce, Table, TimeRange, act, button_link, chips, copy_chip, empty_state, facts,
    head, link, log_stamp, masked, mono, nothing, num, optional_stamp, range_picker, section, shown_once,
    split, stamp, tags,
};
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, root_keys as text};
use crate::time::Stamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyView {
    pub key: Named,
    pub start: String,
    pub last4: String,
    pub states: Vec<Chip>,
    pub full: bool,
    pub enabled: bool,
    pub created: Stamp,
    pub created_by: Option<String>,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
    pub limit_per_minute: Option<i64>,
    /// The program that somebody gave it to, as it calls itself.
    pub client: Option<String>,
    pub ip_allowlist: Vec<String>,
    pub permissions: Vec<String>,
    /// Paths it called and how often, as far as requests were logged; the most
    /// frequent first.
    pub called: Vec<(String, i64)>,
    pub range: TimeRange,
    pub here: Here,
    pub requests: Bars,
    pub recent: Vec<RequestRow>,
    pub changes: Vec<AuditRow>,
}

pub fn show(shell: &Shell, view: &RootKeyView) -> String {
    let id = &view.key.id;
    let csrf = shell.csrf();
    let mut main = Vec::new();
    main.push(view! { <div class="filters">{range_picker(&view.here, &view.range)}</div> }.into_any());
    main.push(bars(&view.requests));
    main.push(section(text::WHAT_IT_CALLED, vec![called(&view.called)]));
    main.push(section(common::LATEST_REQUESTS, vec![recent(id, &view.recent)]));
    main.push(section(common::PERMISSIONS, vec![permissions(view)]));
    if !view.changes.is_empty() {
        main.push(section(common::CHANGES, vec![audit_table(&view.changes, None)]));
    }
    Page::new(shell, Section::RootKeys, &view.key.name)
        .crumb(Crumb::new(common::ROOT_KEYS, paths::root_keys()))
        .beside_title(chips(&view.states))
        .beside_title(copy_chip(id, text::ROOT_KEY_ID_TO_COPY))
        .action_if(shell.may.admin, || {
            if view.enabled {
                act(csrf, Some(Icon::Pause), common::DISABLE, &paths::disable_root_key(id), "")
            } else {
                act(csrf, Some(Icon::Play), common::ENABLE, &paths::enable_root_key(id), "")
            }
        })
        .action_if(shell.may.admin, || {
            button_link(Some(Icon::Rotate), common::ROTATE, &paths::rotate_root_key(id), "")
        })
        .action_if(shell.may.admin, || {
            button_link(Some(Icon::Edit), common::EDIT, &paths::edit_root_key(id), "primary")
        })
        .body(vec![split(main, vec![section(common::FACTS, vec![facts(fact_rows(view))])])])
}

fn fact_rows(view: &RootKeyView) -> Vec<(&'static str, View)> {
    let mut rows = vec![
        (common::VALUE, masked(&view.start, &view.last4)),
        (common::LAST_USED, optional_stamp(&view.last_used, common::NEVER)),
        (common::EXPIRES, optional_stamp(&view.expires, common::NEVER)),
        (common::REQUESTS_A_MINUTE, view.limit_per_minute.map_or_else(|| nothing(common::UNLIMITED), num)),
        (
            text::USED_FROM,
            if view.ip_allowlist.is_empty() { nothing(text::ANYWHERE) } else { tags(&view.ip_allowlist) },
        ),
        (common::CREATED, stamp(&view.created)),
        (
            common::CREATED_BY,
            view.created_by.clone().map_or_else(|| nothing(common::UNKNOWN), |text| text.into_any()),
        ),
    ];
    if let Some(client) = &view.client {
        rows.push((text::GIVEN_TO, view! { <bdi>{format!("\u{201c}{client}\u{201d}")}</bdi> }.into_any()));
    }
    rows
}

fn permissions(view: &RootKeyView) -> View {
    if view.full {
        return view! { <p>{text::FULL_PERMISSIONS}</p> }.into_any();
    }
    if view.permissions.is_empty() {
        return view! { <p class="hint">{text::NO_PERMISSIONS}</p> }.into_any();
    }
    tags(&view.permissions)
}

fn called(paths: &[(String, i64)]) -> View {
    if paths.is_empty() {
        return view! { <p class="hint">{text::CALLED_NOTHING}</p> }.into_any();
    }
    let rows = paths.iter().map(|(path, count)| Row::new(vec![mono(path), num(*count)])).collect();
    let heads = vec![head(common::PATH), head(common::LOGGED_REQUESTS).numeric()];
    let about = text::LOG_HOLDS_A_SAMPLE;
    view! { {Table::new(text::WHAT_IT_CALLED, heads).dense().rows(rows)} <p class="hint">{about}</p> }
        .into_any()
}

fn recent(id: &str, rows: &[RequestRow]) -> View {
    if rows.is_empty() {
        return empty_state(Icon::Log, text::NO_REQUEST_ON_RECORD, text::NO_REQUEST_ON_RECORD_HINT, vec![]);
    }
    let heads =
        vec![head(common::TIME), head(common::PATH), head(common::STATUS).numeric(), head(common::SOURCE)];
    let rows = rows.iter().map(|row| {
        let time = view! { <a href=paths::request(&row.id).to_string()>{log_stamp(&row.at)}</a> };
        let source = row.ip.as_deref().map_or_else(|| nothing("–"), mono);
        Row::new(vec![time.into_any(), mono(&row.path), mono(&row.status.to_string()), source])
    });
    let table = Table::new(common::LATEST_REQUESTS, heads).dense().rows(rows.collect());
    let all = link(text::ALL_OF_ITS_REQUESTS, &paths::requests().with("caller", id));
    view! { {table} <p>{all}</p> }.into_any()
}

/// The secret of a root key, once. Answers the POST itself, never cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeySecretView {
    pub key: Named,
    /// `Root key created`, `Root key rotated`.
    pub title: String,
    pub shown: ShownOnce,
}

pub fn secret(shell: &Shell, view: &RootKeySecretView) -> String {
    Page::new(shell, Section::RootKeys, &view.title)
        .crumb(Crumb::new(common::ROOT_KEYS, paths::root_keys()))
        .crumb(Crumb::new(&view.key.name, paths::root_key(&view.key.id)))
        .narrow()
        .action(link(text::GO_TO_THE_ROOT_KEY, &paths::root_key(&view.key.id)))
        .body(vec![shown_once(shell.csrf(), &view.shown)])
}
