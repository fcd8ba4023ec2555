//! The name of the workspace, and what it is.

use crate::components::{
    Field, action, copy_chip, facts, form_error, input, mono, post_form, section, select, stamp, submit,
};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;
use crate::time::Stamp;

/// Posts to [`paths::settings`]: `name`, `slug`, `zone` (of the reader's times),
/// `requests_per_minute` (empty for unlimited).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneralView {
    pub form: FormState,
    pub created: Stamp,
    /// Name and text of zones to choose from.
    pub zones: Vec<(String, String)>,
    /// Name and value of what the server was started with, secrets left out.
    pub server: Vec<(String, String)>,
}

pub fn general(shell: &Shell, view: &GeneralView) -> String {
    let form = &view.form;
    let zones: Vec<_> = view.zones.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let admin = shell.may.admin;
    let slug = Field::text("slug", "Slug").mono().required().help("Names the workspace on the command line.");
    let limit = Field::number("requests_per_minute", "API requests a minute")
        .help("Of all its root keys; empty for unlimited.");
    let mut fields = vec![
        form_error(form),
        input(form, Field::text("name", "Name").required().readonly(!admin).no_autofill()),
        input(form, slug.readonly(!admin)),
        input(form, limit.readonly(!admin)),
        select(form, "zone", "Your time zone", "Times are shown in it, to you only.", &zones),
    ];
    fields.push(action(
        if admin { "" } else { "Name and limit take the role admin." },
        vec![submit("Save", "primary")],
    ));
    let about = facts(vec![
        ("Workspace id", copy_chip(&shell.workspace.id, "workspace id")),
        ("Created", stamp(&view.created)),
        ("Your role", mono(&shell.role)),
    ]);
    let server = view.server.iter().map(|(name, value)| (name.as_str(), mono(value))).collect();
    super::page(shell, "General").body(vec![
        section("Workspace", vec![post_form(shell.csrf(), &paths::settings(), "form", fields)]),
        section("About it", vec![about]),
        section("This server", vec![facts(server)]),
    ])
}
