//! The way around: sidebar, workspace switch, search, the reader's own menu.

use leptos::prelude::*;

use super::{Shell, Theme};
use crate::View;
use crate::components::{Icon, act, hidden, post_form};
use crate::paths::{self, Href};
use crate::texts::{common, shell as text};

/// The entry of the sidebar a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Home,
    Apis,
    Identities,
    Ratelimits,
    Roles,
    Permissions,
    Requests,
    Audit,
    Explain,
    Sql,
    RootKeys,
    Jobs,
    Settings,
    None,
}

type Entry = (Section, Icon, &'static str, fn() -> Href, &'static str);

/// Section, icon, name, address, and the letter that goes there after `g`.
const GROUPS: [(&str, &[Entry]); 4] = [
    ("", &[(Section::Home, Icon::Home, text::HOME, paths::home, "h")]),
    (
        text::MANAGE,
        &[
            (Section::Apis, Icon::Api, common::APIS, paths::apis, "a"),
            (Section::Identities, Icon::Person, common::IDENTITIES, paths::identities, "i"),
            (Section::Ratelimits, Icon::Gauge, common::RATE_LIMITS, paths::namespaces, "r"),
            (Section::Roles, Icon::Role, common::ROLES, paths::roles, "o"),
            (Section::Permissions, Icon::Shield, common::PERMISSIONS, paths::permissions, "p"),
        ],
    ),
    (
        text::OBSERVE,
        &[
            (Section::Requests, Icon::Log, common::REQUESTS, paths::requests, "l"),
            (Section::Audit, Icon::Audit, common::AUDIT_LOG, paths::audit, "u"),
            (Section::Explain, Icon::Search, common::EXPLAIN, paths::explain, "e"),
            (Section::Sql, Icon::Code, common::QUERY, paths::sql, "q"),
        ],
    ),
    (
        text::OPERATE,
        &[
            (Section::RootKeys, Icon::Lock, common::ROOT_KEYS, paths::root_keys, "k"),
            (Section::Jobs, Icon::Play, common::JOBS, paths::jobs, "j"),
            (Section::Settings, Icon::Settings, common::SETTINGS, paths::settings, "s"),
        ],
    ),
];

/// Names and letters of the places one can go to, for the cheat sheet.
pub(crate) fn places() -> Vec<(&'static str, &'static str)> {
    GROUPS.iter().flat_map(|(_, entries)| *entries).map(|entry| (entry.4, entry.2)).collect()
}

pub(super) fn sidebar(section: Section) -> View {
    let groups = GROUPS.into_iter().map(|(heading, entries)| {
        let heading = (!heading.is_empty()).then(|| view! { <p class="nav-heading">{heading}</p> });
        let entries = entries.iter().map(|entry| nav_entry(entry, section)).collect_view();
        view! { <div class="nav-group">{heading}<ul>{entries}</ul></div> }.into_any()
    });
    let groups = groups.collect_view();
    view! { <nav class="sidebar" aria-label=text::MAIN_NAVIGATION><div>{groups}</div></nav> }.into_any()
}

fn nav_entry((own, icon, name, path, letter): &Entry, section: Section) -> View {
    let current = (*own == section).then_some("page");
    view! {
        <li>
            <a href=path().to_string() aria-current=current data-go=*letter>
                {icon.view()}
                <span>{*name}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The mark of the product: a key whose bow is a gauge.
pub(super) fn mark() -> View {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
            <circle cx="8" cy="12" r="5.5"></circle>
            <path d="M8 12l2.5-2.75M13.5 12H22v3.5M18 12v2.5"></path>
        </svg>
    }
    .into_any()
}

pub(super) fn workspace_switch(shell: &Shell) -> View {
    let entries = shell
        .workspaces
        .iter()
        .map(|workspace| {
            let current = workspace.id == shell.workspace.id;
            let tick = current.then(|| Icon::Check.view());
            view! {
                <li>
                    <button type="submit" name="workspace" value=workspace.id.clone() class="menu-item">
                        <span>{workspace.name.clone()}</span>
                        {tick}
                    </button>
                </li>
            }
        })
        .collect_view();
    let list = vec![view! { <ul>{entries}</ul> }.into_any()];
    let new = shell.may.create_workspace.then(|| {
        view! { <a class="menu-item" href=paths::new_workspace().to_string()>{common::NEW_WORKSPACE}</a> }
    });
    view! {
        <details class="menu switch">
            <summary>
                <span>{shell.workspace.name.clone()}</span>
                {Icon::Down.view()}
                <span class="sr">{text::SWITCH_WORKSPACE}</span>
            </summary>
            <div class="popover">
                {post_form(shell.csrf(), &paths::switch_workspace(), "", list)}
                {new}
            </div>
        </details>
    }
    .into_any()
}

/// Searches by POST, because a secret may be pasted here.
pub(super) fn search(shell: &Shell) -> View {
    let field = view! {
        <span class="control search">
            {Icon::Search.view()}
            <input
                type="search"
                name="q"
                placeholder=text::SEARCH_OR_PASTE_A_KEY
                aria-label=text::SEARCH_OR_PASTE_A_KEY
                autocomplete="off"
                spellcheck="false"
                data-search=""
            />
            <kbd aria-hidden="true">"/"</kbd>
        </span>
    };
    view! {
        <div class="top-search" role="search" aria-label=common::EVERYTHING>
            {post_form(shell.csrf(), &paths::search(), "", vec![field.into_any()])}
        </div>
    }
    .into_any()
}

pub(super) fn own_menu(shell: &Shell) -> View {
    let themes = Theme::ALL.map(|theme| {
        let pressed = if theme == shell.frame.theme { "true" } else { "false" };
        view! {
            <button type="submit" name="theme" value=theme.as_str() aria-pressed=pressed>
                {theme.label()}
            </button>
        }
        .into_any()
    });
    let mut form = vec![hidden("back", shell.frame.back.as_str())];
    form.extend(themes);
    let initial: String = shell.email.chars().take(1).flat_map(char::to_uppercase).collect();
    view! {
        <details class="menu own">
            <summary aria-label=text::your_menu(&shell.email)>
                <span class="avatar" aria-hidden="true">{initial}</span>
            </summary>
            <div class="popover">
                <p class="who">{shell.email.clone()}<span class="note">{shell.role.clone()}</span></p>
                {post_form(shell.csrf(), &paths::theme(), "themes", form)}
                <a class="menu-item" href=paths::security().to_string()>{text::SIGN_IN_AND_SECURITY}</a>
                <a class="menu-item" href=paths::shortcuts().to_string() data-shortcuts="">
                    {text::KEYBOARD_SHORTCUTS}
                </a>
                {act(shell.csrf(), None, text::SIGN_OUT, &paths::logout(), "menu-item")}
            </div>
        </details>
    }
    .into_any()
}
