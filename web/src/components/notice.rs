//! What just happened, and what one should know before going on.

use leptos::prelude::*;

use super::button::act;
use super::icon::Icon;
use crate::View;
use crate::paths::Href;
use crate::texts::components as text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashKind {
    Done,
    Problem,
}

/// The result of the last act, shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    pub kind: FlashKind,
    pub message: String,
    /// Where to POST to take the act back.
    pub undo: Option<Href>,
}

/// Results are announced by assistive technology when the page opens.
pub(crate) fn flash_region(csrf: &str, flashes: &[Flash]) -> View {
    if flashes.is_empty() {
        return ().into_any();
    }
    let lines = flashes
        .iter()
        .map(|flash| {
            let (class, icon) = match flash.kind {
                FlashKind::Done => ("flash done", Icon::Check),
                FlashKind::Problem => ("flash problem", Icon::Warning),
            };
            let undo =
                flash.undo.as_ref().map(|path| act(csrf, Some(Icon::Rotate), text::UNDO, path, "small"));
            view! { <div class=class>{icon.view()}<p>{flash.message.clone()}</p>{undo}</div> }
        })
        .collect_view();
    view! { <div class="flashes" role="status">{lines}</div> }.into_any()
}

/// Something worth knowing.
pub(crate) fn note(text: &str) -> View {
    view! { <div class="notice t-info">{Icon::Info.view()}<p>{text.to_owned()}</p></div> }.into_any()
}

/// Something to think about before going on.
pub(crate) fn warning(text: &str) -> View {
    view! { <div class="notice t-caution">{Icon::Warning.view()}<p>{text.to_owned()}</p></div> }.into_any()
}
