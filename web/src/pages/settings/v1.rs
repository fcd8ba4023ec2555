//! Whether the older API answers, and to whom.

use leptos::prelude::*;

use crate::components::{action, form_error, num, post_form, section, stat, stats, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::v1_switch`]: `v1` (`on`, `off`, `verify-needs-root-key`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V1View {
    pub form: FormState,
    /// Requests in the last 30 days, anonymous verifications among them.
    pub requests: i64,
    pub anonymous: i64,
}

const MODES: [(&str, &str, &str); 3] = [
    (
        "on",
        "On",
        "As its clients expect: verifying needs no root key. Unknown keys have a budget per address.",
    ),
    ("verify-needs-root-key", "Verifying needs a root key", "Clients that send none are refused."),
    ("off", "Off", "Every call is refused with a pointer to v2."),
];

pub fn v1(shell: &Shell, view: &V1View) -> String {
    let modes = MODES.map(|(value, name, about)| {
        let id = format!("v1-{value}");
        let checked = view.form.has("v1", value);
        view! {
            <li class="field check">
                <input type="radio" id=id.clone() name="v1" value=value checked=checked/>
                <label for=id>{name}</label>
                <p class="hint">{about}</p>
            </li>
        }
    });
    let list = view! {
        <fieldset class="choices one">
            <legend>"The v1 API is"</legend>
            <ul>{modes.to_vec()}</ul>
        </fieldset>
    };
    let fields = vec![
        form_error(&view.form),
        list.into_any(),
        action("Takes effect at once.", vec![submit("Save", "primary")]),
    ];
    let use_ = stats(vec![
        stat("Requests, 30 days", num(view.requests), None),
        stat("Anonymous verifications", num(view.anonymous), None),
    ]);
    super::page(shell, "v1 API").body(vec![
        section("v1", vec![post_form(shell.csrf(), &paths::v1_switch(), "form", fields)]),
        section("Who still uses it", vec![use_]),
    ])
}
