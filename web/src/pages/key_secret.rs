//! The secret of a key, once: after it was made, rotated or recovered.

use super::parts::ApiRef;
use crate::components::{ShownOnce, button_link, curl, shown_again, shown_once};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};
use crate::texts::{common, keys as text};

/// Answers the POST itself, never cached. The one-time link posts to
/// [`paths::link_secret`]: `nonce`, `secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySecretView {
    pub api: ApiRef,
    pub key_id: String,
    /// `Key created`, `Key rotated`, `Secret of web app`.
    pub title: String,
    pub shown: ShownOnce,
    /// Whether it is kept, encrypted, and was read again.
    pub kept: bool,
}

/// Name and code of the call that verifies a key; `body` is its JSON.
pub fn verify_call(origin: &str, body: &str) -> (String, String) {
    (text::VERIFY_IT.to_owned(), curl(origin, "keys.verifyKey", "YOUR_ROOT_KEY", body))
}

pub fn secret(shell: &Shell, view: &KeySecretView) -> String {
    let shown = if view.kept { shown_again } else { shown_once };
    view.api
        .crumbs(Page::new(shell, Section::Apis, &view.title))
        .crumb(Crumb::new(common::KEYS, paths::api_keys(&view.api.id)))
        .narrow()
        .action(button_link(None, text::GO_TO_THE_KEY, &paths::key(&view.key_id), ""))
        .body(vec![shown(shell.csrf(), &view.shown)])
}
