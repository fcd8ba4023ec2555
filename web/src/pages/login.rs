//! Signing in: password, then the second factor of those who have one.

use leptos::prelude::*;

use crate::components::{Field, action, form_error, hidden, input, note, post_form, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::{Frame, bare};
use crate::texts::{common, sign_in as text};

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
    let ended = view.session_ended.then(|| note(text::SESSION_ENDED));
    let form = vec![
        form_error(&view.form),
        hidden("next", &view.next),
        input(
            &view.form,
            Field::text("email", common::E_MAIL)
                .of_kind("email")
                .required()
                .autofocus()
                .autocomplete("username"),
        ),
        input(
            &view.form,
            Field::text("password", common::PASSWORD)
                .of_kind("password")
                .required()
                .autocomplete("current-password"),
        ),
        action("", vec![submit(common::SIGN_IN, "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::login(), "form", form);
    let lost = view! {
        <p class="hint">{text::FORGOT_THE_PASSWORD} <code>"unkey user"</code>"."</p>
    };
    bare(frame, common::SIGN_IN, "", vec![ended.into_any(), form, lost.into_any()])
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
            Field::text("code", common::CODE)
                .help(text::CODE_HINT)
                .mono()
                .required()
                .autofocus()
                .autocomplete("one-time-code"),
        ),
        action("", vec![submit(common::CONTINUE, "primary wide")]),
    ];
    let form = post_form(&frame.csrf, &paths::second_factor(), "form", form);
    let other =
        view! { <p class="hint"><a href=paths::login().to_string()>{text::SIGN_IN_AS_SOMEBODY_ELSE}</a></p> };
    bare(frame, common::SECOND_FACTOR, "", vec![form, other.into_any()])
}
