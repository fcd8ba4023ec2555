//! The document: head, patterns of charts, and whatever frame stands in its body.

use leptos::prelude::*;

use super::Frame;
use crate::View;
use crate::components::patterns;
use crate::paths::Href;

/// What differs from document to document.
pub(super) struct Document<'a> {
    pub frame: &'a Frame,
    pub title: String,
    pub class: &'static str,
    /// Without script the page asks for itself again after so many seconds.
    pub refresh_s: Option<u32>,
    pub style: Option<Href>,
    /// Beside the one of all pages.
    pub script: Option<Href>,
    pub body: View,
}

pub(super) fn render(document: Document<'_>) -> String {
    let Document { frame, title, class, refresh_s, style, script, body } = document;
    let refresh = refresh_s.map(|seconds| {
        view! {
            <noscript>
                <meta http-equiv="refresh" content=seconds.to_string()/>
            </noscript>
        }
    });
    let style = style.map(|href| view! { <link rel="stylesheet" href=href.to_string()/> });
    let script = script.map(|href| view! { <script src=href.to_string() defer></script> });
    let html = view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=frame.theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                <meta name="robots" content="noindex"/>
                <title>{title}</title>
                <link rel="icon" type="image/svg+xml" href=frame.assets.favicon.to_string()/>
                <link rel="stylesheet" href=frame.assets.css.to_string()/>
                {style}
                <script src=frame.assets.js.to_string() defer></script>
                {script}
                {refresh}
            </head>
            <body class=class>{patterns()} {body}</body>
        </html>
    };
    crate::to_html(html.into_any())
}
