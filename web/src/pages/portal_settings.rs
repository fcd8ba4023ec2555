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
use crate::texts::{common, portal as text};

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
    let page = view.api.page(shell, common::PORTAL).narrow();
    let mut body = vec![form_error(&view.form)];
    match &view.portal {
        None => body.push(empty_state(Icon::Portal, text::NO_PORTAL_YET, text::NO_PORTAL_YET_HINT, vec![])),
        Some((id, slug, sessions)) => body.push(section(
            common::PORTAL,
            vec![facts(vec![
                (common::ID, copy_chip(id, text::PORTAL_ID_TO_COPY)),
                (common::SLUG, mono(slug)),
                (
                    text::LOOK,
                    button_link(
                        Some(Icon::Out),
                        common::PREVIEW,
                        &paths::portal_preview(&view.api.id),
                        "small",
                    ),
                ),
                (text::OPEN_SESSIONS, num(*sessions)),
            ])],
        )),
    }
    if shell.may.admin {
        body.push(branding(shell, view));
    }
    if let Some((_, slug, _)) = &view.portal {
        let call = format!(
            r#"{{"portal":"{slug}","externalId":"YOUR_USER","scopes":["keys:read","keys:reroll","analytics:read"]}}"#
        );
        let command = curl(shell.origin(), "portal.createSession", "YOUR_ROOT_KEY", &call);
        body.push(section(
            text::SEND_A_USER_THERE,
            vec![
                view! { <p class="hint">{text::SEND_A_USER_THERE_HINT}</p> }.into_any(),
                code_block(text::OPEN_A_SESSION, &command),
            ],
        ));
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
        input(form, Field::text("display_name", common::NAME).help(text::NAME_HINT).required()),
        input(form, Field::text("slug", common::SLUG).mono().required().help(text::SLUG_HINT)),
        input(
            form,
            Field::text("logo_url", text::LOGO)
                .of_kind("url")
                .placeholder("https://example.com/logo.svg")
                .help(text::LOGO_HINT),
        ),
        input(
            form,
            Field::text("primary_color", text::COLOUR).mono().placeholder("#7a2fd0").help(text::COLOUR_HINT),
        ),
        check(form, "enabled", text::OPEN, text::OPEN_HINT),
        action(
            "",
            vec![submit(if view.portal.is_some() { common::SAVE } else { text::CREATE_PORTAL }, "primary")],
        ),
    ];
    section(text::BRANDING, vec![post_form(shell.csrf(), &paths::api_portal(&view.api.id), "form", fields)])
}

fn danger(shell: &Shell, view: &PortalSettingsView, slug: &str) -> View {
    let delete = Danger {
        title: text::DELETE_THE_PORTAL,
        consequence: text::DELETE_CONSEQUENCE.to_owned(),
        button: text::DELETE_PORTAL,
        action: paths::delete_portal(&view.api.id),
        confirm: Some(slug),
        locked: None,
    };
    danger_zone(shell.csrf(), vec![delete], &view.form)
}
