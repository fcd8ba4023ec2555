//! Irreversible acts: what they do, and the name typed to do them.

use leptos::prelude::*;

use super::button::{post_form, submit};
use super::field::{Field, input};
use crate::View;
use crate::form::{CONFIRM, FormState};
use crate::paths::Href;

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
                <h2>"Danger zone"</h2>
            </header>
            {rows}
        </section>
    }
    .into_any()
}

/// An act in the row of what it is about: it unfolds, and stays so where its confirmation
/// was refused.
pub(crate) fn danger_in_row(csrf: &str, about: &str, act: Danger<'_>, form: &FormState) -> View {
    let fields = controls(&act.action, act.confirm, act.button, form);
    view! {
        <details class="in-row" open=form.error(act.action.as_str()).is_some()>
            <summary class="button small" aria-label=format!("{}: {about}", act.title)>{act.button.to_owned()}</summary>
            <p class="hint">{act.consequence}</p>
            {post_form(csrf, &act.action, "danger-form", fields)}
        </details>
    }
    .into_any()
}

fn row(csrf: &str, act: Danger<'_>, form: &FormState) -> View {
    let control = match act.locked {
        Some(reason) => view! { <p class="hint locked">{reason}</p> }.into_any(),
        None => {
            post_form(csrf, &act.action, "danger-form", controls(&act.action, act.confirm, act.button, form))
        }
    };
    view! {
        <div class="danger-row">
            <div>
                <h3>{act.title.to_owned()}</h3>
                <p class="hint">{act.consequence}</p>
            </div>
            {control}
        </div>
    }
    .into_any()
}

fn controls(action: &Href, confirm: Option<&str>, button: &str, form: &FormState) -> Vec<View> {
    let typed = confirm.map(|name| {
        let label = format!("Type {name} to confirm");
        input(form, Field::text(CONFIRM, &label).scoped(action.as_str()).required().no_autofill())
    });
    typed.into_iter().chain([submit(button, "danger")]).collect()
}
