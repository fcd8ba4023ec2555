//! Beside the form of a new key: what it would make so far, step by step, and the call of
//! the API that makes the same. With script it follows what is typed; without, a button
//! shows it.

use leptos::prelude::*;

use crate::View;
use crate::components::{Icon, code_block, post_form, section_id};
use crate::paths::{self, Href};
use crate::texts::{common, key_form as text};

/// Titles of the steps of a key's form, in order.
pub const STEPS: [&str; 6] = [
    common::GENERAL,
    common::RATE_LIMITS,
    common::CREDITS,
    common::EXPIRY,
    common::ROLES_AND_PERMISSIONS,
    text::METADATA,
];

/// What a form would make, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPreview {
    /// The key, with dots for what is random.
    pub shape: String,
    pub steps: [StepPreview; 6],
    /// Language and code; none while a step cannot be read.
    pub calls: Vec<(String, String)>,
    /// Whether the key gets an environment, which the calls cannot say.
    pub is_labelled: bool,
}

/// What a step comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepPreview {
    /// One sentence each; problems if it cannot be read.
    pub says: Vec<String>,
    pub is_wrong: bool,
}

/// Settings of new keys under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    pub name: String,
    /// The form with them.
    pub href: Href,
    /// The saved view it is, if somebody saved it.
    pub id: Option<String>,
    /// Whether everybody in the workspace sees it.
    pub is_shared: bool,
}

/// Follows the form before it by script.
pub(super) fn preview(preview: &KeyPreview) -> View {
    let steps = STEPS.iter().zip(&preview.steps).map(|(title, step)| {
        let look = if step.is_wrong { "field-error" } else { "hint" };
        let says = step.says.iter().map(|text| view! { <p class=look>{text.clone()}</p> }).collect_view();
        view! { <li><a href=format!("#{}", section_id(title))>{*title}</a>{says}</li> }
    });
    view! {
        <section class="card preview" data-preview="">
            <header class="card-head"><h2>{text::THIS_KEY}</h2></header>
            <p class="mono">{preview.shape.clone()}</p>
            <ol>{steps.collect_view()}</ol>
            {calls(preview)}
        </section>
    }
    .into_any()
}

fn calls(preview: &KeyPreview) -> View {
    if preview.calls.is_empty() {
        return view! { <p class="hint">{text::CALL_IS_SHOWN_WHEN_READABLE}</p> }.into_any();
    }
    let calls = preview.calls.iter().enumerate().map(|(index, (language, code))| {
        view! {
            <details name="call" open=index == 0>
                <summary>{language.clone()}</summary>
                {code_block(language, code)}
            </details>
        }
    });
    let label =
        preview.is_labelled.then(|| view! { <p class="hint">{text::CALL_IS_WITHOUT_ENVIRONMENT}</p> });
    let narrower = text::V2_MAY_BE_NARROWER;
    view! { <h3>{text::THE_SAME_BY_THE_API}</h3> {calls.collect_view()} {label} <p class="hint">{narrower}</p> }
        .into_any()
}

/// Settings to begin with, and those that people saved.
pub(super) fn presets(csrf: &str, presets: &[Preset]) -> View {
    let rows = presets.iter().map(|preset| {
        let shared = preset.is_shared.then(|| view! { <span class="note">{text::SHARED}</span> });
        let remove = preset.id.as_ref().map(|id| {
            let label = text::delete_preset(&preset.name);
            let button = view! {
                <button type="submit" class="icon-button" aria-label=label>{Icon::Cross.view()}</button>
            };
            post_form(csrf, &paths::delete_view(id), "inline", vec![button.into_any()])
        });
        view! { <li><a href=preset.href.to_string() data-preset="">{preset.name.clone()}</a>{shared}{remove}</li> }
    });
    view! {
        <details class="menu">
            <summary class="button">{Icon::Star.view()}<span>{text::PRESETS}</span></summary>
            <div class="popover"><ul class="saved">{rows.collect_view()}</ul></div>
        </details>
    }
    .into_any()
}
