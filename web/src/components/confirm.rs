//! Irreversible acts: what they do, and the name typed to do them.

use leptos::prelude::*;

use super::button::{post_form, submit};
use super::field::{Field, input};
use crate::View;
use crate::form::{CONFIRM, FormState};
use crate::paths::Href;
use crate::texts::{common, components as text};

/// One act of a danger zone.
pub(crate) struct Danger<'a> {
    pub title: &'a str,
    /// What will be lost, and what will not.
    pub consequence: String,
    pub button: &'a str,
    pub action: Href,
    /// What has to be typed; `None` for an act that can be taken back.
    pub confirm: Option<&'a str>,
    /// Why the act is not possible now.
    pub locked: Option<String>,
}

/// Acts apart from the rest of a page. A refused confirmation shows at the act
/// whose path `refused` names.
pub(crate) fn danger_zone(csrf: &str, acts: Vec<Danger<'_>>, form: &FormState) -> View {
    let rows = acts.into_iter().map(|act| row(csrf, act, form)).collect_view();
    view! {
        <section class="card danger">
            <header class="card-head">
                <h2>{common::DANGER_ZONE}</h2>
            </header>
            {rows}
        </section>
    }
    .into_any()
}

/// An act in the row of what it is about: it unfolds, and stays so where its confirmation
/// was refused.
pub(crate) fn danger_in_row(csrf: &str, about: &str, act: Danger<'_>, form: &FormState) -> View {
    let is_open = form.error(act.action.as_str()).is_some();
    let (label, button) = (format!("{}: {about}", act.title), act.button.to_owned());
    let consequence = act.consequence.clone();
    view! {
        <details class="in-row" open=is_open>
            <summary class="button small" aria-label=label>{button}</summary>
            <p class="hint">{consequence}</p>
            {control(csrf, act, form)}
        </details>
    }
    .into_any()
}

fn row(csrf: &str, act: Danger<'_>, form: &FormState) -> View {
    let (title, consequence) = (act.title.to_owned(), act.consequence.clone());
    view! {
        <div class="danger-row">
            <div>
                <h3>{title}</h3>
                <p class="hint">{consequence}</p>
            </div>
            {control(csrf, act, form)}
        </div>
    }
    .into_any()
}

/// The form of an act, or why there is none.
fn control(csrf: &str, act: Danger<'_>, form: &FormState) -> View {
    match act.locked {
        Some(reason) => view! { <p class="hint locked">{reason}</p> }.into_any(),
        None => {
            post_form(csrf, &act.action, "danger-form", controls(&act.action, act.confirm, act.button, form))
        }
    }
}

fn controls(action: &Href, confirm: Option<&str>, button: &str, form: &FormState) -> Vec<View> {
    let typed = confirm.map(|name| {
        let label = text::type_to_confirm(name);
        input(form, Field::text(CONFIRM, &label).scoped(action.as_str()).required().no_autofill())
    });
    typed.into_iter().chain([submit(button, "danger")]).collect()
}
