//! Pages for what is not there, not allowed, or went wrong.

use crate::View;
use crate::components::{Icon, button_link, empty_state};
use crate::paths;
use crate::shell::{Frame, Page, Section, Shell, bare};
use crate::texts::{common, shell as text};

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
            ErrorView::NotFound => (Icon::Search, text::NOTHING_IS_HERE, text::NOT_FOUND_REASON.to_owned()),
            ErrorView::Forbidden { message } => {
                (Icon::Lock, text::YOU_MAY_NOT_DO_THIS, text::nothing_was_changed(message))
            }
            ErrorView::Refused { message } => (Icon::Warning, text::THIS_DID_NOT_WORK, message.clone()),
            ErrorView::StaleForm => {
                (Icon::Rotate, text::THIS_FORM_IS_OUT_OF_DATE, text::STALE_FORM_REASON.to_owned())
            }
            ErrorView::TooMany { message } => (Icon::Clock, text::TOO_MANY_ATTEMPTS, message.clone()),
            ErrorView::Unavailable { message } => {
                (Icon::Clock, text::NOT_AT_THE_MOMENT, text::load_again_in_a_moment(message))
            }
            ErrorView::Internal { request_id } => {
                (Icon::Warning, text::SOMETHING_FAILED_ON_THIS_SERVER, text::cause_is_in_the_log(request_id))
            }
        }
    }

    fn body(&self, signed_in: bool) -> Vec<View> {
        let (icon, title, hint) = self.words();
        let (name, href) =
            if signed_in { (text::HOME, paths::home()) } else { (common::SIGN_IN, paths::login()) };
        vec![empty_state(icon, title, &hint, vec![button_link(None, name, &href, "primary")])]
    }

    const fn title(&self) -> &'static str {
        match self {
            ErrorView::NotFound => text::TITLE_NOT_FOUND,
            ErrorView::Forbidden { .. } => text::TITLE_NOT_ALLOWED,
            ErrorView::Refused { .. } => text::TITLE_NOT_ACCEPTED,
            ErrorView::StaleForm => text::TITLE_OUT_OF_DATE,
            ErrorView::TooMany { .. } => text::TITLE_SLOW_DOWN,
            ErrorView::Unavailable { .. } => text::TITLE_TRY_AGAIN,
            ErrorView::Internal { .. } => text::TITLE_ERROR,
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
