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
    main.push(section("What it called", vec![called(&view.called)]));
    main.push(section("Latest requests", vec![recent(id, &view.recent)]));
    main.push(section("Permissions", vec![permissions(view)]));
    if !view.changes.is_empty() {
        main.push(section("Changes", vec![audit_table(&view.changes, None)]));
    }
    Page::new(shell, Section::RootKeys, &view.key.name)
        .crumb(Crumb::new("Root keys", paths::root_keys()))
        .beside_title(chips(&view.states))
        .beside_title(copy_chip(id, "root key id"))
        .action_if(shell.may.admin, || {
            if view.enabled {
                act(csrf, Some(Icon::Pause), "Disable", &paths::disable_root_key(id), "")
            } else {
                act(csrf, Some(Icon::Play), "Enable", &paths::enable_root_key(id), "")
            }
        })
        .action_if(shell.may.admin, || {
            button_link(Some(Icon::Rotate), "Rotate", &paths::rotate_root_key(id), "")
        })
        .action_if(shell.may.admin, || {
            button_link(Some(Icon::Edit), "Edit", &paths::edit_root_key(id), "primary")
        })
        .body(vec![split(main, vec![section("Facts", vec![facts(fact_rows(view))])])])
}

fn fact_rows(view: &RootKeyView) -> Vec<(&'static str, View)> {
    let mut rows = vec![
        ("Value", masked(&view.start, &view.last4)),
        ("Last used", optional_stamp(&view.last_used, "never")),
        ("Expires", optional_stamp(&view.expires, "never")),
        ("Requests a minute", view.limit_per_minute.map_or_else(|| nothing("unlimited"), num)),
        (
            "Used from",
            if view.ip_allowlist.is_empty() { nothing("anywhere") } else { tags(&view.ip_allowlist) },
        ),
        ("Created", stamp(&view.created)),
        ("Created by", view.created_by.clone().map_or_else(|| nothing("unknown"), |text| text.into_any())),
    ];
    if let Some(client) = &view.client {
        rows.push(("Given to", view! { <bdi>{format!("\u{201c}{client}\u{201d}")}</bdi> }.into_any()));
    }
    rows
}

fn permissions(view: &RootKeyView) -> View {
    if view.full {
        return view! { <p>"Everything, and what later versions add."</p> }.into_any();
    }
    if view.permissions.is_empty() {
        return view! { <p class="hint">"None: every call is refused."</p> }.into_any();
    }
    tags(&view.permissions)
}

fn called(paths: &[(String, i64)]) -> View {
    if paths.is_empty() {
        return view! { <p class="hint">"Nothing is in the request log for this span."</p> }.into_any();
    }
    let rows = paths.iter().map(|(path, count)| Row::new(vec![mono(path), num(*count)])).collect();
    let heads = vec![head("Path"), head("Logged requests").numeric()];
    let about = "Of requests that succeed often, such as verifications, the log holds a sample.";
    view! { {Table::new("What it called", heads).dense().rows(rows)} <p class="hint">{about}</p> }.into_any()
}

fn recent(id: &str, rows: &[RequestRow]) -> View {
    if rows.is_empty() {
        return empty_state(Icon::Log, "No request on record", "Calls with this root key show here.", vec![]);
    }
    let heads = vec![head("Time"), head("Path"), head("Status").numeric(), head("Source")];
    let rows = rows.iter().map(|row| {
        let time = view! { <a href=paths::request(&row.id).to_string()>{log_stamp(&row.at)}</a> };
        let source = row.ip.as_deref().map_or_else(|| nothing("–"), mono);
        Row::new(vec![time.into_any(), mono(&row.path), mono(&row.status.to_string()), source])
    });
    let table = Table::new("Latest requests", heads).dense().rows(rows.collect());
    let all = link("All of its requests", &paths::requests().with("caller", id));
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
        .crumb(Crumb::new("Root keys", paths::root_keys()))
        .crumb(Crumb::new(&view.key.name, paths::root_key(&view.key.id)))
        .narrow()
        .action(link("Go to the root key", &paths::root_key(&view.key.id)))
        .body(vec![shown_once(shell.csrf(), &view.shown)])
}
