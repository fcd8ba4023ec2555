//! Roles: named sets of permissions. The list, one role, and its form.

use leptos::prelude::*;

use super::key_form::Grantable;
use super::parts::{KeyLine, Named, further_keys, key_lines};
use crate::components::{
    BoundedCount, Danger, Field, Filters, Icon, Pager, Row, Sorting, Table, action, area, button_link,
    choices, code_block, copy_chip, danger_zone, empty_state, facts, fieldset, filter_bar, form_error, head,
    hidden, input, num, optional_stamp, pager, post_form, section, split, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

/// A role in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    pub id: String,
    pub name: String,
    pub description: String,
    pub keys: BoundedCount,
    pub permissions: i64,
    pub updated: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolesView {
    pub filters: Filters,
    pub rows: Vec<RoleRow>,
    pub sorting: Sorting,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &RolesView) -> String {
    let new = || button_link(Some(Icon::Plus), "New role", &paths::new_role(), "primary");
    let page = Page::new(shell, Section::Roles, "Roles").action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = "A role bundles permissions. Give a key the role instead of each permission.";
        let button = if shell.may.write { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Role, "No role yet", hint, button)]);
    }
    let heads = vec![
        head("Role").sorted_by("name"),
        head("Keys").numeric(),
        head("Permissions").numeric(),
        head("Changed"),
    ];
    let rows = view.rows.iter().map(|role| {
        let name = view! {
            <a class="strong" href=paths::role(&role.id).to_string()>{role.name.clone()}</a>
            <span class="sub">{role.description.clone()}</span>
        };
        Row::new(vec![
            name.into_any(),
            role.keys.view(),
            num(role.permissions),
            optional_stamp(&role.updated, "never"),
        ])
    });
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, "No role matches", "Search by name or description.", vec![])
    } else {
        Table::new("Roles", heads).sorted(&view.filters.here, &view.sorting).rows(rows.collect())
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, "role"),
    ])
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    pub role: Named,
    pub description: String,
    pub created: Option<Stamp>,
    pub updated: Option<Stamp>,
    /// Id and slug.
    pub permissions: Vec<Named>,
    pub keys: Vec<KeyLine>,
    /// This page, for the way through the keys.
    pub here: Here,
    /// Cursor of the next keys.
    pub more_keys: Option<String>,
    pub total_keys: BoundedCount,
    /// The role as JSON, to copy.
    pub json: String,
}

pub fn show(shell: &Shell, view: &RoleView) -> String {
    let slugs = view.permissions.iter().map(|one| {
        view! { <li><a href=paths::edit_permission(&one.id).to_string()>{one.name.clone()}</a></li> }
    });
    let slugs = match view.permissions.is_empty() {
        true => crate::components::nothing("none"),
        false => view! { <ul class="tags">{slugs.collect_view()}</ul> }.into_any(),
    };
    let keys = if view.keys.is_empty() {
        empty_state(Icon::Key, "No key has this role", "Give it to a key on the key's edit page.", vec![])
    } else {
        key_lines("Keys with this role", &view.keys)
    };
    let main = vec![
        section(&format!("Permissions ({})", view.permissions.len()), vec![slugs]),
        section(
            &format!("Keys ({})", view.total_keys.text("key")),
            vec![keys, further_keys(&view.here, &view.more_keys)],
        ),
    ];
    let side = vec![
        section(
            "Facts",
            vec![facts(vec![
                ("Description", view.description.clone().into_any()),
                ("Created", optional_stamp(&view.created, "unknown")),
                ("Changed", optional_stamp(&view.updated, "never")),
            ])],
        ),
        code_block("As JSON", &view.json),
    ];
    Page::new(shell, Section::Roles, &view.role.name)
        .crumb(Crumb::new("Roles", paths::roles()))
        .beside_title(copy_chip(&view.role.id, "role id"))
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Edit), "Edit", &paths::edit_role(&view.role.id), "primary")
        })
        .body(vec![split(main, side)])
}

/// Posts to [`paths::new_role`] or [`paths::edit_role`]: `name`, `description`,
/// `permissions`* (ids), `slugs` (others, one a line). The danger zone posts to [`paths::delete_role`]:
/// `confirm` (the name).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFormView {
    /// `None` for a new one.
    pub role: Option<Named>,
    pub form: FormState,
    /// As many as fit a form.
    pub permissions: Vec<Grantable>,
    /// Keys that lose it when it is deleted.
    pub keys: BoundedCount,
}

pub fn form(shell: &Shell, view: &RoleFormView) -> String {
    let form = &view.form;
    let (title, post, back, button) = match &view.role {
        Some(role) => ("Edit role", paths::edit_role(&role.id), paths::role(&role.id), "Save changes"),
        None => ("New role", paths::new_role(), paths::roles(), "Create role"),
    };
    let options: Vec<_> =
        view.permissions.iter().map(|one| (one.id.clone(), one.label.clone(), one.note.clone())).collect();
    let others = Field::text("slugs", "Other permissions")
        .mono()
        .rows(3)
        .placeholder("documents.read")
        .help("Slugs, one a line. Those that do not exist yet are made.");
    let general = vec![
        input(form, Field::text("name", "Name").mono().required().no_autofill()),
        input(form, Field::text("description", "Description")),
    ];
    let fields = vec![
        form_error(form),
        view.role.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        fieldset("General", "", general),
        fieldset(
            "Permissions",
            "What every key with this role may do.",
            vec![choices(form, "permissions", "Permissions", "", &options), area(form, others)],
        ),
        action(
            "Takes effect with the next request.",
            vec![submit(button, "primary"), button_link(None, "Cancel", &back, "")],
        ),
    ];
    let page = Page::new(shell, Section::Roles, title).crumb(Crumb::new("Roles", paths::roles())).narrow();
    let form_view = post_form(shell.csrf(), &post, "form sections", fields);
    let Some(role) = &view.role else { return page.body(vec![form_view]) };
    let delete = Danger {
        title: "Delete this role",
        consequence: format!("{} lose its permissions with the next request.", view.keys.text("key")),
        button: "Delete role",
        action: paths::delete_role(&role.id),
        confirm: Some(&role.name),
        locked: None,
    };
    page.crumb(Crumb::new(&role.name, back))
        .body(vec![form_view, danger_zone(shell.csrf(), vec![delete], form)])
}
