//! One root key: what it may do, what it did, and what it never needed.

use leptos::prelude::*;

use super::parts::{AuditRow, Named, audit_table};
use super::requests::RequestRow;
use crate::View;
use crate::charts::{Bars, bars};
use crate::components::{
    Chip, Icon, Row, ShownOnce, Table, act, button_link, chips, copy_chip, empty_state, facts, head, hidden,
    link, masked, mono, nothing, num, optional_stamp, post_form, section, shown_once, split, stamp, submit,
    tags,
};
use crate::form::ON;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

/// A permission of a root key and whether it was needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantUse {
    /// `api.*.create_key` or a URN.
    pub permission: String,
    /// Uses in the time that is on record, where that is known.
    pub uses: Option<i64>,
}

/// `shrink` posts to [`paths::edit_root_key`] with `shrink` = `on`: the key
/// keeps the permissions it used.
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
    pub ip_allowlist: Vec<String>,
    pub grants: Vec<GrantUse>,
    /// Days over which uses were counted.
    pub observed_days: i64,
    pub requests: Option<Bars>,
    pub recent: Vec<RequestRow>,
    pub changes: Vec<AuditRow>,
}

pub fn show(shell: &Shell, view: &RootKeyView) -> String {
    let id = &view.key.id;
    let csrf = shell.csrf();
    let mut main = Vec::new();
    main.extend(view.requests.as_ref().map(bars));
    main.push(section("Permissions", vec![grants(shell, view)]));
    main.push(section("Latest requests", vec![recent(&view.recent)]));
    if !view.changes.is_empty() {
        main.push(section("Changes", vec![audit_table(&view.changes)]));
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
    vec![
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
    ]
}

fn grants(shell: &Shell, view: &RootKeyView) -> View {
    if view.full {
        return view! { <p>"Everything, and what later versions add."</p> }.into_any();
    }
    if view.grants.is_empty() {
        return view! { <p class="hint">"None: every call is refused."</p> }.into_any();
    }
    let rows = view.grants.iter().map(|grant| {
        let uses = grant
            .uses
            .map_or_else(|| nothing("–"), |uses| if uses == 0 { nothing("unused") } else { num(uses) });
        Row::new(vec![mono(&grant.permission), uses])
    });
    let table =
        Table::new("Permissions", vec![head("Permission"), head("Uses").numeric()]).rows(rows.collect());
    let unused = view.grants.iter().filter(|grant| grant.uses == Some(0)).count();
    let shrink = (unused > 0 && shell.may.admin).then(|| {
        let text = format!("{unused} were not used in {} days.", view.observed_days);
        let body = vec![
            hidden("shrink", ON),
            view! { <p class="hint">{text}</p> }.into_any(),
            submit("Keep only what was used", ""),
        ];
        post_form(shell.csrf(), &paths::edit_root_key(&view.key.id), "one-time", body)
    });
    view! { {table} {shrink} }.into_any()
}

fn recent(rows: &[RequestRow]) -> View {
    if rows.is_empty() {
        return empty_state(Icon::Log, "No request on record", "Calls with this root key show here.", vec![]);
    }
    let heads = vec![head("Time"), head("Path"), head("Status").numeric(), head("Source")];
    let rows = rows.iter().map(|row| {
        let time = view! { <a href=paths::request(&row.id).to_string()>{stamp(&row.at)}</a> };
        let source = row.ip.as_deref().map_or_else(|| nothing("–"), mono);
        Row::new(vec![time.into_any(), mono(&row.path), mono(&row.status.to_string()), source])
    });
    Table::new("Latest requests", heads).dense().rows(rows.collect())
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
