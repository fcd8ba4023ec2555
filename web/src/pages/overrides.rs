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
    let new = || button_link(Some(Icon::Plus), "New override", &paths::new_override(id), "primary");
    let page = view.namespace.page(shell, "Overrides").action_if(shell.may.write, new);
    if view.rows.is_empty() && !view.filters.is_active() {
        let hint = "An override gives an identifier, or all that match a pattern, another limit than the call asks for.";
        let button = if shell.may.write { vec![new()] } else { vec![] };
        return page.body(vec![empty_state(Icon::Gauge, "No override yet", hint, button)]);
    }
    let rows = view.rows.iter().map(|row| {
        let name = view! { <a href=paths::override_(id, &row.id).to_string()>{mono(&row.identifier)}</a> };
        let limit = view! { {num(row.limit)}" / "{duration(row.duration_ms)} };
        Row::new(vec![name.into_any(), limit.into_any(), ends(row), optional_stamp(&row.changed, "unknown")])
    });
    let heads = vec![head("Identifier"), head("Limit").numeric(), head("Ends"), head("Changed")];
    let rows = if view.rows.is_empty() {
        empty_state(Icon::Search, "No override matches", "Search by identifier.", vec![])
    } else {
        Table::new("Overrides", heads).rows(rows.collect())
    };
    page.body(vec![
        filter_bar(shell.csrf(), &view.filters, vec![]),
        rows,
        pager(&view.filters.here, &view.pager, "override"),
    ])
}

/// When it ends, and what holds then.
fn ends(row: &OverrideRow) -> AnyView {
    let then = row.afterwards.map(|(limit, duration_ms)| {
        view! { <span class="hint">" then "{num(limit)}" / "{duration(duration_ms)}</span> }
    });
    view! { {optional_stamp(&row.ends, "never")}{then} }.into_any()
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
    ("never", "Never"),
    ("1h", "In one hour"),
    ("1d", "In 24 hours"),
    ("7d", "In one week"),
    ("30d", "In 30 days"),
    ("at", "At the time below"),
];

fn end_help(view: &OverrideFormView) -> String {
    match (&view.afterwards, &view.existing) {
        (Some(afterwards), _) => {
            format!("At its end {afterwards}. \u{201c}Never\u{201d} makes what is set here last.")
        }
        (None, Some(_)) => "With an end, the limit of now holds again afterwards.".to_owned(),
        (None, None) => "By itself; the limits of calls hold afterwards.".to_owned(),
    }
}

/// The override for whoever may not change it.
fn told(view: &OverrideFormView) -> AnyView {
    let form = &view.form;
    let limit = format!("{} / {}", form.value("limit"), form.value("duration"));
    let ends = match (&view.afterwards, form.value("expires_at")) {
        (Some(afterwards), at) => format!("{} {}; {afterwards}", at.replace('T', " "), view.zone),
        (None, _) => "never".to_owned(),
    };
    facts(vec![
        ("Identifier", mono(&form.value("identifier"))),
        ("Limit", limit.into_any()),
        ("Ends", ends.into_any()),
    ])
}

pub fn form(shell: &Shell, view: &OverrideFormView) -> String {
    let form = &view.form;
    let id = &view.namespace.id;
    let (title, post, button) = match &view.existing {
        Some(one) => ("Edit override", paths::override_(id, &one.id), "Save changes"),
        None => ("New override", paths::new_override(id), "Create override"),
    };
    let identifier = Field::text("identifier", "Identifier").mono().required().no_autofill();
    let identifier = identifier.readonly(view.existing.is_some());
    let help =
        "Exact, or a pattern with *, such as *@example.com. Exact comes first, then the longest pattern.";
    let fields = vec![
        form_error(form),
        view.existing.is_some().then(|| hidden(VERSION, &form.value(VERSION))).into_any(),
        befores(form, &["expires_at"]),
        input(form, identifier.help(help)),
        input(form, Field::number("limit", "Limit").required().help("0 blocks everything.")),
        input(
            form,
            Field::text("duration", "Every")
                .required()
                .placeholder("1m")
                .help("Such as 10s, 5m, 1h, 1d; one second or more."),
        ),
        select(form, "expires", "Ends", &end_help(view), &ENDS),
        input(form, Field::text("expires_at", &format!("Time ({})", view.zone)).of_kind("datetime-local")),
        action(
            "Takes effect with the next request.",
            vec![submit(button, "primary"), button_link(None, "Cancel", &paths::overrides(id), "")],
        ),
    ];
    let page = |title| {
        let page = view.namespace.crumbs(Page::new(shell, Section::Ratelimits, title));
        page.crumb(Crumb::new("Overrides", paths::overrides(id))).narrow()
    };
    if !shell.may.write {
        return page("Override").body(vec![section("Facts", vec![told(view)])]);
    }
    let page = page(title);
    let form_view = post_form(shell.csrf(), &post, "form card", fields);
    let Some(one) = &view.existing else { return page.body(vec![form_view]) };
    let delete = Danger {
        title: "Delete this override",
        consequence: match view.afterwards {
            Some(_) => "The identifier gets the limit its calls ask for, now and after the end.".to_owned(),
            None => "The identifier gets the limit its calls ask for.".to_owned(),
        },
        button: "Delete override",
        action: paths::delete_override(id, &one.id),
        confirm: Some(&one.name),
        locked: None,
    };
    page.body(vec![form_view, danger_zone(shell.csrf(), vec![delete], form)])
}
