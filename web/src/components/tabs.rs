//! Views of one entity, each with an address of its own.

use leptos::prelude::*;

use crate::View;
use crate::paths::Href;

/// `current` is the label of the tab that is open.
pub(crate) fn tabs(label: &str, current: &str, entries: Vec<(&str, Href)>) -> View {
    let entries = entries
        .into_iter()
        .map(|(name, href)| {
            let here = (name == current).then_some("page");
            view! { <li><a href=href.to_string() aria-current=here>{name.to_owned()}</a></li> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label.to_owned()><ul>{entries}</ul></nav> }.into_any()
}
