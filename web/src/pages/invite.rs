//! Joining a workspace by a link somebody sent.

use leptos::prelude::*;

use crate::components::{Field, action, form_error, input, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};
use crate::texts::{common, sign_in as text};

/// Posts to [`paths::accept_invite`] of the link's token: `email`, `name`,
/// `password`, or nothing of somebody who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteView {
    pub token: String,
    pub workspace: String,
    pub role: String,
    /// The only address that may accept, if there is one.
    pub email: Option<String>,
    /// Address of the reader who is signed in.
    pub signed_in_as: Option<String>,
    pub form: FormState,
    pub min_password: usize,
}

pub fn invite(frame: &Frame, view: &InviteView) -> String {
    let whom = view.email.as_deref().unwrap_or(common::YOU);
    let lead = match &view.email {
        Some(_) => text::whom_is_invited(whom, &view.workspace, &view.role),
        None => text::you_are_invited(&view.workspace, &view.role),
    };
    let mut form = vec![form_error(&view.form)];
    match &view.signed_in_as {
        Some(email) => {
            form.push(view! { <p>{text::YOU_ARE_SIGNED_IN_AS} <b>{email.clone()}</b> "."</p> }.into_any())
        }
        None => form.extend(account(view)),
    }
    form.push(action("", vec![submit(text::JOIN, "primary wide")]));
    let form = post_form(&frame.csrf, &paths::accept_invite(&view.token), "form", form);
    let known = view.signed_in_as.is_none().then(|| {
        let login = paths::login().with("next", paths::accept_invite(&view.token).as_str());
        view! { <p class="hint">{text::YOU_HAVE_AN_ACCOUNT_HERE} <a href=login.to_string()>{text::SIGN_IN_FIRST}</a></p> }
    });
    bare(frame, &text::join_workspace(&view.workspace), &lead, vec![form, known.into_any()])
}

/// What a new account takes.
fn account(view: &InviteView) -> Vec<crate::View> {
    let password = common::at_least_characters(view.min_password);
    vec![
        input(
            &view.form,
            Field::text("email", common::E_MAIL)
                .of_kind("email")
                .required()
                .readonly(view.email.is_some())
                .autocomplete("username"),
        ),
        input(&view.form, Field::text("name", common::YOUR_NAME).required().autocomplete("name")),
        input(
            &view.form,
            Field::text("password", text::CHOOSE_A_PASSWORD)
                .of_kind("password")
                .help(&password)
                .required()
                .autocomplete("new-password"),
        ),
    ]
}
