//! A secret, the one time it is shown.

use leptos::prelude::*;

use super::button::post_form;
use super::empty::code_block;
use super::icon::Icon;
use super::notice::note;
use crate::View;
use crate::form::NONCE;
use crate::paths::Href;
use crate::texts::{common, components as text};

/// A secret that was just made. It is in this page and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOnce {
    pub secret: String,
    /// What it is: `Key`, `Root key`.
    pub what: String,
    /// Name and code of calls that use it, the secret in place.
    pub snippets: Vec<(String, String)>,
    /// Where a one-time link to it can be made by POST, with the secret's id in
    /// the path and the nonce as its field; `None` for secrets that are not
    /// handed on.
    pub link: Option<Href>,
    pub nonce: String,
    /// A one-time link that was made, and how long it works.
    pub made_link: Option<(String, String)>,
}

/// The secret in a field that a click selects whole, then what to do with it.
pub(crate) fn shown_once(csrf: &str, shown: &ShownOnce) -> View {
    let hint = text::SECRET_IS_NOT_STORED;
    shown_with(csrf, shown, hint)
}

/// As [`shown_once`], of a secret that is kept encrypted.
pub(crate) fn shown_again(csrf: &str, shown: &ShownOnce) -> View {
    shown_with(csrf, shown, text::SECRET_IS_KEPT_ENCRYPTED)
}

fn shown_with(csrf: &str, shown: &ShownOnce, hint: &'static str) -> View {
    let snippets = shown.snippets.iter().map(|(name, code)| code_block(name, code)).collect_view();
    view! {
        <section class="card secret" data-secret="">
            <header class="card-head">
                <h2>{text::copy_it_now(&shown.what)}</h2>
            </header>
            <p class="hint">{hint}</p>
            <span class="control">
                <input
                    type="text"
                    class="mono"
                    readonly
                    value=shown.secret.clone()
                    aria-label=shown.what.clone()
                    autocomplete="off"
                    spellcheck="false"
                    data-secret-value=""
                />
                <button type="button" class="button needs-js" data-mask="" aria-pressed="false">{text::HIDE}</button>
                <button type="button" class="button primary needs-js" data-copy=shown.secret.clone()>
                    {Icon::Copy.view()}
                    <span>{text::COPY}</span>
                </button>
            </span>
            {one_time_link(csrf, shown)}
        </section>
        {snippets}
    }
    .into_any()
}

fn one_time_link(csrf: &str, shown: &ShownOnce) -> View {
    if let Some((link, lifetime)) = &shown.made_link {
        return view! {
            {code_block(common::ONE_TIME_LINK, link)}
            {note(&text::one_time_link_works_for(lifetime))}
        }
        .into_any();
    }
    let Some(action) = &shown.link else { return ().into_any() };
    let body = view! {
        <input type="hidden" name=NONCE value=shown.nonce.clone()/>
        <input type="hidden" name="secret" value=shown.secret.clone() autocomplete="off"/>
        <button type="submit" class="button" data-leaves="">
            {Icon::Link.view()}
            <span>{text::MAKE_A_ONE_TIME_LINK_INSTEAD}</span>
        </button>
        <p class="hint">{text::ONE_TIME_LINK_HINT}</p>
    };
    post_form(csrf, action, "one-time", vec![body.into_any()])
}
