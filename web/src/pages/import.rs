//! Bringing keys, identities, roles and permissions from elsewhere, as CSV or
//! JSON.

use leptos::prelude::*;

use super::parts::Named;
use crate::View;
use crate::components::{
    Row, Table, action, button_link, code_block, field_id, form_error, head, hidden, mono, note, section,
    select, submit, warning,
};
use crate::form::{CSRF, FormState, NONCE};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{bulk as text, common};

/// What a file can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportKind {
    /// Posted value.
    pub value: String,
    /// `Keys`.
    pub name: String,
    /// Each column, and what it takes.
    pub columns: Vec<(String, String)>,
    /// A file of two lines or so.
    pub csv: String,
    pub json: String,
}

/// Posts `multipart/form-data` to [`paths::import`]: `nonce`, `what` (value of a
/// kind), `api` for keys, `format` (empty, `csv`, `jsonl`), `file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportView {
    pub nonce: String,
    pub kinds: Vec<ImportKind>,
    pub apis: Vec<Named>,
    pub form: FormState,
    /// Place in the refused file, and what is wrong there.
    pub faults: Vec<(String, String)>,
}

pub fn import(shell: &Shell, view: &ImportView) -> String {
    let page =
        Page::new(shell, Section::Jobs, text::IMPORT).crumb(Crumb::new(common::JOBS, paths::jobs())).narrow();
    let form = if shell.may.write { upload(shell, view) } else { note(text::ROLE_MAY_NOT_START_JOBS) };
    let mut body = vec![form];
    if !view.faults.is_empty() {
        body.push(faults(view));
    }
    body.push(note(text::UNKNOWN_COLUMNS_ARE_REFUSED));
    body.extend(view.kinds.iter().map(kind));
    page.body(body)
}

fn upload(shell: &Shell, view: &ImportView) -> View {
    let form = &view.form;
    let kinds: Vec<_> = view.kinds.iter().map(|kind| (kind.value.as_str(), kind.name.as_str())).collect();
    let mut apis = vec![("", text::NO_KEYS_IN_THE_FILE)];
    apis.extend(view.apis.iter().map(|api| (api.id.as_str(), api.name.as_str())));
    let formats = [
        ("", text::DECIDED_BY_THE_FILE_NAME),
        ("csv", text::CSV_WITH_A_HEADER_LINE),
        ("jsonl", text::JSON_ONE_OBJECT_A_LINE),
    ];
    // The last field: what is said of a file has to come before it.
    let id = field_id("file");
    let error = form.error("file").map(|error| view! { <p class="field-error" id="file-error">{error}</p> });
    let described = error.is_some().then_some("file-error");
    view! {
        <form method="post" action=paths::import().to_string() enctype="multipart/form-data" class="form card">
            <input type="hidden" name=CSRF value=shell.csrf().to_owned()/>
            {hidden(NONCE, &view.nonce)}
            {form_error(form)}
            {select(form, "what", text::WHAT, "", &kinds)}
            {select(form, "api", text::API_OF_THE_KEYS, "", &apis)}
            {select(form, "format", text::FORMAT, "", &formats)}
            <div class="field">
                <label for=id.clone()>{text::FILE}<span class="required">{text::REQUIRED}</span></label>
                <input
                    type="file"
                    id=id
                    name="file"
                    required
                    accept=".csv,.json,.jsonl,.ndjson,text/csv,application/json"
                    aria-describedby=described
                />
                {error}
            </div>
            {action(
                text::EVERY_LINE_IS_READ_FIRST,
                vec![submit(text::IMPORT, "primary"), button_link(None, common::CANCEL, &paths::jobs(), "")],
            )}
        </form>
    }
    .into_any()
}

fn faults(view: &ImportView) -> View {
    let rows = view
        .faults
        .iter()
        .map(|(place, text)| Row::new(vec![mono(place), text.clone().into_any()]))
        .collect();
    let table = Table::new(text::FAULTS, vec![head(text::PLACE), head(text::FAULT)]).dense().rows(rows);
    section(text::FAULTS_OF_THE_FILE, vec![warning(text::NOTHING_WAS_IMPORTED), table])
}

fn kind(kind: &ImportKind) -> View {
    let rows = kind.columns.iter().map(|(name, about)| Row::new(vec![mono(name), about.clone().into_any()]));
    let table =
        Table::new(&kind.name, vec![head(common::COLUMN), head(text::HOLDS)]).dense().rows(rows.collect());
    let title = text::columns_of(&kind.name);
    section(&title, vec![table, code_block(text::CSV, &kind.csv), code_block(text::JSON_LINES, &kind.json)])
}
