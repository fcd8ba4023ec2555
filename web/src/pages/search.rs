//! Everything that matches some words, across kinds of entities.

use leptos::prelude::*;

use crate::View;
use crate::components::Chip;
use crate::components::{Icon, button_link, card, chips, empty_state, mono, post_form, section};
use crate::paths::{self, Href};
use crate::shell::{Page, Section, Shell};
use crate::texts::{common, search as text};

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub title: String,
    pub id: String,
    pub href: Href,
    /// What tells it from others of its name: the API, a slug, start and end of a key.
    pub detail: String,
    pub states: Vec<Chip>,
}

/// Hits of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitGroup {
    /// `Keys`, `Identities`, `Audit log`.
    pub kind: String,
    pub hits: Vec<Hit>,
    /// Where there may be more, unless the words may be a secret.
    pub more: Option<Href>,
}

/// Posts to [`paths::search`]: `q`; a GET of it finds the same, but no secret. The words are never put back into the page
/// when they may be a secret; the handler leaves `words` empty then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchView {
    pub words: String,
    pub groups: Vec<HitGroup>,
    /// Whether a secret was searched for, which leads straight to its key or here.
    pub secret_not_found: bool,
}

pub fn search(shell: &Shell, view: &SearchView) -> String {
    let found = view.groups.iter().any(|group| !group.hits.is_empty());
    let body = match (found, view.secret_not_found, view.words.is_empty()) {
        (true, ..) => {
            view.groups.iter().filter(|group| !group.hits.is_empty()).map(group).collect_view().into_any()
        }
        (_, true, _) => {
            empty_state(Icon::Key, text::NO_KEY_HAS_THIS_SECRET, text::NO_KEY_HAS_THIS_SECRET_HINT, vec![])
        }
        (.., true) => {
            empty_state(Icon::Search, common::SEARCH_EVERYTHING, text::SEARCH_EVERYTHING_HINT, vec![])
        }
        _ => empty_state(Icon::Search, text::NOTHING_MATCHES, text::NOTHING_MATCHES_HINT, vec![]),
    };
    Page::new(shell, Section::None, common::SEARCH).narrow().body(vec![form(shell, &view.words), body])
}

fn form(shell: &Shell, words: &str) -> View {
    let field = view! {
        <span class="control search">
            {Icon::Search.view()}
            <input
                type="search"
                name="q"
                value=words.to_owned()
                aria-label=common::SEARCH_EVERYTHING
                autocomplete="off"
                spellcheck="false"
                autofocus=words.is_empty()
            />
            <button type="submit" class="button">{common::SEARCH}</button>
        </span>
    };
    card(vec![post_form(shell.csrf(), &paths::search(), "", vec![field.into_any()])])
}

fn group(group: &HitGroup) -> View {
    let hits = group
        .hits
        .iter()
        .map(|hit| {
            view! {
                <li data-row="">
                    <a class="strong" href=hit.href.to_string()>{hit.title.clone()}</a>
                    {mono(&hit.id)}
                    <span class="note">{hit.detail.clone()}</span>
                    {chips(&hit.states)}
                </li>
            }
        })
        .collect_view();
    let more = group.more.as_ref().map(|href| button_link(None, common::ALL, href, "small"));
    section(&group.kind, vec![view! { <ul class="hits">{hits}</ul> }.into_any(), more.into_any()])
}
