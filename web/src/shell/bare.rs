//! Pages for somebody who is not signed in: one card in the middle, and the
//! documentation.

use leptos::prelude::*;

use super::document::{self, Document};
use super::{Frame, nav};
use crate::View;
use crate::components::flash_region;
use crate::paths;

/// `lead` is the sentence under the title; empty for none.
pub(crate) fn bare(frame: &Frame, title: &str, lead: &str, body: Vec<View>) -> String {
    let lead = (!lead.is_empty()).then(|| view! { <p class="hint">{lead.to_owned()}</p> });
    let content = view! {
        <main id="main" class="bare-card">
            <div class="brand">{nav::mark()}<span>"unkey"</span></div>
            {flash_region(&frame.csrf, &frame.flashes)}
            <h1>{title.to_owned()}</h1>
            {lead}
            {body}
        </main>
    };
    document::render(Document {
        frame,
        title: format!("{title} · unkey"),
        class: "bare",
        refresh_s: None,
        style: None,
        body: content.into_any(),
    })
}

/// The documentation: contents beside a page of prose.
pub(crate) fn docs_page(frame: &Frame, title: &str, contents: View, article: View) -> String {
    let content = view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <header class="top">
            <a class="brand" href=paths::home().to_string()>{nav::mark()}<span>"unkey"</span></a>
            <nav class="top-links" aria-label="Site">
                <a href=paths::docs().to_string() aria-current="true">"Docs"</a>
                <a href=paths::api_reference().to_string()>"API reference"</a>
                <a href=paths::home().to_string()>"Dashboard"</a>
            </nav>
        </header>
        <div class="frame">
            {contents}
            <main id="main" class="narrow" tabindex="-1">{article}</main>
        </div>
    };
    document::render(Document {
        frame,
        title: format!("{title} · unkey documentation"),
        class: "app docs",
        refresh_s: None,
        style: None,
        body: content.into_any(),
    })
}
