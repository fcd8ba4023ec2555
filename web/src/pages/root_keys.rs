//! Root keys: the credentials of the management API, found by name and use.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Chip, Filters, Icon, Pager, Row, Sorting, Table, Tone, act, badge, button_link, chips, empty_state,
    filter_bar, head, masked, menu, num, optional_stamp, pager,
};
use crate::paths;
use crate::shell::{Page, Section, Shell};
use crate::time::Stamp;

/// A root key in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyRow {
    pub id: String,
    pub name: Option<String>,
    pub start: String,
    pub last4: String,
    /// Every permission, now and later.
    pub full: bool,
    pub permissions: i64,
    pub enabled: bool,
    pub created: Stamp,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
    /// `Unused 90 days`, `Never used`, `Full rights`.
    pub states: Vec<Chip>,
}

/// Menus post to [`paths::enable_root_key`] and [`paths::disable_root_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeysView {
    pub filters: Filters,
    pub rows: Vec<RootKeyRow>,
    pub sorting: Sorting,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &RootKeysView) -> String {
    let new = || button_link(Some(Icon::Plus), "New root key", &paths::new_root_key(), "primary");
    let page = Page::new(shell, Section::RootKeys, "Root keys").action_if(shell.may.admin, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = "A root key lets your backend call the API. Give each service its own, with no more than it needs.";
        let button = if shell.may.admin { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Lock, "No root key yet", hint, button)]);
    }
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, "No root key matches", "Search by name, start or permission.", vec![])
    } else {
        table(shell, view)
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, "root key"),
    ])
}

fn table(shell: &Shell, view: &RootKeysView) -> View {
    let heads = vec![
        head("Name").sorted_by("name"),
        head("Value"),
        head("Permissions").numeric(),
        head("Last used").sorted_by("last_used"),
        head("Expires").sorted_by("expires"),
        head("Created").sorted_by("created"),
        head("State"),
        head(""),
    ];
    let rows = view.rows.iter().map(|row| {
        let label = row.name.clone().unwrap_or_else(|| "Unnamed".to_owned());
        let name = view! { <a class="strong" href=paths::root_key(&row.id).to_string()>{label.clone()}</a> };
        let permissions = if row.full { badge(Tone::Caution, "all") } else { num(row.permissions) };
        Row::new(vec![
            name.into_any(),
            masked(&row.start, &row.last4),
            permissions,
            optional_stamp(&row.last_used, "never"),
            optional_stamp(&row.expires, "never"),
            crate::components::stamp(&row.created),
            chips(&row.states),
            menu(&label, items(shell, row)),
        ])
        .class(if row.enabled { "" } else { "row-off" })
    });
    Table::new("Root keys", heads).sorted(&view.filters.here, &view.sorting).rows(rows.collect())
}

fn items(shell: &Shell, row: &RootKeyRow) -> Vec<View> {
    if !shell.may.admin {
        return Vec::new();
    }
    let csrf = shell.csrf();
    vec![
        button_link(Some(Icon::Edit), "Edit", &paths::edit_root_key(&row.id), "menu-item"),
        button_link(Some(Icon::Rotate), "Rotate", &paths::rotate_root_key(&row.id), "menu-item"),
        if row.enabled {
            act(csrf, Some(Icon::Pause), "Disable", &paths::disable_root_key(&row.id), "menu-item")
        } else {
            act(csrf, Some(Icon::Play), "Enable", &paths::enable_root_key(&row.id), "menu-item")
        },
        button_link(Some(Icon::Trash), "Delete", &paths::edit_root_key(&row.id).at("danger"), "menu-item"),
    ]
}
