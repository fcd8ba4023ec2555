//! Pages for somebody who is not signed in: one card in the middle. The
//! documentation has a door and pages of its own.

use leptos::prelude::*;

use super::document::{self, Document};
use super::{Frame, nav};
use crate::View;
use crate::components::flash_region;

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
        script: None,
        body: content.into_any(),
    })
}
