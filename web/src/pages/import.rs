//! Bringing keys from elsewhere, as CSV or JSON.

use leptos::prelude::*;

use super::parts::Named;
use crate::components::{
    Row, Table, action, button_link, check, code_block, field_id, form_error, head, mono, note, post_form,
    section, select, submit, warning,
};
use crate::form::{CSRF, FormState, ON};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};

/// What a file would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportCheck {
    pub rows: i64,
    pub new: i64,
    pub duplicates: i64,
    /// Line and problem, the first of many.
    pub problems: Vec<(i64, String)>,
    pub total_problems: i64,
    /// Names the checked upload when it is run.
    pub upload: String,
}

/// Posts `multipart/form-data` to [`paths::import`]: `file`, `api`, `format`
/// (`csv`, `json`), `hashed` (secrets are already hashes), `partial` (bring the
/// good rows though others are bad). The checked file then posts `upload`, `run`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportView {
    pub apis: Vec<Named>,
    pub form: FormState,
    pub check: Option<ImportCheck>,
}

const EXAMPLE: &str = "name,hash,externalId,expires,credits,enabled,meta\n\
    web app,u0WmvYyJ3pXfWCbKm9b1vRA3S2qYxPjK7m4wqQ0L1nE=,user_123,,1000,true,\"{\"\"plan\"\":\"\"pro\"\"}\"";

pub fn import(shell: &Shell, view: &ImportView) -> String {
    let page =
        Page::new(shell, Section::Apis, "Import keys").crumb(Crumb::new("APIs", paths::apis())).narrow();
    if let Some(checked) = &view.check {
        return page.body(vec![confirm(shell, checked)]);
    }
    let form = &view.form;
    let apis: Vec<_> = view.apis.iter().map(|api| (api.id.as_str(), api.name.as_str())).collect();
    let formats = [("csv", "CSV with a header line"), ("json", "JSON, one object a line or an array")];
    let id = field_id("file");
    let upload = view! {
        <form method="post" action=paths::import().to_string() enctype="multipart/form-data" class="form card">
            <input type="hidden" name=CSRF value=shell.csrf().to_owned()/>
            {form_error(form)}
            <div class="field">
                <label for=id.clone()>"File"<span class="required">"required"</span></label>
                <input type="file" id=id name="file" required accept=".csv,.json,.ndjson,text/csv,application/json"/>
            </div>
            {select(form, "api", "Into", "", &apis)}
            {select(form, "format", "Format", "", &formats)}
            {check(form, "hashed", "Values are hashes", "SHA-256 in base64 or hex. Otherwise a column key holds secrets, which are hashed on arrival.")}
            {check(form, "partial", "Bring what is right", "Rows with problems are left out and listed.")}
            {action("Checks the file first. Nothing changes yet.", vec![submit("Check file", "primary")])}
        </form>
    };
    page.body(vec![
        upload.into_any(),
        section(
            "Columns",
            vec![
                note("Unknown columns are refused, so that no setting is lost silently."),
                code_block("Example", EXAMPLE),
            ],
        ),
    ])
}

fn confirm(shell: &Shell, checked: &ImportCheck) -> crate::View {
    let rows = checked
        .problems
        .iter()
        .map(|(line, text)| Row::new(vec![mono(&line.to_string()), text.clone().into_any()]));
    let problems = (!checked.problems.is_empty()).then(|| {
        let heads = vec![head("Line"), head("Problem")];
        view! {
            {warning(&format!("{} have problems.", crate::number::count(checked.total_problems, "row")))}
            {Table::new("Problems", heads).dense().rows(rows.collect())}
        }
    });
    let form = vec![
        crate::components::hidden("upload", &checked.upload),
        crate::components::hidden("run", ON),
        action(
            "Runs in the background.",
            vec![submit("Import", "primary"), button_link(None, "Choose another file", &paths::import(), "")],
        ),
    ];
    let text = format!(
        "{} new, {} already here.",
        crate::number::count(checked.new, "key"),
        crate::number::exact(checked.duplicates)
    );
    section(
        &crate::number::count(checked.rows, "row"),
        vec![
            view! { <p>{text}</p> }.into_any(),
            problems.into_any(),
            post_form(shell.csrf(), &paths::import(), "form", form),
        ],
    )
}
