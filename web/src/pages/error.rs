//! Pages for what is not there, not allowed, or went wrong.

use crate::View;
use crate::components::{Icon, button_link, empty_state};
use crate::paths;
use crate::shell::{Frame, Page, Section, Shell, bare};

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorView {
    /// Nothing here, or nothing this reader may know of.
    NotFound,
    /// What the reader's role does not allow; the text says what would.
    Forbidden { message: String },
    /// What the server would not do with what was sent; the text says why.
    Refused { message: String },
    /// The form's token was too old or came from elsewhere. Nothing was done.
    StaleForm,
    /// Too many attempts; the text says when to try again.
    TooMany { message: String },
    /// The server cannot do it now and will again; the text says why.
    Unavailable { message: String },
    /// Something failed here. The id finds it in the log.
    Internal { request_id: String },
}

impl ErrorView {
    fn words(&self) -> (Icon, &'static str, String) {
        match self {
            ErrorView::NotFound => (
                Icon::Search,
                "Nothing is here",
                "It was deleted, it belongs to another workspace, or the address has a typo.".to_owned(),
            ),
            ErrorView::Forbidden { message } => {
                (Icon::Lock, "You may not do this", format!("{message} Nothing was changed."))
            }
            ErrorView::Refused { message } => (Icon::Warning, "This did not work", message.clone()),
            ErrorView::StaleForm => (
                Icon::Rotate,
                "This form is out of date",
                "You signed in again or left it open for long. Go back, reload, and send it again. Nothing was changed."
                    .to_owned(),
            ),
            ErrorView::TooMany { message } => (Icon::Clock, "Too many attempts", message.clone()),
            ErrorView::Unavailable { message } => (
                Icon::Clock,
                "Not at the moment",
                format!("{message} Load the page again in a moment."),
            ),
            ErrorView::Internal { request_id } => (
                Icon::Warning,
                "Something failed on this server",
                format!("Nothing more is shown here. The log has the cause under request {request_id}."),
            ),
        }
    }

    fn body(&self, signed_in: bool) -> Vec<View> {
        let (icon, title, hint) = self.words();
        let (name, href) = if signed_in { ("Home", paths::home()) } else { ("Sign in", paths::login()) };
        vec![empty_state(icon, title, &hint, vec![button_link(None, name, &href, "primary")])]
    }

    const fn title(&self) -> &'static str {
        match self {
            ErrorView::NotFound => "Not found",
            ErrorView::Forbidden { .. } => "Not allowed",
            ErrorView::Refused { .. } => "Not accepted",
            ErrorView::StaleForm => "Out of date",
            ErrorView::TooMany { .. } => "Slow down",
            ErrorView::Unavailable { .. } => "Try again",
            ErrorView::Internal { .. } => "Error",
        }
    }
}

/// For somebody who signed in.
pub fn error(shell: &Shell, view: &ErrorView) -> String {
    Page::new(shell, Section::None, view.title()).body(view.body(true))
}

/// For everybody else, and where it does not matter who that is.
pub fn bare_error(frame: &Frame, view: &ErrorView, signed_in: bool) -> String {
    bare(frame, view.title(), "", view.body(signed_in))
}
