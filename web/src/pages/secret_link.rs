//! A one-time link to a secret: shown after a press, then gone.

use crate::components::{Icon, ShownOnce, empty_state, note, post_form, shown_once, submit};
use crate::paths;
use crate::shell::{Frame, bare};

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
                vec![submit("Reveal", "primary wide")],
            );
            let warn = note("This works once. Be ready to store it in a safe place.");
            bare(frame, "Somebody sent you a secret", "", vec![warn, form])
        }
        SecretLinkView::Revealed(shown) => {
            bare(frame, "Your secret", "", vec![shown_once(&frame.csrf, shown)])
        }
        SecretLinkView::Gone => bare(
            frame,
            "Nothing here",
            "",
            vec![empty_state(
                Icon::Link,
                "This link does not work any more",
                "It was used already, or its time is over. Ask for another.",
                vec![],
            )],
        ),
    }
}
