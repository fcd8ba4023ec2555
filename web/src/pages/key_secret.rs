//! The secret of a key, once: after it was made, rotated or recovered.

use super::parts::ApiRef;
use crate::components::{ShownOnce, button_link, shown_once};
use crate::paths;
use crate::shell::{Crumb, Page, Section, Shell};

/// Answers the POST itself, never cached. The one-time link posts to
/// [`paths::link_secret`]: `nonce`, `secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySecretView {
    pub api: ApiRef,
    pub key_id: String,
    /// `Key created`, `Key rotated`, `Secret of web app`.
    pub title: String,
    pub shown: ShownOnce,
}

pub fn secret(shell: &Shell, view: &KeySecretView) -> String {
    view.api
        .crumbs(Page::new(shell, Section::Apis, &view.title))
        .crumb(Crumb::new("Keys", paths::api_keys(&view.api.id)))
        .narrow()
        .action(button_link(None, "Go to the key", &paths::key(&view.key_id), ""))
        .body(vec![shown_once(shell.csrf(), &view.shown)])
}
