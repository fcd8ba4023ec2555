//! The name of the workspace, and what it is.

use crate::components::{
    Field, action, copy_chip, facts, form_error, hidden, input, mono, note, nothing, num, post_form, section,
    stamp, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

/// Posts to [`paths::settings`]: `name`, `slug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneralView {
    pub form: FormState,
    pub created: Stamp,
    /// API requests of all root keys in a minute, if limited.
    pub requests_per_minute: Option<i64>,
    /// Name and value of what the server was started with, secrets left out;
    /// empty for readers who do not look after it.
    pub server: Vec<(String, String)>,
}

pub fn general(shell: &Shell, view: &GeneralView) -> String {
    let form = &view.form;
    let admin = shell.may.admin;
    let slug = Field::text("slug", "Slug").mono().required().help("Names the workspace on the command line.");
    let mut fields = vec![
        form_error(form),
        hidden(VERSION, &form.value(VERSION)),
        input(form, Field::text("name", "Name").required().readonly(!admin).no_autofill()),
        input(form, slug.readonly(!admin).no_autofill()),
    ];
    let workspace = if admin {
        fields.push(action("", vec![submit("Save", "primary")]));
        post_form(shell.csrf(), &paths::settings(), "form", fields)
    } else {
        facts(vec![("Name", mono(&form.value("name"))), ("Slug", mono(&form.value("slug")))])
    };
    let about = facts(vec![
        ("Workspace id", copy_chip(&shell.workspace.id, "workspace id")),
        ("Created", stamp(&view.created)),
        ("Your role", mono(&shell.role)),
        ("API requests a minute", view.requests_per_minute.map_or_else(|| nothing("unlimited"), num)),
    ]);
    let mut body = vec![section("Workspace", vec![workspace]), section("About it", vec![about])];
    if !view.server.is_empty() {
        let server = view.server.iter().map(|(name, value)| (name.as_str(), mono(value))).collect();
        let hint = note("Set by flag, environment or file when the server starts.");
        body.push(section("This server", vec![hint, facts(server)]));
    }
    super::page(shell, "General").body(body)
}
