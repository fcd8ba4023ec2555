//! A one-time link to a secret: shown after a press, then gone.

use crate::components::{Icon, ShownOnce, empty_state, note, post_form, shown_once, submit};
use crate::paths;
use crate::shell::{Frame, bare};
use crate::texts::keys as text;

/// Where a one-time link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretLinkView {
    /// Posts to [`paths::secret_link`] of the token, without fields; so that the
    /// preview of a chat does not burn it.
    Waiting { token: String },
    /// Answers the POST, never cached.
    Revealed(ShownOnce),
    /// Used, expired or unknown: the three are not told apart.
    Gone,
}

pub fn secret_link(frame: &Frame, view: &SecretLinkView) -> String {
    match view {
        SecretLinkView::Waiting { token } => {
            let form = post_form(
                &frame.csrf,
                &paths::secret_link(token),
                "form",
                vec![submit(text::REVEAL, "primary wide")],
            );
            let warn = note(text::THIS_WORKS_ONCE);
            bare(frame, text::SOMEBODY_SENT_YOU_A_SECRET, "", vec![warn, form])
        }
        SecretLinkView::Revealed(shown) => {
            bare(frame, text::YOUR_SECRET, "", vec![shown_once(&frame.csrf, shown)])
        }
        SecretLinkView::Gone => bare(
            frame,
            text::NOTHING_HERE,
            "",
            vec![empty_state(
                Icon::Link,
                text::LINK_DOES_NOT_WORK_ANY_MORE,
                text::LINK_DOES_NOT_WORK_HINT,
                vec![],
            )],
        ),
    }
}
