//! Permissions: what keys may do, by slug. The list, and the form.

use leptos::prelude::*;

use super::parts::{KeyLine, Named, further_keys, key_lines};
use crate::View;
use crate::components::{
    BoundedCount, Danger, Field, Filters, Icon, Pager, Row, Sorting, Table, action, area, button_link,
    danger_zone, empty_state, facts, filter_bar, form_error, head, hidden, input, link, mono, num,
    optional_stamp, pager, post_form, section, submit,
};
use crate::form::{FormState, VERSION};
use crate::number::count;
use crate::paths::{self, Here};
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, permissions as text};
use crate::time::Stamp;

/// A permission in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionRow {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub roles: i64,
    pub keys: BoundedCount,
    pub updated: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionsView {
    pub filters: Filters,
    pub rows: Vec<PermissionRow>,
    pub sorting: Sorting,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &PermissionsView) -> String {
    let new = || button_link(Some(Icon::Plus), text::NEW_PERMISSION, &paths::new_permission(), "primary");
    let page = Page::new(shell, Section::Permissions, common::PERMISSIONS).action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = text::NO_PERMISSION_YET_HINT;
        let button = if shell.may.write { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Shield, text::NO_PERMISSION_YET, hint, button)]);
    }
    let heads = vec![
        head(common::SLUG).sorted_by("slug"),
        head(common::NAME),
        head(common::ROLES).numeric(),
        head(common::KEYS).numeric(),
        head(common::CHANGED),
    ];
    let rows = view.rows.iter().map(|row| {
        let slug = view! { <a href=paths::edit_permission(&row.id).to_string()>{mono(&row.slug)}</a> };
        let name = view! { {row.name.clone()} <span class="sub">{row.description.clone()}</span> };
        Row::new(vec![
            slug.into_any(),
            name.into_any(),
            num(row.roles),
            row.keys.view(),
            optional_stamp(&row.updated, common::NEVER),
        ])
    });
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, text::NO_PERMISSION_MATCHES, text::NO_PERMISSION_MATCHES_HINT, vec![])
    } else {
        Table::new(common::PERMISSIONS, heads).sorted(&view.filters.here, &view.sorting).rows(rows.collect())
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, "permission"),
    ])
}

/// Without the right to write it is only shown.
/// Posts to [`paths::new_permission`]: `slugs` (one a line, several at once),
/// `description`; or to [`paths::edit_permission`]: `name`, `slug`,
/// `description`. The danger zone posts to [`paths::delete_permission`]:
/// `confirm` (the slug).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionFormView {
    /// Id and slug; `None` for a new one.
    pub permission: Option<Named>,
    pub form: FormState,
    pub roles: Vec<Named>,
    /// Keys that carry it themselves.
    pub keys: Vec<KeyLine>,
    /// This page, for the way through the keys.
    pub here: Option<Here>,
    /// Cursor of the next keys.
    pub more_keys: Option<String>,
    pub total_keys: BoundedCount,
}

pub fn form(shell: &Shell, view: &PermissionFormView) -> String {
    let form = &view.form;
    let page = |title| {
        let page = Page::new(shell, Section::Permissions, title);
        page.crumb(Crumb::new(common::PERMISSIONS, paths::permissions())).narrow()
    };
    let cancel = || button_link(None, common::CANCEL, &paths::permissions(), "");
    let description = input(form, Field::text("description", common::DESCRIPTION));
    let Some(one) = &view.permission else {
        let fields = vec![
            form_error(form),
            slugs(form),
            description,
            action("", vec![submit(common::CREATE, "primary"), cancel()]),
        ];
        return page(text::NEW_PERMISSIONS).body(vec![post_form(
            shell.csrf(),
            &paths::new_permission(),
            "form card",
            fields,
        )]);
    };
    let fields = vec![
        form_error(form),
        hidden(VERSION, &form.value(VERSION)),
        input(form, Field::text("name", common::NAME).required().no_autofill()),
        input(form, Field::text("slug", common::SLUG).mono().required().help(text::SLUG_HINT).no_autofill()),
        description,
        action(
            common::TAKES_EFFECT_WITH_NEXT_REQUEST,
            vec![submit(common::SAVE_CHANGES, "primary"), cancel()],
        ),
    ];
    let used = used(view);
    if !shell.may.write {
        let facts = facts(vec![
            (common::NAME, form.value("name").into_any()),
            (common::SLUG, mono(&one.name)),
            (common::DESCRIPTION, form.value("description").into_any()),
        ]);
        return page(text::PERMISSION)
            .body(vec![section(common::FACTS, vec![facts]), section(text::WHO_HAS_IT, vec![used])]);
    }
    let delete = Danger {
        title: text::DELETE_THIS_PERMISSION,
        consequence: text::QUERIES_ARE_NO_LONGER_MET.to_owned(),
        button: text::DELETE_PERMISSION,
        action: paths::delete_permission(&one.id),
        confirm: Some(&one.name),
        locked: None,
    };
    page(text::EDIT_PERMISSION).body(vec![
        post_form(shell.csrf(), &paths::edit_permission(&one.id), "form card", fields),
        section(text::WHO_HAS_IT, vec![used]),
        danger_zone(shell.csrf(), vec![delete], form),
    ])
}

/// New permissions are made several at once.
fn slugs(form: &FormState) -> View {
    let field = Field::text("slugs", text::SLUGS)
        .mono()
        .required()
        .rows(4)
        .placeholder("documents.read\ndocuments.write");
    area(form, field.help(&text::one_a_line(text::SLUG_HINT)))
}

/// Roles that grant it and keys that carry it.
fn used(view: &PermissionFormView) -> View {
    let roles = view
        .roles
        .iter()
        .map(|role| view! { <li>{link(&role.name, &paths::role(&role.id))}</li> })
        .collect_view();
    let through = count(i64::try_from(view.roles.len()).unwrap_or(i64::MAX), "role");
    let keys = (!view.keys.is_empty()).then(|| key_lines(text::KEYS_WITH_THIS_PERMISSION, &view.keys));
    let further = view.here.as_ref().map(|here| further_keys(here, &view.more_keys));
    view! {
        <p>{text::directly_and_through(view.total_keys.text("key"), &through)}</p>
        <ul class="tags">{roles}</ul>
        {keys}
        {further}
    }
    .into_any()
}
