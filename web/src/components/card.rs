//! Cards, sections and the grids they stand in.

use leptos::prelude::*;

use crate::View;

/// A titled block of a page.
pub(crate) fn section(title: &str, body: Vec<View>) -> View {
    card_with(title, Vec::new(), body)
}

/// A titled block with something at the right of its title.
pub(crate) fn card_with(title: &str, aside: Vec<View>, body: Vec<View>) -> View {
    let aside = (!aside.is_empty()).then(|| view! { <div class="card-aside">{aside}</div> });
    view! {
        <section class="card">
            <header class="card-head">
                <h2>{title.to_owned()}</h2>
                {aside}
            </header>
            {body}
        </section>
    }
    .into_any()
}

/// A block without a title.
pub(crate) fn card(body: Vec<View>) -> View {
    view! { <div class="card">{body}</div> }.into_any()
}

/// Cards side by side, as many as fit.
pub(crate) fn grid(cards: Vec<View>) -> View {
    view! { <div class="grid">{cards}</div> }.into_any()
}

/// A wide column and a narrow one; below each other on a phone.
pub(crate) fn split(main: Vec<View>, side: Vec<View>) -> View {
    view! {
        <div class="split">
            <div class="split-main">{main}</div>
            <div class="split-side">{side}</div>
        </div>
    }
    .into_any()
}

/// A figure with its name, and what stands beside it.
pub(crate) fn stat(label: &str, value: View, note: Option<View>) -> View {
    let note = note.map(|note| view! { <span class="stat-note">{note}</span> });
    view! {
        <div class="stat">
            <dt>{label.to_owned()}</dt>
            <dd>{value}{note}</dd>
        </div>
    }
    .into_any()
}

/// Figures in a row.
pub(crate) fn stats(figures: Vec<View>) -> View {
    view! { <dl class="stats">{figures}</dl> }.into_any()
}
