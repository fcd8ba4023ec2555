//! A menu that unfolds without script.

use leptos::prelude::*;

use super::icon::Icon;
use crate::View;
use crate::texts::components as text;

/// Acts on a row. `name` says on which, for those who do not see the row.
pub(crate) fn menu(name: &str, items: Vec<View>) -> View {
    if items.is_empty() {
        return ().into_any();
    }
    let items = items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view();
    view! {
        <details class="menu">
            <summary class="icon-button" aria-label=text::more_about(name)>
                {Icon::More.view()}
            </summary>
            <ul class="popover">{items}</ul>
        </details>
    }
    .into_any()
}
