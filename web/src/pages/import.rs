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
    let page = Page::new(shell, Section::Jobs, "Import").crumb(Crumb::new("Jobs", paths::jobs())).narrow();
    let form = if shell.may.write {
        upload(shell, view)
    } else {
        note("Your role here may look at jobs, not start any.")
    };
    let mut body = vec![form];
    if !view.faults.is_empty() {
        body.push(faults(view));
    }
    body.push(note(
        "Unknown columns are refused, so that no setting is lost silently. A file that was exported here can be \
         brought back as it is, but for keys: an export has no hashes.",
    ));
    body.extend(view.kinds.iter().map(kind));
    page.body(body)
}

fn upload(shell: &Shell, view: &ImportView) -> View {
    let form = &view.form;
    let kinds: Vec<_> = view.kinds.iter().map(|kind| (kind.value.as_str(), kind.name.as_str())).collect();
    let mut apis = vec![("", "None: the file holds no keys")];
    apis.extend(view.apis.iter().map(|api| (api.id.as_str(), api.name.as_str())));
    let formats = [
        ("", "Decided by the file name"),
        ("csv", "CSV with a header line"),
        ("jsonl", "JSON, one object a line"),
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
            {select(form, "what", "What", "", &kinds)}
            {select(form, "api", "API of the keys", "", &apis)}
            {select(form, "format", "Format", "", &formats)}
            <div class="field">
                <label for=id.clone()>"File"<span class="required">"required"</span></label>
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
                "Every line is read first: a file with a line that cannot be read changes nothing. Then it runs in the background.",
                vec![submit("Import", "primary"), button_link(None, "Cancel", &paths::jobs(), "")],
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
    let table = Table::new("Faults", vec![head("Place"), head("Fault")]).dense().rows(rows);
    section("Faults of the file", vec![warning("Nothing was imported. These are the first faults."), table])
}

fn kind(kind: &ImportKind) -> View {
    let rows = kind.columns.iter().map(|(name, about)| Row::new(vec![mono(name), about.clone().into_any()]));
    let table = Table::new(&kind.name, vec![head("Column"), head("Holds")]).dense().rows(rows.collect());
    let title = format!("Columns of {}", kind.name.to_lowercase());
    section(&title, vec![table, code_block("CSV", &kind.csv), code_block("JSON lines", &kind.json)])
}
