//! Signing in: password, then the second factor of those who have one.

use leptos::prelude::*;

use crate::components::{Field, action, form_error, hidden, input, note, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};

/// Posts to [`paths::login`]: `email`, `password`, `next`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginView {
    pub form: FormState,
    /// Path to go to afterwards; the handler checks it with [`paths::Href::local`].
    pub next: String,
    /// Whether a session ended, so that the reader knows why they are here.
    pub session_ended: bool,
}

pub fn login(frame: &Frame, view: &LoginView) -> String {
    let ended = view.session_ended.then(|| note("Your session ended. Sign in to go on where you were."));
    let form = vec![
        form_error(&view.form),
        hidden("next", &view.next),
        input(
            &view.form,
            Field::text("email", "E-mail").of_kind("email").required().autofocus().autocomplete("username"),
        ),
        input(
            &view.form,
            Field::text("password", "Password")
                .of_kind("password")
                .required()
                .autocomplete("current-password"),
        ),
        action("", vec![submit("Sign in", "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::login(), "form", form);
    let lost = view! {
        <p class="hint">"Forgot the password? An owner can set a new one with " <code>"unkey user"</code>"."</p>
    };
    bare(frame, "Sign in", "", vec![ended.into_any(), form, lost.into_any()])
}

/// Posts to [`paths::second_factor`]: `code`, `next`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondFactorView {
    pub form: FormState,
    pub next: String,
}

pub fn second_factor(frame: &Frame, view: &SecondFactorView) -> String {
    let form = vec![
        form_error(&view.form),
        hidden("next", &view.next),
        input(
            &view.form,
            Field::text("code", "Code")
                .help("Six digits from your authenticator, or one of your recovery codes.")
                .mono()
                .required()
                .autofocus()
                .autocomplete("one-time-code"),
        ),
        action("", vec![submit("Continue", "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::second_factor(), "form", form);
    let other =
        view! { <p class="hint"><a href=paths::login().to_string()>"Sign in as somebody else"</a></p> };
    bare(frame, "Second factor", "", vec![form, other.into_any()])
}
