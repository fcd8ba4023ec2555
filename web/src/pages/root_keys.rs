//! Root keys: the credentials of the management API, found by name and use.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Chip, Filters, Icon, Pager, Row, Sorting, Table, Tone, act, badge, button_link, chips, empty_state,
    filter_bar, head, masked, menu, num, optional_stamp, pager,
};
use crate::paths;
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, root_keys as text};
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
    let new = || button_link(Some(Icon::Plus), common::NEW_ROOT_KEY, &paths::new_root_key(), "primary");
    let page = Page::new(shell, Section::RootKeys, common::ROOT_KEYS).action_if(shell.may.admin, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = text::NO_ROOT_KEY_YET_HINT;
        let button = if shell.may.admin { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Lock, text::NO_ROOT_KEY_YET, hint, button)]);
    }
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, text::NO_ROOT_KEY_MATCHES, text::NO_ROOT_KEY_MATCHES_HINT, vec![])
    } else {
        table(shell, view)
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, common::ROOT_KEY_AS_ACTOR),
    ])
}

fn table(shell: &Shell, view: &RootKeysView) -> View {
    let heads = vec![
        head(common::NAME).sorted_by("name"),
        head(common::VALUE),
        head(common::PERMISSIONS).numeric(),
        head(common::LAST_USED).sorted_by("last_used"),
        head(common::EXPIRES).sorted_by("expires"),
        head(common::CREATED).sorted_by("created"),
        head(common::STATE),
        head(""),
    ];
    let rows = view.rows.iter().map(|row| {
        let label = row.name.clone().unwrap_or_else(|| text::UNNAMED.to_owned());
        let name = view! { <a class="strong" href=paths::root_key(&row.id).to_string()>{label.clone()}</a> };
        let permissions = if row.full { badge(Tone::Caution, text::FULL) } else { num(row.permissions) };
        Row::new(vec![
            name.into_any(),
            masked(&row.start, &row.last4),
            permissions,
            optional_stamp(&row.last_used, common::NEVER),
            optional_stamp(&row.expires, common::NEVER),
            crate::components::stamp(&row.created),
            chips(&row.states),
            menu(&label, items(shell, row)),
        ])
        .class(if row.enabled { "" } else { "row-off" })
    });
    Table::new(common::ROOT_KEYS, heads).sorted(&view.filters.here, &view.sorting).rows(rows.collect())
}

fn items(shell: &Shell, row: &RootKeyRow) -> Vec<View> {
    if !shell.may.admin {
        return Vec::new();
    }
    let csrf = shell.csrf();
    vec![
        button_link(Some(Icon::Edit), common::EDIT, &paths::edit_root_key(&row.id), "menu-item"),
        button_link(Some(Icon::Rotate), common::ROTATE, &paths::rotate_root_key(&row.id), "menu-item"),
        if row.enabled {
            act(csrf, Some(Icon::Pause), common::DISABLE, &paths::disable_root_key(&row.id), "menu-item")
        } else {
            act(csrf, Some(Icon::Play), common::ENABLE, &paths::enable_root_key(&row.id), "menu-item")
        },
        button_link(
            Some(Icon::Trash),
            common::DELETE,
            &paths::edit_root_key(&row.id).at("danger"),
            "menu-item",
        ),
    ]
}
