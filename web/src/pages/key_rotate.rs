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
use crate::texts::{common, keys as text};

/// How long an old secret goes on working: posted value in milliseconds, and
/// text.
pub const GRACE: [(&str, &str); 6] = [
    ("0", text::NOT_AT_ALL),
    ("900000", text::GRACE_15_MINUTES),
    ("3600000", text::GRACE_1_HOUR),
    ("21600000", text::GRACE_6_HOURS),
    ("86400000", text::GRACE_24_HOURS),
    ("604800000", text::GRACE_7_DAYS),
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
            let page = api.crumbs(Page::new(shell, Section::Apis, text::ROTATE_KEY));
            page.crumb(Crumb::new(common::KEYS, paths::api_keys(&api.id)))
                .crumb(Crumb::new(&view.key.name, paths::key(&view.key.id)))
                .narrow()
                .body(body(shell, view, &paths::rotate_key(&view.key.id), &paths::key(&view.key.id)))
        }
        None => Page::new(shell, Section::RootKeys, text::ROTATE_ROOT_KEY)
            .crumb(Crumb::new(common::ROOT_KEYS, paths::root_keys()))
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
            button_link(None, text::SET_A_LATER_EXPIRY, &edit, "primary"),
            button_link(None, text::BACK, back, ""),
        ];
        return vec![warning(reason), action("", ways)];
    }
    let chosen = with_choice(&view.form, view.leaked);
    let form = vec![
        form_error(&view.form),
        hidden(NONCE, &view.nonce),
        select(&chosen, "grace_ms", text::GRACE, text::GRACE_HELP, &GRACE),
        action(
            text::NEW_SECRET_IS_SHOWN_ONCE,
            vec![submit(common::ROTATE, "primary"), button_link(None, common::CANCEL, back, "")],
        ),
    ];
    let about = match view.api {
        Some(_) => text::THE_NEW_KEY_SHARES_CREDITS,
        None => text::THE_NEW_ROOT_KEY_IS_THE_SAME,
    };
    let leaked = view.leaked.then(|| warning(text::LEAKED_LET_IT_END));
    vec![
        leaked.into_any(),
        note(about),
        section(&view.key.name, vec![post_form(shell.csrf(), &post, "form", form)]),
    ]
}
