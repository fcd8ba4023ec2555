//! One's own account: name and time zone, password, second factor.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Field, action, code_block, form_error, hidden, input, note, post_form, section, select, submit, warning,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::trusted::TrustedHtml;

/// Where the second factor stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Posts to [`paths::enable_totp`]: `password`; answers with `Enrolling`.
    Off,
    /// Posts to [`paths::enable_totp`]: `code`, `sealed` (the secret, sealed by the server).
    Enrolling {
        /// SVG of the QR code.
        qr: TrustedHtml,
        /// The secret in base32, for typing.
        secret: String,
        sealed: String,
    },
    /// Posts to [`paths::disable_totp`] and to [`paths::recovery_codes`]:
    /// `code`, or a recovery code.
    On { codes_left: i64 },
}

/// Posts to [`paths::change_password`]: `current`, `password`; to
/// [`paths::profile`]: `name`, `zone`. What went wrong with a field that several
/// forms have is named by the path of its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityView {
    pub form: FormState,
    pub second_factor: SecondFactor,
    /// Recovery codes that were just made, shown once.
    pub codes: Vec<String>,
    pub min_password: usize,
    /// Name and text of zones to choose from.
    pub zones: Vec<(String, String)>,
}

pub fn security(shell: &Shell, view: &SecurityView) -> String {
    let mut body = vec![form_error(&view.form)];
    if !view.codes.is_empty() {
        body.push(section("Recovery codes: store them now", vec![
            note("Each works once in place of a code, when your authenticator is gone. They are not shown again."),
            code_block("Recovery codes", &view.codes.join("\n")),
        ]));
    }
    body.push(second_factor(shell, view));
    body.push(password(shell, view));
    body.push(profile(shell, view));
    super::page(shell, "Security").body(body)
}

fn second_factor(shell: &Shell, view: &SecurityView) -> View {
    let csrf = shell.csrf();
    let parts = match &view.second_factor {
        SecondFactor::Off => {
            let path = paths::enable_totp();
            let password = Field::text("password", "Your password").of_kind("password").required();
            let fields = vec![
                input(&view.form, password.scoped(path.as_str()).autocomplete("current-password")),
                action(
                    "Nothing changes until you typed a first code.",
                    vec![submit("Set up a second factor", "primary")],
                ),
            ];
            vec![
                view! { <p>"Signing in takes your password only."</p> }.into_any(),
                post_form(csrf, &path, "form", fields),
            ]
        }
        SecondFactor::Enrolling { qr, secret, sealed } => {
            let code =
                Field::text("code", "Code").mono().required().autocomplete("one-time-code").autofocus();
            let fields = vec![
                hidden("sealed", sealed),
                input(&view.form, code.help("The six digits your authenticator shows now.")),
                action("", vec![submit("Turn on", "primary")]),
            ];
            vec![
                view! {
                    <p>"Scan this with an authenticator app, or type the secret."</p>
                    <div class="qr" role="img" aria-label="QR code of the secret" inner_html=qr.as_str().to_owned()></div>
                }
                .into_any(),
                code_block("Secret", secret),
                post_form(csrf, &paths::enable_totp(), "form", fields),
            ]
        }
        SecondFactor::On { codes_left } => on(csrf, view, *codes_left),
    };
    section("Second factor", parts)
}

fn on(csrf: &str, view: &SecurityView, codes_left: i64) -> Vec<View> {
    let again = |scope: &str| {
        let field = Field::text("code", "Code").mono().required().scoped(scope).autocomplete("one-time-code");
        input(&view.form, field.help("Of your authenticator, or a recovery code."))
    };
    let (off, codes) = (paths::disable_totp(), paths::recovery_codes());
    let low = (codes_left < 3).then(|| warning("Few recovery codes are left. Make new ones."));
    vec![
        view! { <p>{format!("On. {} left.", crate::number::count(codes_left, "recovery code"))}</p> }
            .into_any(),
        low.into_any(),
        post_form(csrf, &codes, "form", vec![again(codes.as_str()), submit("New recovery codes", "")]),
        post_form(csrf, &off, "form", vec![again(off.as_str()), submit("Turn off", "danger")]),
    ]
}

fn password(shell: &Shell, view: &SecurityView) -> View {
    let form = &view.form;
    let help = format!("At least {} characters.", view.min_password);
    let fields = vec![
        input(
            form,
            Field::text("current", "Current password")
                .of_kind("password")
                .required()
                .autocomplete("current-password"),
        ),
        input(
            form,
            Field::text("password", "New password")
                .of_kind("password")
                .required()
                .autocomplete("new-password")
                .help(&help),
        ),
        action("Ends your other sessions.", vec![submit("Change password", "primary")]),
    ];
    section("Password", vec![post_form(shell.csrf(), &paths::change_password(), "form", fields)])
}

fn profile(shell: &Shell, view: &SecurityView) -> View {
    let zones: Vec<_> = view.zones.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let fields = vec![
        hidden(VERSION, &view.form.value(VERSION)),
        input(&view.form, Field::text("name", "Your name").required().autocomplete("name")),
        select(&view.form, "zone", "Time zone", "Times are shown in it, to you only.", &zones),
        action("", vec![submit("Save", "primary")]),
    ];
    section("You", vec![post_form(shell.csrf(), &paths::profile(), "form", fields)])
}
