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
use crate::paths;
use crate::shell::Shell;
use crate::texts::{apis as text, common};

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
    let page = view.api.page(shell, common::SETTINGS).narrow();
    let ids = vec![(text::API_ID, mono(&view.api.id)), (text::KEYSPACE_ID, mono(&view.keyspace_id))];
    if !shell.may.admin {
        return page.body(vec![
            section(text::IDENTIFIERS, vec![facts(ids)]),
            section(common::SETTINGS, vec![as_facts(view)]),
        ]);
    }
    let forms =
        [form_error(&view.form), defaults(shell, view), allowlist(shell, view), recovery(shell, view)];
    let ids = section(text::IDENTIFIERS, vec![facts(ids)]);
    let danger = danger_zone(shell.csrf(), dangers(view), &view.form);
    page.body(forms.into_iter().chain([ids, danger]).collect())
}

/// The settings for whoever may not change them.
fn as_facts(view: &ApiSettingsView) -> View {
    let text = |name: &str, absent: &'static str| match view.form.value(name) {
        value if value.is_empty() => nothing(absent),
        value => mono(&value),
    };
    let switch = |on: bool| if on { text::ON } else { text::OFF }.into_any();
    facts(vec![
        (text::PREFIX_OF_NEW_KEYS, text("default_prefix", common::NONE)),
        (text::RANDOM_BYTES_OF_NEW_KEYS, text("default_bytes", "16")),
        (text::KEYS_MAY_BE_USED_FROM, text("ip_allowlist", text::ANYWHERE)),
        (text::RECOVERABLE_KEYS, switch(view.form.has("recoverable", ON))),
        (text::DELETE_PROTECTION, switch(view.protected)),
    ])
}

fn defaults(shell: &Shell, view: &ApiSettingsView) -> View {
    let form = &view.form;
    let fields = vec![
        hidden(DEFAULTS_VERSION, &form.value(DEFAULTS_VERSION)),
        input(form, Field::text("name", common::NAME).required().no_autofill()),
        input(form, Field::text("default_prefix", text::PREFIX_OF_NEW_KEYS).mono().help(text::PREFIX_HELP)),
        input(
            form,
            Field::number("default_bytes", text::RANDOM_BYTES_OF_NEW_KEYS)
                .unit(text::BYTES)
                .help(text::RANDOM_BYTES_HELP),
        ),
        action("", vec![submit(common::SAVE, "primary")]),
    ];
    section(
        common::GENERAL,
        vec![post_form(shell.csrf(), &paths::api_defaults(&view.api.id), "form", fields)],
    )
}

fn allowlist(shell: &Shell, view: &ApiSettingsView) -> View {
    let field = Field::text("ip_allowlist", common::ADDRESSES_AND_NETWORKS)
        .mono()
        .placeholder("203.0.113.7\n2001:db8::/32")
        .help(text::ADDRESSES_HELP);
    let fields = vec![
        hidden(ADDRESSES_VERSION, &view.form.value(ADDRESSES_VERSION)),
        area(&view.form, field),
        action("", vec![submit(common::SAVE, "primary")]),
    ];
    section(
        text::WHERE_KEYS_MAY_BE_USED,
        vec![post_form(shell.csrf(), &paths::api_allowlist(&view.api.id), "form", fields)],
    )
}

fn recovery(shell: &Shell, view: &ApiSettingsView) -> View {
    let help = text::RECOVERABLE_HELP;
    let fields = vec![
        hidden(RECOVERY_VERSION, &view.form.value(RECOVERY_VERSION)),
        check(&view.form, "recoverable", text::KEEP_RECOVERABLE_KEYS, help),
        action("", vec![submit(common::SAVE, "primary")]),
    ];
    section(text::RECOVERY, vec![post_form(shell.csrf(), &paths::api_recovery(&view.api.id), "form", fields)])
}

fn dangers(view: &ApiSettingsView) -> Vec<Danger<'_>> {
    let name = Some(view.api.name.as_str());
    let protection = Danger {
        title: if view.protected { text::REMOVE_DELETE_PROTECTION } else { text::PROTECT_FROM_DELETION },
        consequence: if view.protected {
            text::REMOVE_PROTECTION_CONSEQUENCE.to_owned()
        } else {
            text::PROTECT_CONSEQUENCE.to_owned()
        },
        button: if view.protected { text::REMOVE_PROTECTION } else { text::PROTECT },
        action: paths::api_protection(&view.api.id)
            .with("protect", if view.protected { "off" } else { "on" }),
        confirm: name,
        locked: None,
    };
    let delete = Danger {
        title: text::DELETE_THIS_API,
        consequence: text::delete_consequence(view.keys),
        button: text::DELETE_API,
        action: paths::delete_api(&view.api.id),
        confirm: name,
        locked: view.protected.then(|| text::REMOVE_THE_PROTECTION_FIRST.to_owned()),
    };
    vec![protection, delete]
}
