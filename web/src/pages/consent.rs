//! Whether a program may have a root key: who asks, and what it gets.
//!
//! What a program calls itself is a stranger's text: it stands in quotes, beside
//! where the answer goes, which is what the reader can judge it by.

use leptos::prelude::*;

use super::key_form::expiry;
use super::root_key_form::{
    GrantPlace, GrantScope, GrantTemplate, bounds, by_task, permissions, shown_by_enter,
};
use crate::View;
use crate::components::{
    Field, action, card, copy_chip, facts, fieldset, form_error, hidden, input, mono, post_form, stamp,
    submit, warning,
};
use crate::form::{FormState, NONCE};
use crate::paths::{self, Href};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, consent as text};
use crate::time::Stamp;

/// Posts to [`ConsentView::here`]: `decision` (`allow`, or anything else), and the
/// fields of [a root key](super::root_key_form::RootKeyFormView).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentView {
    /// This page, with what the program asks.
    pub here: Href,
    /// As it calls itself.
    pub client: String,
    /// Names the decision, so that it is made once however often the form is sent.
    pub nonce: String,
    pub client_id: String,
    pub registered: Stamp,
    /// Where the answer goes.
    pub destination: String,
    /// What it asks to use.
    pub resource: String,
    pub form: FormState,
    pub scopes: Vec<GrantScope>,
    pub templates: Vec<GrantTemplate>,
    pub places: Vec<GrantPlace>,
    pub zone: String,
}

pub fn consent(shell: &Shell, view: &ConsentView) -> String {
    let lead = text::program_asks_for_a_root_key(quoted(&view.client), &shell.workspace.name);
    let rows = vec![
        (text::CALLS_ITSELF, bdi(&view.client)),
        (text::THE_ANSWER_GOES_TO, view! { <b>{view.destination.clone()}</b> }.into_any()),
        (text::ASKS_TO_USE, mono(&view.resource)),
        (text::REGISTERED, stamp(&view.registered)),
        (text::CLIENT_ID, copy_chip(&view.client_id, text::CLIENT_ID_TO_COPY)),
    ];
    Page::new(shell, Section::RootKeys, text::GIVE_A_PROGRAM_A_ROOT_KEY).narrow().body(vec![
        warning(&lead),
        card(vec![facts(rows)]),
        other_workspaces(shell, &view.here),
        templates(shell, view),
        allow(shell, view),
        refuse(shell, view),
    ])
}

/// Text whose direction cannot spread to what is around it.
fn bdi(text: &str) -> View {
    view! { <bdi>{quoted(text)}</bdi> }.into_any()
}

/// In quotes that it cannot end.
fn quoted(text: &str) -> String {
    format!("\u{201c}{}\u{201d}", text.replace(['\u{201c}', '\u{201d}', '"'], "'"))
}

/// Buttons that tick boxes. Not links: whoever writes the address of this page must
/// not choose for the reader.
fn templates(shell: &Shell, view: &ConsentView) -> View {
    let forms = view.templates.iter().map(|template| {
        let choose = view! {
            <button class="template" type="submit">
                <b>{template.name.clone()}</b>
                <span class="hint">{template.about.clone()}</span>
            </button>
        };
        let fields =
            vec![hidden("decision", "template"), hidden("template", &template.code), choose.into_any()];
        let to = view.here.clone().with("template", &template.code);
        view! { <li>{post_form(shell.csrf(), &to, "inline", fields)}</li> }
    });
    view! { <ul class="templates" aria-label=common::TEMPLATES>{forms.collect_view()}</ul> }.into_any()
}

fn allow(shell: &Shell, view: &ConsentView) -> View {
    let form = &view.form;
    let name = Field::text("name", common::NAME).help(text::NAME_HINT).no_autofill();
    let fields = vec![
        hidden("decision", "allow"),
        hidden(NONCE, &view.nonce),
        hidden("workspace", &shell.workspace.id),
        shown_by_enter(),
        form_error(form),
        fieldset(common::GENERAL, "", vec![input(form, name)]),
        fieldset(
            common::PERMISSIONS,
            text::PERMISSIONS_HINT,
            permissions(form, &view.scopes, by_task(form, &view.templates, &view.places)),
        ),
        fieldset(common::EXPIRY, text::EXPIRY_HINT, expiry(form, &view.zone)),
        fieldset(common::BOUNDS, common::BOUNDS_HINT, bounds(form)),
        action(text::ALLOW_CONSEQUENCE, vec![submit(text::ALLOW, "primary")]),
    ];
    post_form(shell.csrf(), &view.here, "form sections", fields)
}

fn refuse(shell: &Shell, view: &ConsentView) -> View {
    let fields = vec![hidden("decision", "refuse"), action("", vec![submit(text::REFUSE, "")])];
    post_form(shell.csrf(), &view.here, "form", fields)
}

/// The same question for the other workspaces of the reader.
fn other_workspaces(shell: &Shell, here: &Href) -> View {
    let others = shell.workspaces.iter().filter(|other| other.id != shell.workspace.id);
    let forms = others.map(|other| {
        let label = text::in_the_workspace_instead(&other.name);
        let fields = vec![hidden("workspace", &other.id), hidden("back", here.as_str()), submit(&label, "")];
        post_form(shell.csrf(), &paths::switch_workspace(), "inline", fields)
    });
    forms.collect_view().into_any()
}
