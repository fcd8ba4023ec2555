//! Rotating a key or a root key: a new secret, and how long the old one works.

use super::parts::{ApiRef, Named};
use leptos::prelude::*;

use crate::View;
use crate::components::{
    action, button_link, form_error, hidden, note, post_form, section, select, submit, warning,
};
use crate::form::{FormState, NONCE, ON};
use crate::paths::{self, Href};
use crate::shell::{Crumb, Page, Section, Shell};

/// How long an old secret goes on working: posted value in milliseconds, and
/// text.
pub const GRACE: [(&str, &str); 6] = [
    ("0", "Not at all"),
    ("900000", "15 minutes"),
    ("3600000", "1 hour"),
    ("21600000", "6 hours"),
    ("86400000", "24 hours"),
    ("604800000", "7 days"),
];

/// The query parameter that says that the old secret leaked.
pub const LEAKED: &str = "leaked";

/// What is chosen at first: a day, and nothing for a secret that leaked.
pub fn default_grace(leaked: bool) -> &'static str {
    if leaked { GRACE[0].0 } else { GRACE[4].0 }
}

/// Posts to [`paths::rotate_key`] or [`paths::rotate_root_key`]: `nonce`,
/// `grace_ms`, one of [`GRACE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotateView {
    /// `None` for a root key.
    pub api: Option<ApiRef>,
    pub key: Named,
    pub nonce: String,
    pub form: FormState,
    /// Whether somebody else has the old secret.
    pub leaked: bool,
    /// Why it cannot be rotated: it expired.
    pub refused: Option<String>,
}

pub fn rotate(shell: &Shell, view: &RotateView) -> String {
    match &view.api {
        Some(api) => {
            let page = api.crumbs(Page::new(shell, Section::Apis, "Rotate key"));
            page.crumb(Crumb::new("Keys", paths::api_keys(&api.id)))
                .crumb(Crumb::new(&view.key.name, paths::key(&view.key.id)))
                .narrow()
                .body(body(shell, view, &paths::rotate_key(&view.key.id), &paths::key(&view.key.id)))
        }
        None => Page::new(shell, Section::RootKeys, "Rotate root key")
            .crumb(Crumb::new("Root keys", paths::root_keys()))
            .crumb(Crumb::new(&view.key.name, paths::root_key(&view.key.id)))
            .narrow()
            .body(body(shell, view, &paths::rotate_root_key(&view.key.id), &paths::root_key(&view.key.id))),
    }
}

/// A browser shows the first option for a value that is none of them: that would end
/// the old secret at once where nobody asked for it.
fn with_choice(form: &FormState, leaked: bool) -> FormState {
    if GRACE.iter().any(|(value, _)| *value == form.value("grace_ms")) {
        return form.clone();
    }
    let mut form = form.clone();
    form.values.retain(|(name, _)| name != "grace_ms");
    form.values.push(("grace_ms".to_owned(), default_grace(leaked).to_owned()));
    form
}

fn body(shell: &Shell, view: &RotateView, post: &Href, back: &Href) -> Vec<View> {
    let post = if view.leaked { post.clone().with(LEAKED, ON) } else { post.clone() };
    if let Some(reason) = &view.refused {
        let edit = match view.api {
            Some(_) => paths::edit_key(&view.key.id),
            None => paths::edit_root_key(&view.key.id),
        };
        let ways = vec![
            button_link(None, "Set a later expiry", &edit, "primary"),
            button_link(None, "Back", back, ""),
        ];
        return vec![warning(reason), action("", ways)];
    }
    let chosen = with_choice(&view.form, view.leaked);
    let form = vec![
        form_error(&view.form),
        hidden(NONCE, &view.nonce),
        select(
            &chosen,
            "grace_ms",
            "The old secret goes on working for",
            "Long enough to deploy the new one everywhere.",
            &GRACE,
        ),
        action(
            "The new secret is shown once, on the next page.",
            vec![submit("Rotate", "primary"), button_link(None, "Cancel", back, "")],
        ),
    ];
    let about = match view.api {
        Some(_) => "The new key has the same settings and shares the credits. Both are counted as one.",
        None => "The new root key has the same name, permissions and bounds, and an id of its own.",
    };
    let leaked = view.leaked.then(|| {
        warning("Whoever found the old secret can use it for as long as it works: let it end at once.")
    });
    vec![
        leaked.into_any(),
        note(about),
        section(&view.key.name, vec![post_form(shell.csrf(), &post, "form", form)]),
    ]
}
