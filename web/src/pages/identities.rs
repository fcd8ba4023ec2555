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
use crate::texts::{common, identities as text};
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
    let new = || button_link(Some(Icon::Plus), text::NEW_IDENTITY, &paths::new_identity(), "primary");
    let page = Page::new(shell, Section::Identities, common::IDENTITIES).action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let command = curl(
            shell.origin(),
            "identities.createIdentity",
            "YOUR_ROOT_KEY",
            r#"{"externalId":"user_123"}"#,
        );
        return page.body(vec![empty_state(
            Icon::Person,
            text::NO_IDENTITY_YET,
            text::NO_IDENTITY_YET_HINT,
            vec![code_block(text::MAKE_ONE, &command)],
        )]);
    }
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, text::NO_IDENTITY_MATCHES, text::NO_IDENTITY_MATCHES_HINT, vec![])
    } else {
        table(view)
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![columns_menu(&view.filters.here, &heads())]),
        rows,
        pager(&view.filters.here, &view.pager, text::NOUN_IDENTITY),
    ])
}

fn heads() -> Vec<Column> {
    vec![
        head(text::EXTERNAL_ID).sorted_by("external_id"),
        head(common::KEYS).numeric(),
        head(common::RATE_LIMITS).numeric(),
        head(common::LAST_USED),
        head(common::CREATED).sorted_by("created"),
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
            optional_stamp(&row.last_used, common::NEVER),
            optional_stamp(&row.created, common::UNKNOWN),
        ])
    });
    let here = &view.filters.here;
    Table::new(common::IDENTITIES, heads())
        .of_columns(Some(here))
        .sorted(here, &view.sorting)
        .rows(rows.collect())
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
    let id = Field::text("external_id", text::EXTERNAL_ID).mono().required().no_autofill();
    let id = id.readonly(view.identity.is_some()).help(text::EXTERNAL_ID_HELP);
    let meta = Field::text("meta", text::JSON_OBJECT).mono().rows(8).placeholder("{ \"plan\": \"pro\" }");
    let (title, post, back, button) = match &view.identity {
        Some(one) => (
            text::EDIT_IDENTITY,
            paths::edit_identity(&one.id),
            paths::identity(&one.id),
            common::SAVE_CHANGES,
        ),
        None => (text::NEW_IDENTITY, paths::new_identity(), paths::identities(), text::CREATE_IDENTITY),
    };
    let fields = vec![
        pressed_by_enter(),
        form_error(form),
        view.identity.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        fieldset(common::GENERAL, "", vec![input(form, id)]),
        fieldset(common::RATE_LIMITS, text::RATE_LIMITS_HINT, vec![limit_rows(form)]),
        fieldset(
            common::SPEND_CAP,
            text::SPEND_CAP_HINT,
            vec![input(
                form,
                Field::number("monthly_credits", text::CREDITS_A_MONTH).help(text::CREDITS_A_MONTH_HELP),
            )],
        ),
        fieldset(text::METADATA, text::METADATA_HINT, vec![area(form, meta)]),
        action("", vec![submit(button, "primary"), button_link(None, common::CANCEL, &back, "")]),
    ];
    let page = Page::new(shell, Section::Identities, title)
        .crumb(Crumb::new(common::IDENTITIES, paths::identities()))
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
        title: text::DELETE_THIS_IDENTITY,
        consequence: text::delete_consequence(&keys.text(text::NOUN_KEY), keys.count == 1 && !keys.more),
        button: text::DELETE_IDENTITY,
        action: paths::delete_identity(&one.id),
        confirm: Some(&one.name),
        locked: None,
    }
}
