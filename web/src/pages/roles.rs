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
use crate::texts::{common, roles as text};
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
    let new = || button_link(Some(Icon::Plus), text::NEW_ROLE, &paths::new_role(), "primary");
    let page = Page::new(shell, Section::Roles, common::ROLES).action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = text::NO_ROLE_YET_HINT;
        let button = if shell.may.write { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Role, text::NO_ROLE_YET, hint, button)]);
    }
    let heads = vec![
        head(common::ROLE).sorted_by("name"),
        head(common::KEYS).numeric(),
        head(common::PERMISSIONS).numeric(),
        head(common::CHANGED),
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
            optional_stamp(&role.updated, common::NEVER),
        ])
    });
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, text::NO_ROLE_MATCHES, text::NO_ROLE_MATCHES_HINT, vec![])
    } else {
        Table::new(common::ROLES, heads).sorted(&view.filters.here, &view.sorting).rows(rows.collect())
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
        true => crate::components::nothing(common::NONE),
        false => view! { <ul class="tags">{slugs.collect_view()}</ul> }.into_any(),
    };
    let keys = if view.keys.is_empty() {
        empty_state(Icon::Key, text::NO_KEY_HAS_THIS_ROLE, text::NO_KEY_HAS_THIS_ROLE_HINT, vec![])
    } else {
        key_lines(text::KEYS_WITH_THIS_ROLE, &view.keys)
    };
    let main = vec![
        section(&text::permissions_counted(view.permissions.len()), vec![slugs]),
        section(
            &text::keys_counted(view.total_keys.text("key")),
            vec![keys, further_keys(&view.here, &view.more_keys)],
        ),
    ];
    let side = vec![
        section(
            common::FACTS,
            vec![facts(vec![
                (common::DESCRIPTION, view.description.clone().into_any()),
                (common::CREATED, optional_stamp(&view.created, common::UNKNOWN)),
                (common::CHANGED, optional_stamp(&view.updated, common::NEVER)),
            ])],
        ),
        code_block(text::AS_JSON, &view.json),
    ];
    Page::new(shell, Section::Roles, &view.role.name)
        .crumb(Crumb::new(common::ROLES, paths::roles()))
        .beside_title(copy_chip(&view.role.id, text::ROLE_ID_TO_COPY))
        .action_if(shell.may.write, || {
            button_link(Some(Icon::Edit), common::EDIT, &paths::edit_role(&view.role.id), "primary")
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
        Some(role) => {
            (text::EDIT_ROLE, paths::edit_role(&role.id), paths::role(&role.id), common::SAVE_CHANGES)
        }
        None => (text::NEW_ROLE, paths::new_role(), paths::roles(), text::CREATE_ROLE),
    };
    let options: Vec<_> =
        view.permissions.iter().map(|one| (one.id.clone(), one.label.clone(), one.note.clone())).collect();
    let others = Field::text("slugs", text::OTHER_PERMISSIONS)
        .mono()
        .rows(3)
        .placeholder("documents.read")
        .help(text::OTHER_PERMISSIONS_HINT);
    let general = vec![
        input(form, Field::text("name", common::NAME).mono().required().no_autofill()),
        input(form, Field::text("description", common::DESCRIPTION)),
    ];
    let fields = vec![
        form_error(form),
        view.role.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        fieldset(common::GENERAL, "", general),
        fieldset(
            common::PERMISSIONS,
            text::PERMISSIONS_HINT,
            vec![choices(form, "permissions", common::PERMISSIONS, "", &options), area(form, others)],
        ),
        action(
            common::TAKES_EFFECT_WITH_NEXT_REQUEST,
            vec![submit(button, "primary"), button_link(None, common::CANCEL, &back, "")],
        ),
    ];
    let page =
        Page::new(shell, Section::Roles, title).crumb(Crumb::new(common::ROLES, paths::roles())).narrow();
    let form_view = post_form(shell.csrf(), &post, "form sections", fields);
    let Some(role) = &view.role else { return page.body(vec![form_view]) };
    let delete = Danger {
        title: text::DELETE_THIS_ROLE,
        consequence: text::lose_its_permissions(view.keys.text("key")),
        button: text::DELETE_ROLE,
        action: paths::delete_role(&role.id),
        confirm: Some(&role.name),
        locked: None,
    };
    page.crumb(Crumb::new(&role.name, back))
        .body(vec![form_view, danger_zone(shell.csrf(), vec![delete], form)])
}
