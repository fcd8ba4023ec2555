//! One's own account: name and time zone, password, second factor.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Field, action, code_block, form_error, hidden, input, note, post_form, section, select, submit, warning,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{common, security as text};
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
        body.push(section(
            text::RECOVERY_CODES_STORE_NOW,
            vec![note(text::RECOVERY_CODES_HINT), code_block(text::RECOVERY_CODES, &view.codes.join("\n"))],
        ));
    }
    body.push(second_factor(shell, view));
    body.push(password(shell, view));
    body.push(profile(shell, view));
    super::page(shell, common::SECURITY).body(body)
}

fn second_factor(shell: &Shell, view: &SecurityView) -> View {
    let csrf = shell.csrf();
    let parts = match &view.second_factor {
        SecondFactor::Off => {
            let path = paths::enable_totp();
            let password = Field::text("password", text::YOUR_PASSWORD).of_kind("password").required();
            let fields = vec![
                input(&view.form, password.scoped(path.as_str()).autocomplete("current-password")),
                action(
                    text::NOTHING_CHANGES_BEFORE_A_CODE,
                    vec![submit(text::SET_UP_A_SECOND_FACTOR, "primary")],
                ),
            ];
            vec![view! { <p>{text::PASSWORD_ONLY}</p> }.into_any(), post_form(csrf, &path, "form", fields)]
        }
        SecondFactor::Enrolling { qr, secret, sealed } => {
            let code =
                Field::text("code", common::CODE).mono().required().autocomplete("one-time-code").autofocus();
            let fields = vec![
                hidden("sealed", sealed),
                input(&view.form, code.help(text::FIRST_CODE_HINT)),
                action("", vec![submit(text::TURN_ON, "primary")]),
            ];
            vec![
                view! {
                    <p>{text::SCAN_THIS}</p>
                    <div class="qr" role="img" aria-label=text::QR_CODE_OF_THE_SECRET inner_html=qr.as_str().to_owned()></div>
                }
                .into_any(),
                code_block(common::SECRET, secret),
                post_form(csrf, &paths::enable_totp(), "form", fields),
            ]
        }
        SecondFactor::On { codes_left } => on(csrf, view, *codes_left),
    };
    section(common::SECOND_FACTOR, parts)
}

fn on(csrf: &str, view: &SecurityView, codes_left: i64) -> Vec<View> {
    let again = |scope: &str| {
        let field =
            Field::text("code", common::CODE).mono().required().scoped(scope).autocomplete("one-time-code");
        input(&view.form, field.help(text::CODE_HINT))
    };
    let (off, codes) = (paths::disable_totp(), paths::recovery_codes());
    let low = (codes_left < 3).then(|| warning(text::FEW_CODES_ARE_LEFT));
    vec![
        view! { <p>{text::second_factor_is_on(crate::number::count(codes_left, "recovery code"))}</p> }
            .into_any(),
        low.into_any(),
        post_form(csrf, &codes, "form", vec![again(codes.as_str()), submit(text::NEW_RECOVERY_CODES, "")]),
        post_form(csrf, &off, "form", vec![again(off.as_str()), submit(text::TURN_OFF, "danger")]),
    ]
}

fn password(shell: &Shell, view: &SecurityView) -> View {
    let form = &view.form;
    let help = common::at_least_characters(view.min_password);
    let fields = vec![
        input(
            form,
            Field::text("current", text::CURRENT_PASSWORD)
                .of_kind("password")
                .required()
                .autocomplete("current-password"),
        ),
        input(
            form,
            Field::text("password", text::NEW_PASSWORD)
                .of_kind("password")
                .required()
                .autocomplete("new-password")
                .help(&help),
        ),
        action(text::ENDS_YOUR_OTHER_SESSIONS, vec![submit(text::CHANGE_PASSWORD, "primary")]),
    ];
    section(common::PASSWORD, vec![post_form(shell.csrf(), &paths::change_password(), "form", fields)])
}

fn profile(shell: &Shell, view: &SecurityView) -> View {
    let zones: Vec<_> = view.zones.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    let fields = vec![
        hidden(VERSION, &view.form.value(VERSION)),
        input(&view.form, Field::text("name", common::YOUR_NAME).required().autocomplete("name")),
        select(&view.form, "zone", common::TIME_ZONE, text::TIME_ZONE_HINT, &zones),
        action("", vec![submit(common::SAVE, "primary")]),
    ];
    section(common::YOU, vec![post_form(shell.csrf(), &paths::profile(), "form", fields)])
}
