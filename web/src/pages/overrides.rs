//! Overrides: other limits for chosen identifiers. The list, and the form.

use leptos::prelude::*;

use super::key_form::befores;
use super::parts::{Named, NamespaceRef};
use crate::components::{
    Danger, Field, Filters, Icon, Pager, Row, Table, action, button_link, danger_zone, empty_state, facts,
    filter_bar, form_error, head, hidden, input, mono, num, optional_stamp, pager, post_form, section,
    select, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, ratelimits as text};
use crate::time::{Stamp, duration};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRow {
    pub id: String,
    pub identifier: String,
    pub limit: i64,
    pub duration_ms: i64,
    pub ends: Option<Stamp>,
    /// Limit and duration from then on, if it replaced an override without an end.
    pub afterwards: Option<(i64, i64)>,
    pub changed: Option<Stamp>,
}

/// Tab Overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverridesView {
    pub namespace: NamespaceRef,
    pub filters: Filters,
    pub rows: Vec<OverrideRow>,
    pub pager: Pager,
}

pub fn list(shell: &Shell, view: &OverridesView) -> String {
    let id = &view.namespace.id;
    let new = || button_link(Some(Icon::Plus), text::NEW_OVERRIDE, &paths::new_override(id), "primary");
    let page = view.namespace.page(shell, common::OVERRIDES).action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = text::NO_OVERRIDE_YET_HINT;
        let button = if shell.may.write { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Gauge, text::NO_OVERRIDE_YET, hint, button)]);
    }
    let rows = view.rows.iter().map(|row| {
        let name = view! { <a href=paths::override_(id, &row.id).to_string()>{mono(&row.identifier)}</a> };
        let limit = view! { {num(row.limit)}" / "{duration(row.duration_ms)} };
        Row::new(vec![
            name.into_any(),
            limit.into_any(),
            ends(row),
            optional_stamp(&row.changed, common::UNKNOWN),
        ])
    });
    let heads =
        vec![head(text::IDENTIFIER), head(common::LIMIT).numeric(), head(text::ENDS), head(common::CHANGED)];
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, text::NO_OVERRIDE_MATCHES, text::NO_OVERRIDE_MATCHES_HINT, vec![])
    } else {
        Table::new(common::OVERRIDES, heads).rows(rows.collect())
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, text::NOUN_OVERRIDE),
    ])
}

/// When it ends, and what holds then.
fn ends(row: &OverrideRow) -> AnyView {
    let then = row.afterwards.map(|(limit, duration_ms)| {
        view! { <span class="hint">" "{text::THEN}" "{num(limit)}" / "{duration(duration_ms)}</span> }
    });
    view! { {optional_stamp(&row.ends, common::NEVER)}{then} }.into_any()
}

/// Without the right to write it is only shown.
/// Posts to [`paths::new_override`] or [`paths::override_`]: `identifier` (of a
/// new one), `limit`, `duration` (text), `expires` (one of the list), `expires_at`
/// (a time, for `at`) and what it was before. The danger zone posts to
/// [`paths::delete_override`]: `confirm` (the identifier).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideFormView {
    pub namespace: NamespaceRef,
    /// Id and identifier; `None` for a new one.
    pub existing: Option<Named>,
    /// Of its end, if it has one: limit and duration from then on, or those of calls.
    pub afterwards: Option<String>,
    pub form: FormState,
    pub zone: String,
}

const ENDS: [(&str, &str); 6] = [
    ("never", text::ENDS_NEVER),
    ("1h", text::IN_ONE_HOUR),
    ("1d", text::IN_24_HOURS),
    ("7d", text::IN_ONE_WEEK),
    ("30d", text::IN_30_DAYS),
    ("at", text::AT_THE_TIME_BELOW),
];

fn end_help(view: &OverrideFormView) -> String {
    match (&view.afterwards, &view.existing) {
        (Some(afterwards), _) => text::at_its_end(afterwards),
        (None, Some(_)) => text::LIMIT_HOLDS_AGAIN_AFTERWARDS.to_owned(),
        (None, None) => text::LIMITS_OF_CALLS_HOLD_AFTERWARDS.to_owned(),
    }
}

/// The override for whoever may not change it.
fn told(view: &OverrideFormView) -> AnyView {
    let form = &view.form;
    let limit = format!("{} / {}", form.value("limit"), form.value("duration"));
    let ends = match (&view.afterwards, form.value("expires_at")) {
        (Some(afterwards), at) => text::ends_at(&at.replace('T', " "), &view.zone, afterwards),
        (None, _) => common::NEVER.to_owned(),
    };
    facts(vec![
        (text::IDENTIFIER, mono(&form.value("identifier"))),
        (common::LIMIT, limit.into_any()),
        (text::ENDS, ends.into_any()),
    ])
}

pub fn form(shell: &Shell, view: &OverrideFormView) -> String {
    let form = &view.form;
    let id = &view.namespace.id;
    let (title, post, button) = match &view.existing {
        Some(one) => (text::EDIT_OVERRIDE, paths::override_(id, &one.id), common::SAVE_CHANGES),
        None => (text::NEW_OVERRIDE, paths::new_override(id), text::CREATE_OVERRIDE),
    };
    let identifier = Field::text("identifier", text::IDENTIFIER).mono().required().no_autofill();
    let identifier = identifier.readonly(view.existing.is_some());
    let help = text::IDENTIFIER_HELP;
    let fields = vec![
        form_error(form),
        view.existing.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        befores(form, &["expires_at"]),
        input(form, identifier.help(help)),
        input(form, Field::number("limit", common::LIMIT).required().help(text::LIMIT_HELP)),
        input(
            form,
            Field::text("duration", common::EVERY).required().placeholder("1m").help(text::EVERY_HELP),
        ),
        select(form, "expires", text::ENDS, &end_help(view), &ENDS),
        input(form, Field::text("expires_at", &text::time_in(&view.zone)).of_kind("datetime-local")),
        action(
            common::TAKES_EFFECT_WITH_NEXT_REQUEST,
            vec![submit(button, "primary"), button_link(None, common::CANCEL, &paths::overrides(id), "")],
        ),
    ];
    let page = |title| {
        let page = view.namespace.crumbs(Page::new(shell, Section::Ratelimits, title));
        page.crumb(Crumb::new(common::OVERRIDES, paths::overrides(id))).narrow()
    };
    if !shell.may.write {
        return page(text::OVERRIDE).body(vec![section(common::FACTS, vec![told(view)])]);
    }
    let page = page(title);
    let form_view = post_form(shell.csrf(), &post, "form card", fields);
    let Some(one) = &view.existing else { return page.body(vec![form_view]) };
    let delete = Danger {
        title: text::DELETE_THIS_OVERRIDE,
        consequence: match view.afterwards {
            Some(_) => text::DELETE_OVERRIDE_WITH_AN_END.to_owned(),
            None => text::DELETE_OVERRIDE_CONSEQUENCE.to_owned(),
        },
        button: text::DELETE_OVERRIDE,
        action: paths::delete_override(id, &one.id),
        confirm: Some(&one.name),
        locked: None,
    };
    page.body(vec![form_view, danger_zone(shell.csrf(), vec![delete], form)])
}
