//! The first visit: the owner of a new server and their workspace.

use leptos::prelude::*;

use crate::components::{Field, action, code_block, form_error, input, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};

/// Posts to [`paths::setup`] of the link's token: `workspace`, `name`, `email`,
/// `password`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupView {
    pub token: String,
    pub form: FormState,
    /// Fewest characters of a password.
    pub min_password: usize,
}

pub fn setup(frame: &Frame, view: &SetupView) -> String {
    let password = format!("At least {} characters. A sentence is easy to keep.", view.min_password);
    let form = vec![
        form_error(&view.form),
        input(
            &view.form,
            Field::text("workspace", "Workspace")
                .help("A team, a product or a company. More can be added later.")
                .required()
                .autofocus()
                .autocomplete("organization"),
        ),
        input(&view.form, Field::text("name", "Your name").required().autocomplete("name")),
        input(
            &view.form,
            Field::text("email", "E-mail").of_kind("email").required().autocomplete("username"),
        ),
        input(
            &view.form,
            Field::text("password", "Password")
                .of_kind("password")
                .help(&password)
                .required()
                .autocomplete("new-password"),
        ),
        action("You become the owner of this server.", vec![submit("Create workspace", "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::setup(&view.token), "form", form);
    bare(frame, "Set up this server", "Nobody has signed in here yet.", vec![form])
}

/// Signing in is for later: nobody has an account yet.
pub fn unclaimed(frame: &Frame) -> String {
    let lead = "This server waits for its first user.";
    let text = "Open the setup link that the server printed when it started. It works for an hour; \
                this makes another, on the machine of the server:";
    let body = view! { <p>{text}</p> };
    bare(frame, "Welcome", lead, vec![body.into_any(), code_block("A new setup link", "unkey setup link")])
}
