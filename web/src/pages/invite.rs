//! Joining a workspace by a link somebody sent.

use crate::components::{Field, action, form_error, input, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};

/// Posts to [`paths::accept_invite`] of the link's token: `name`, `password`, or
/// nothing for somebody who has an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteView {
    pub token: String,
    pub workspace: String,
    pub email: String,
    pub role: String,
    pub invited_by: String,
    /// Whether the address has an account here and is signed in.
    pub has_account: bool,
    pub form: FormState,
    pub min_password: usize,
}

pub fn accept_invite(frame: &Frame, view: &InviteView) -> String {
    let lead = format!("{} invited {} to {} as {}.", view.invited_by, view.email, view.workspace, view.role);
    let password = format!("At least {} characters.", view.min_password);
    let mut form = vec![form_error(&view.form)];
    if !view.has_account {
        form.push(input(&view.form, Field::text("name", "Your name").required().autocomplete("name")));
        form.push(input(
            &view.form,
            Field::text("password", "Choose a password")
                .of_kind("password")
                .help(&password)
                .required()
                .autocomplete("new-password"),
        ));
    }
    form.push(action("", vec![submit("Join", "primary wide")]));
    let form = post_form(&frame.csrf, &paths::accept_invite(&view.token), "form", form);
    bare(frame, &format!("Join {}", view.workspace), &lead, vec![form])
}
