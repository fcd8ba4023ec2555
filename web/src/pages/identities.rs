//! Identities: whom keys belong to. The list, and the form to make or change one.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    BoundedCount, Column, Danger, Field, Filters, Icon, Pager, Row, Sorting, Table, action, area,
    button_link, code_block, columns_menu, curl, danger_zone, empty_state, fieldset, filter_bar, form_error,
    head, hidden, input, limit_rows, num, optional_stamp, pager, post_form, pressed_by_enter, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::time::Stamp;

use super::parts::Named;

/// An identity in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    pub id: String,
    pub external_id: String,
    pub keys: BoundedCount,
    pub limits: i64,
    pub last_used: Option<Stamp>,
    pub created: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitiesView {
    pub filters: Filters,
    pub rows: Vec<IdentityRow>,
    pub sorting: Sorting,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &IdentitiesView) -> String {
    let new = || button_link(Some(Icon::Plus), "New identity", &paths::new_identity(), "primary");
    let page = Page::new(shell, Section::Identities, "Identities").action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let command = curl(
            shell.origin(),
            "identities.createIdentity",
            "YOUR_ROOT_KEY",
            r#"{"externalId":"user_123"}"#,
        );
        return page.body(vec![empty_state(
            Icon::Person,
            "No identity yet",
            "An identity is a user or a team of yours, by your own id. Keys of one identity share limits and metadata.",
            vec![code_block("Make one", &command)],
        )]);
    }
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, "No identity matches", "Search by external id or id.", vec![])
    } else {
        table(view)
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![columns_menu(&view.filters.here, &heads())]),
        rows,
        pager(&view.filters.here, &view.pager, "identity"),
    ])
}

fn heads() -> Vec<Column> {
    vec![
        head("External id").sorted_by("external_id"),
        head("Keys").numeric(),
        head("Rate limits").numeric(),
        head("Last used"),
        head("Created").sorted_by("created"),
    ]
}

fn table(view: &IdentitiesView) -> View {
    let rows = view.rows.iter().map(|row| {
        let name = view! {
            <a class="strong" href=paths::identity(&row.id).to_string()>{row.external_id.clone()}</a>
            <code class="id">{row.id.clone()}</code>
        };
        Row::new(vec![
            name.into_any(),
            row.keys.view(),
            num(row.limits),
            optional_stamp(&row.last_used, "never"),
            optional_stamp(&row.created, "unknown"),
        ])
    });
    let here = &view.filters.here;
    Table::new("Identities", heads()).of_columns(Some(here)).sorted(here, &view.sorting).rows(rows.collect())
}

/// Posts to [`paths::new_identity`] or [`paths::edit_identity`]: `external_id`
/// (of a new one), `limits.N.id|name|limit|duration|auto_apply`, `meta` (JSON).
/// `more` asks for another row. The danger zone posts to
/// [`paths::delete_identity`]: `confirm` (the external id).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFormView {
    /// `None` for a new one.
    pub identity: Option<Named>,
    pub form: FormState,
    /// Keys that stay behind when it is deleted.
    pub keys: BoundedCount,
}

pub fn form(shell: &Shell, view: &IdentityFormView) -> String {
    let form = &view.form;
    let id = Field::text("external_id", "External id").mono().required().no_autofill();
    let id = id
        .readonly(view.identity.is_some())
        .help("Your own id of the user or team. It cannot be changed later.");
    let meta = Field::text("meta", "JSON object").mono().rows(8).placeholder("{ \"plan\": \"pro\" }");
    let (title, post, back, button) = match &view.identity {
        Some(one) => {
            ("Edit identity", paths::edit_identity(&one.id), paths::identity(&one.id), "Save changes")
        }
        None => ("New identity", paths::new_identity(), paths::identities(), "Create identity"),
    };
    let fields = vec![
        pressed_by_enter(),
        form_error(form),
        view.identity.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        fieldset("General", "", vec![input(form, id)]),
        fieldset(
            "Rate limits",
            "Shared by all its keys. A key's own limit of the same name comes first.",
            vec![limit_rows(form)],
        ),
        fieldset(
            "Spend cap",
            "What all its keys together may spend in a calendar month (UTC). When it is spent, requests are refused.",
            vec![input(form, Field::number("monthly_credits", "Credits a month").help("Empty for no cap. A verification costs 1 unless it says otherwise, of keys with unlimited credits too."))],
        ),
        fieldset("Metadata", "Returned with every verification of its keys.", vec![area(form, meta)]),
        action("", vec![submit(button, "primary"), button_link(None, "Cancel", &back, "")]),
    ];
    let page = Page::new(shell, Section::Identities, title)
        .crumb(Crumb::new("Identities", paths::identities()))
        .narrow();
    let form_view = post_form(shell.csrf(), &post, "form sections", fields);
    match &view.identity {
        Some(one) => page
            .crumb(Crumb::new(&one.name, back))
            .body(vec![form_view, danger_zone(shell.csrf(), vec![delete(one, view.keys)], form)]),
        None => page.body(vec![form_view]),
    }
}

fn delete(one: &Named, keys: BoundedCount) -> Danger<'_> {
    Danger {
        title: "Delete this identity",
        consequence: format!(
            "Its limits, spend cap and metadata go. {} of it {} without it.",
            keys.text("key"),
            if keys.count == 1 && !keys.more { "stays and works" } else { "stay and work" }
        ),
        button: "Delete identity",
        action: paths::delete_identity(&one.id),
        confirm: Some(&one.name),
        locked: None,
    }
}
