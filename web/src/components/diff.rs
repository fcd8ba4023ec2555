//! Before and after, field by field.

use leptos::prelude::*;

use crate::View;

/// A field that a change touched; `None` where it had or has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

pub(crate) fn diff(caption: &str, changes: &[Changed]) -> View {
    compared(caption, ["Before", "After"], changes)
}

/// As [`diff`], between two other sides.
pub(crate) fn compared(caption: &str, sides: [&'static str; 2], changes: &[Changed]) -> View {
    let side = |value: &Option<String>, class: &'static str| {
        view! { <td class=class><code>{value.clone().unwrap_or_else(|| "not set".to_owned())}</code></td> }
    };
    let rows = changes
        .iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">{change.field.clone()}</th>
                    {side(&change.before, "before")}
                    {side(&change.after, "after")}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=caption.to_owned()>
            <table class="diff">
                <caption class="sr">{caption.to_owned()}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Field"</th>
                        {sides.map(|side| view! { <th scope="col">{side}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
