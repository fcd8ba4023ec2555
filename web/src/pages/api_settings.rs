//! Settings of an API: defaults of new keys, where its keys may be used, and its
//! end.

use leptos::prelude::*;

use super::parts::ApiRef;
use crate::View;
use crate::components::{
    Danger, Field, action, area, check, danger_zone, facts, form_error, hidden, input, mono, nothing,
    post_form, section, submit,
};
use crate::form::{FormState, ON};
use crate::number::count;
use crate::paths;
use crate::shell::Shell;

/// Each form of the page has a version of its own, so that one saved elsewhere does
/// not make the others stale.
pub const DEFAULTS_VERSION: &str = "version_defaults";
pub const ADDRESSES_VERSION: &str = "version_addresses";
pub const RECOVERY_VERSION: &str = "version_recovery";

/// Posts to [`paths::api_defaults`]: `name`, `default_prefix`, `default_bytes`;
/// to [`paths::api_allowlist`]: `ip_allowlist` (one address or network a line,
/// empty for any); to [`paths::api_recovery`]: `recoverable`; to
/// [`paths::api_protection`]: query `protect` (`on`, `off`), field `confirm` (the name); to
/// [`paths::delete_api`]: `confirm` (the name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiSettingsView {
    pub api: ApiRef,
    pub keyspace_id: String,
    pub keys: i64,
    pub protected: bool,
    /// Holds the values of all forms; a problem of a danger act is keyed by its path.
    pub form: FormState,
}

pub fn settings(shell: &Shell, view: &ApiSettingsView) -> String {
    let page = view.api.page(shell, "Settings").narrow();
    let ids = vec![("API id", mono(&view.api.id)), ("Keyspace id", mono(&view.keyspace_id))];
    if !shell.may.admin {
        return page
            .body(vec![section("Identifiers", vec![facts(ids)]), section("Settings", vec![as_facts(view)])]);
    }
    let forms =
        [form_error(&view.form), defaults(shell, view), allowlist(shell, view), recovery(shell, view)];
    let ids = section("Identifiers", vec![facts(ids)]);
    let danger = danger_zone(shell.csrf(), dangers(view), &view.form);
    page.body(forms.into_iter().chain([ids, danger]).collect())
}

/// The settings for whoever may not change them.
fn as_facts(view: &ApiSettingsView) -> View {
    let text = |name: &str, absent: &'static str| match view.form.value(name) {
        value if value.is_empty() => nothing(absent),
        value => mono(&value),
    };
    let switch = |on: bool| if on { "on" } else { "off" }.into_any();
    facts(vec![
        ("Prefix of new keys", text("default_prefix", "none")),
        ("Random bytes of new keys", text("default_bytes", "16")),
        ("Keys may be used from", text("ip_allowlist", "anywhere")),
        ("Recoverable keys", switch(view.form.has("recoverable", ON))),
        ("Delete protection", switch(view.protected)),
    ])
}

fn defaults(shell: &Shell, view: &ApiSettingsView) -> View {
    let form = &view.form;
    let fields = vec![
        hidden(DEFAULTS_VERSION, &form.value(DEFAULTS_VERSION)),
        input(form, Field::text("name", "Name").required().no_autofill()),
        input(
            form,
            Field::text("default_prefix", "Prefix of new keys")
                .mono()
                .help("Used where a key is made without one."),
        ),
        input(
            form,
            Field::number("default_bytes", "Random bytes of new keys").unit("bytes").help("16 to 255."),
        ),
        action("", vec![submit("Save", "primary")]),
    ];
    section("General", vec![post_form(shell.csrf(), &paths::api_defaults(&view.api.id), "form", fields)])
}

fn allowlist(shell: &Shell, view: &ApiSettingsView) -> View {
    let field = Field::text("ip_allowlist", "Addresses and networks")
        .mono()
        .placeholder("203.0.113.7\n2001:db8::/32")
        .help(
            "One a line, IPv4 or IPv6. Keys used from elsewhere are refused as FORBIDDEN. Empty allows any.",
        );
    let fields = vec![
        hidden(ADDRESSES_VERSION, &view.form.value(ADDRESSES_VERSION)),
        area(&view.form, field),
        action("", vec![submit("Save", "primary")]),
    ];
    section(
        "Where keys may be used",
        vec![post_form(shell.csrf(), &paths::api_allowlist(&view.api.id), "form", fields)],
    )
}

fn recovery(shell: &Shell, view: &ApiSettingsView) -> View {
    let help = "Keeps secrets of keys made from now on encrypted under the master key. Whoever may decrypt can read them again; each reading is audited.";
    let fields = vec![
        hidden(RECOVERY_VERSION, &view.form.value(RECOVERY_VERSION)),
        check(&view.form, "recoverable", "Keep recoverable keys", help),
        action("", vec![submit("Save", "primary")]),
    ];
    section("Recovery", vec![post_form(shell.csrf(), &paths::api_recovery(&view.api.id), "form", fields)])
}

fn dangers(view: &ApiSettingsView) -> Vec<Danger<'_>> {
    let name = Some(view.api.name.as_str());
    let protection = Danger {
        title: if view.protected { "Remove delete protection" } else { "Protect from deletion" },
        consequence: if view.protected {
            "The API can be deleted again, here and over the API.".to_owned()
        } else {
            "Refuses to delete the API, here and over the API. Its keys can still be deleted.".to_owned()
        },
        button: if view.protected { "Remove protection" } else { "Protect" },
        action: paths::api_protection(&view.api.id)
            .with("protect", if view.protected { "off" } else { "on" }),
        confirm: name,
        locked: None,
    };
    let delete = Danger {
        title: "Delete this API",
        consequence: format!(
            "Deletes it with its {}. Requests with them are refused at once.",
            count(view.keys, "key")
        ),
        button: "Delete API",
        action: paths::delete_api(&view.api.id),
        confirm: name,
        locked: view
            .protected
            .then(|| "It is protected from deletion. Remove the protection first.".to_owned()),
    };
    vec![protection, delete]
}
