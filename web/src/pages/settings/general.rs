//! The name of the workspace, and what it is.

use crate::components::{
    Field, action, copy_chip, facts, form_error, hidden, input, mono, note, nothing, num, post_form, section,
    stamp, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, settings as text};
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
    let slug = Field::text("slug", common::SLUG).mono().required().help(text::SLUG_HINT);
    let mut fields = vec![
        form_error(form),
        hidden(VERSION, &form.value(VERSION)),
        input(form, Field::text("name", common::NAME).required().readonly(!admin).no_autofill()),
        input(form, slug.readonly(!admin).no_autofill()),
    ];
    let workspace = if admin {
        fields.push(action("", vec![submit(common::SAVE, "primary")]));
        post_form(shell.csrf(), &paths::settings(), "form", fields)
    } else {
        facts(vec![(common::NAME, mono(&form.value("name"))), (common::SLUG, mono(&form.value("slug")))])
    };
    let about = facts(vec![
        (text::WORKSPACE_ID, copy_chip(&shell.workspace.id, text::WORKSPACE_ID_TO_COPY)),
        (common::CREATED, stamp(&view.created)),
        (text::YOUR_ROLE, mono(&shell.role)),
        (
            text::API_REQUESTS_A_MINUTE,
            view.requests_per_minute.map_or_else(|| nothing(common::UNLIMITED), num),
        ),
    ]);
    let mut body = vec![section(common::WORKSPACE, vec![workspace]), section(text::ABOUT_IT, vec![about])];
    if !view.server.is_empty() {
        let server = view.server.iter().map(|(name, value)| (name.as_str(), mono(value))).collect();
        let hint = note(text::SET_WHEN_THE_SERVER_STARTS);
        body.push(section(common::THIS_SERVER, vec![hint, facts(server)]));
    }
    super::page(shell, common::GENERAL).body(body)
}
