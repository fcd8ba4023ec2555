//! Taking data out, streamed, with the same choice of rows as a list.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Field, Icon, action, button_link, form_error, hidden, input, note, section, select, tabs,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{bulk as text, common};

/// A choice of rows that a list offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportField {
    pub name: String,
    pub label: String,
    pub help: String,
    /// Value and text; empty for a field that takes any text.
    pub options: Vec<(String, String)>,
}

/// A GET form to [`paths::export`] with `download` = `1`: `what`, `format`
/// (`csv`, `jsonl`), the fields, and whatever else chose rows of the list one
/// came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportView {
    /// Value and name of what can be exported.
    pub kinds: Vec<(String, String)>,
    /// Value of the one that is.
    pub what: String,
    pub form: FormState,
    pub fields: Vec<ExportField>,
    /// Other choices of rows that are kept: name and value.
    pub kept: Vec<(String, String)>,
}

pub fn export(shell: &Shell, view: &ExportView) -> String {
    let current = view.kinds.iter().find(|(value, _)| *value == view.what).map_or("", |(_, name)| name);
    let entries = view.kinds.iter().map(|(value, name)| (name.as_str(), paths::export().with("what", value)));
    let page = Page::new(shell, Section::Jobs, common::EXPORT)
        .crumb(Crumb::new(common::JOBS, paths::jobs()))
        .tabs(tabs(text::WHAT_TO_EXPORT, current, entries.collect()));
    let page = page.narrow();
    if !shell.may.admin {
        return page.body(vec![note(text::EXPORTS_TAKE_AN_ADMIN)]);
    }
    page.body(vec![section(current, vec![form(view)]), note(text::NO_SECRETS_IN_EXPORTS)])
}

fn form(view: &ExportView) -> View {
    let formats = [("csv", text::CSV), ("jsonl", text::JSON_ONE_OBJECT_A_LINE)];
    let fields = view.fields.iter().map(|field| control(&view.form, field)).collect_view();
    let kept = view.kept.iter().map(|(name, value)| hidden(name, value)).collect_view();
    let pills = (!view.kept.is_empty()).then(|| pills(view));
    let buttons = vec![
        view! {
            <button type="submit" class="button primary">{Icon::Export.view()}<span>{text::DOWNLOAD}</span></button>
        }
        .into_any(),
        button_link(None, text::START_OVER, &paths::export().with("what", &view.what), ""),
    ];
    view! {
        <form method="get" action=paths::export().to_string() class="form">
            {form_error(&view.form)}
            <input type="hidden" name="download" value="1"/>
            {hidden("what", &view.what)}
            {kept}
            {fields}
            {pills}
            {select(&view.form, "format", text::FORMAT, "", &formats)}
            {action(text::THE_EXPORT_IS_IN_THE_AUDIT_LOG, buttons)}
        </form>
    }
    .into_any()
}

fn control(form: &FormState, field: &ExportField) -> View {
    if field.options.is_empty() {
        return input(form, Field::text(&field.name, &field.label).help(&field.help).no_autofill());
    }
    let options: Vec<_> = field.options.iter().map(|(value, text)| (value.as_str(), text.as_str())).collect();
    select(form, &field.name, &field.label, &field.help, &options)
}

fn pills(view: &ExportView) -> View {
    let pills = view.kept.iter().map(|(name, value)| {
        view! { <li class="pill"><span>{name.clone()}</span><b>{value.clone()}</b></li> }.into_any()
    });
    view! { <ul class="pills" aria-label=common::FILTERS_IN_FORCE>{pills.collect_view()}</ul> }.into_any()
}
