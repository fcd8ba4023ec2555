//! The first visit: the owner of a new server and their workspace.

use leptos::prelude::*;

use crate::components::{Field, action, code_block, form_error, input, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};
use crate::texts::{common, sign_in as text};

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
    let password = text::at_least_characters_a_sentence(view.min_password);
    let form = vec![
        form_error(&view.form),
        input(
            &view.form,
            Field::text("workspace", common::WORKSPACE)
                .help(text::WORKSPACE_HINT)
                .required()
                .autofocus()
                .autocomplete("organization"),
        ),
        input(&view.form, Field::text("name", common::YOUR_NAME).required().autocomplete("name")),
        input(
            &view.form,
            Field::text("email", common::E_MAIL).of_kind("email").required().autocomplete("username"),
        ),
        input(
            &view.form,
            Field::text("password", common::PASSWORD)
                .of_kind("password")
                .help(&password)
                .required()
                .autocomplete("new-password"),
        ),
        action(text::YOU_BECOME_THE_OWNER, vec![submit(common::CREATE_WORKSPACE, "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::setup(&view.token), "form", form);
    bare(frame, text::SET_UP_THIS_SERVER, text::NOBODY_HAS_SIGNED_IN_YET, vec![form])
}

/// Signing in is for later: nobody has an account yet.
pub fn unclaimed(frame: &Frame) -> String {
    let lead = text::WAITS_FOR_ITS_FIRST_USER;
    let text = text::OPEN_THE_SETUP_LINK;
    let body = view! { <p>{text}</p> };
    bare(
        frame,
        text::WELCOME,
        lead,
        vec![body.into_any(), code_block(text::A_NEW_SETUP_LINK, "unkey setup link")],
    )
}
