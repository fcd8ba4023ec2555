//! Joining a workspace by a link somebody sent.

use leptos::prelude::*;

use crate::components::{Field, action, form_error, input, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};

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
    let whom = view.email.as_deref().unwrap_or("You");
    let lead = match &view.email {
        Some(_) => format!("{whom} is invited to {} as {}.", view.workspace, view.role),
        None => format!("You are invited to {} as {}.", view.workspace, view.role),
    };
    let mut form = vec![form_error(&view.form)];
    match &view.signed_in_as {
        Some(email) => {
            form.push(view! { <p>"You are signed in as " <b>{email.clone()}</b> "."</p> }.into_any())
        }
        None => form.extend(account(view)),
    }
    form.push(action("", vec![submit("Join", "primary wide")]));
    let form = post_form(&frame.csrf, &paths::accept_invite(&view.token), "form", form);
    let known = view.signed_in_as.is_none().then(|| {
        let login = paths::login().with("next", paths::accept_invite(&view.token).as_str());
        view! { <p class="hint">"You have an account here? " <a href=login.to_string()>"Sign in first"</a></p> }
    });
    bare(frame, &format!("Join {}", view.workspace), &lead, vec![form, known.into_any()])
}

/// What a new account takes.
fn account(view: &InviteView) -> Vec<crate::View> {
    let password = format!("At least {} characters.", view.min_password);
    vec![
        input(
            &view.form,
            Field::text("email", "E-mail")
                .of_kind("email")
                .required()
                .readonly(view.email.is_some())
                .autocomplete("username"),
        ),
        input(&view.form, Field::text("name", "Your name").required().autocomplete("name")),
        input(
            &view.form,
            Field::text("password", "Choose a password")
                .of_kind("password")
                .help(&password)
                .required()
                .autocomplete("new-password"),
        ),
    ]
}
