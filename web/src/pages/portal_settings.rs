//! The portal of an API: a page where its end users look after their own keys.

use leptos::prelude::*;

use super::parts::ApiRef;
use crate::View;
use crate::components::{
    Danger, Field, Icon, action, button_link, check, code_block, copy_chip, curl, danger_zone, empty_state,
    facts, form_error, hidden, input, mono, num, post_form, section, submit,
};
use crate::form::{FormState, VERSION};
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::api_portal`]: `slug`, `display_name`, `logo_url`,
/// `primary_color`, `enabled`; makes the portal if there is none. The danger
/// zone posts to [`paths::delete_portal`]: `confirm` (the slug).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSettingsView {
    pub api: ApiRef,
    /// Id, slug and open sessions of the portal, once there is one.
    pub portal: Option<(String, String, i64)>,
    pub form: FormState,
}

pub fn settings(shell: &Shell, view: &PortalSettingsView) -> String {
    let page = view.api.page(shell, "Portal").narrow();
    let mut body = vec![form_error(&view.form)];
    match &view.portal {
        None => body.push(empty_state(
            Icon::Portal,
            "No portal yet",
            "A portal lets your users see, rotate and watch their own keys under your name, without an account here.",
            vec![],
        )),
        Some((id, slug, sessions)) => body.push(section("Portal", vec![facts(vec![
            ("Id", copy_chip(id, "portal id")),
            ("Slug", mono(slug)),
            ("Look", button_link(Some(Icon::Out), "Preview", &paths::portal_preview(&view.api.id), "small")),
            ("Open sessions", num(*sessions)),
        ])])),
    }
    if shell.may.admin {
        body.push(branding(shell, view));
    }
    if let Some((_, slug, _)) = &view.portal {
        let call = format!(
            r#"{{"portal":"{slug}","externalId":"YOUR_USER","scopes":["keys:read","keys:reroll","analytics:read"]}}"#
        );
        let command = curl(shell.origin(), "portal.createSession", "YOUR_ROOT_KEY", &call);
        body.push(section("Send a user there", vec![
            view! { <p class="hint">"Your backend opens a session and redirects the browser to the address in the answer."</p> }
                .into_any(),
            code_block("Open a session", &command),
        ]));
        if shell.may.admin {
            body.push(danger(shell, view, slug));
        }
    }
    page.body(body)
}

fn branding(shell: &Shell, view: &PortalSettingsView) -> View {
    let form = &view.form;
    let fields = vec![
        hidden(VERSION, &form.value(VERSION)),
        input(form, Field::text("display_name", "Name").help("Shown to your users.").required()),
        input(
            form,
            Field::text("slug", "Slug")
                .mono()
                .required()
                .help("Part of the address: 3 to 64 of a-z, 0-9, -."),
        ),
        input(
            form,
            Field::text("logo_url", "Logo")
                .of_kind("url")
                .placeholder("https://example.com/logo.svg")
                .help("An image under https. Browsers of your users load it from there."),
        ),
        input(
            form,
            Field::text("primary_color", "Colour")
                .mono()
                .placeholder("#7a2fd0")
                .help("Of buttons and lines, as #rrggbb. Empty for the usual one."),
        ),
        check(
            form,
            "enabled",
            "Open",
            "A closed portal ends its sessions and opens no new ones. Keys keep working.",
        ),
        action("", vec![submit(if view.portal.is_some() { "Save" } else { "Create portal" }, "primary")]),
    ];
    section("Branding", vec![post_form(shell.csrf(), &paths::api_portal(&view.api.id), "form", fields)])
}

fn danger(shell: &Shell, view: &PortalSettingsView, slug: &str) -> View {
    let delete = Danger {
        title: "Delete the portal",
        consequence: "Ends its sessions. The keys of its users keep working.".to_owned(),
        button: "Delete portal",
        action: paths::delete_portal(&view.api.id),
        confirm: Some(slug),
        locked: None,
    };
    danger_zone(shell.csrf(), vec![delete], &view.form)
}
