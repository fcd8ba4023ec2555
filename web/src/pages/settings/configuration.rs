//! The workspace as a file: what there is, and a document to plan and then apply.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Changed, Field, Icon, Row, Table, action, area, button_link, check, code_block, diff, form_error, head,
    hidden, note, post_form, section, submit,
};
use crate::form::{FormState, ON, VERSION};
use crate::pages::parts::{event_badge, is_long, told_change};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};

/// Field with the document, YAML or JSON.
pub const DOCUMENT: &str = "document";
/// Checkbox: delete what a section does not list.
pub const PRUNE: &str = "prune";

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    pub event: String,
    pub name: String,
    /// A sentence.
    pub description: String,
    pub changes: Vec<Changed>,
}

/// What a document would change. Posts to [`paths::apply_configuration`]: [`DOCUMENT`],
/// [`PRUNE`], and as [`VERSION`] what was shown: a plan is applied once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView {
    pub differences: Vec<DifferenceRow>,
    pub version: String,
}

/// Posts to [`paths::configuration`] for a plan: [`DOCUMENT`] and [`PRUNE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationView {
    /// The document of what there is.
    pub yaml: String,
    pub form: FormState,
    pub plan: Option<PlanView>,
}

pub fn configuration(shell: &Shell, view: &ConfigurationView) -> String {
    let fields = vec![
        form_error(&view.form),
        area(
            &view.form,
            Field::text(DOCUMENT, text::A_DOCUMENT).help(text::A_DOCUMENT_HELP).rows(12).mono().required(),
        ),
        check(&view.form, PRUNE, text::PRUNE, text::PRUNE_HELP),
        action(
            text::A_PLAN_CHANGES_NOTHING,
            vec![submit(text::SHOW_THE_PLAN, if view.plan.is_some() { "" } else { "primary" })],
        ),
    ];
    let mut body = Vec::new();
    body.extend(view.plan.as_ref().map(|plan| planned(shell, view, plan)));
    body.push(section(
        text::APPLY_A_DOCUMENT,
        vec![post_form(shell.csrf(), &paths::configuration(), "form", fields)],
    ));
    body.push(section(text::WHAT_THERE_IS, vec![code_block("unkey.yaml", &view.yaml)]));
    body.push(note(text::WHAT_IS_NOT_IN_IT));
    super::page(shell, text::CONFIGURATION)
        .action(button_link(
            Some(Icon::Export),
            text::DOWNLOAD_THE_DOCUMENT,
            &paths::download_configuration(),
            "",
        ))
        .action(button_link(None, common::DOCUMENTATION, &paths::doc("apply"), ""))
        .body(body)
}

fn planned(shell: &Shell, view: &ConfigurationView, plan: &PlanView) -> View {
    if plan.differences.is_empty() {
        return section(text::THE_PLAN, vec![view! { <p>{text::NOTHING_DIFFERS}</p> }.into_any()]);
    }
    let heads = vec![head(common::NAME), head(common::CHANGES), head(common::EVENT)];
    let rows = plan.differences.iter().map(|difference| {
        let changes = match difference.changes.as_slice() {
            [] => difference.description.clone().into_any(),
            changes if changes.iter().any(is_long) => diff(&difference.description, changes),
            changes => changes
                .iter()
                .map(|change| view! { <div>{told_change(change)}</div> })
                .collect_view()
                .into_any(),
        };
        Row::new(vec![difference.name.clone().into_any(), changes, event_badge(&difference.event)])
    });
    let pruned = view.form.has(PRUNE, ON).then(|| hidden(PRUNE, ON));
    let fields = vec![
        hidden(VERSION, &plan.version),
        hidden(DOCUMENT, &view.form.value(DOCUMENT)),
        pruned.into_any(),
        action(text::ALL_OR_NOTHING, vec![submit(&text::apply_changes(plan.differences.len()), "primary")]),
    ];
    let table = Table::new(text::THE_PLAN, heads).rows(rows.collect()).into_any();
    section(
        text::THE_PLAN,
        vec![table, post_form(shell.csrf(), &paths::apply_configuration(), "form", fields)],
    )
}
