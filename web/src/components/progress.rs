//! How far something has got, or how much of it is left.

use leptos::prelude::*;

use crate::View;
use crate::number::{exact, percent};
use crate::texts::components as text;

/// Work that goes on: done of total.
pub(crate) fn progress(label: &str, done: i64, total: i64) -> View {
    let text = text::done_of(exact(done), exact(total), percent(done, total));
    view! {
        <div class="progress">
            <progress max=total.max(1).to_string() value=done.to_string() aria-label=label.to_owned()>
                {text.clone()}
            </progress>
            <span>{text}</span>
        </div>
    }
    .into_any()
}

/// A share of something that can run out. Under a tenth it asks for attention.
pub(crate) fn meter(label: &str, left: i64, of: i64) -> View {
    let low = (of / 10).to_string();
    view! {
        <meter
            min="0"
            max=of.max(1).to_string()
            low=low
            optimum=of.max(1).to_string()
            value=left.clamp(0, of.max(1)).to_string()
            aria-label=label.to_owned()
        >
            {text::left_of(exact(left), exact(of))}
        </meter>
    }
    .into_any()
}
