//! What the last action came to, carried to the next page in a cookie.
//!
//! Never a secret: those are shown on the page that answers the action. The cookie
//! is not signed, as it is only ever shown to its own bearer, as text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use web::components::{Flash, FlashKind};
use web::paths::Href;

/// How long a result waits for the next page.
pub const WAIT_S: i64 = 60;
/// Browsers keep about 4 KB for a cookie.
const MAX_TEXT: usize = 600;

#[derive(Serialize, Deserialize)]
struct Carried {
    problem: bool,
    text: String,
    undo: Option<String>,
}

/// The value of the cookie.
pub fn encode(flash: &Flash) -> String {
    let carried = Carried {
        problem: flash.kind == FlashKind::Problem,
        text: flash.message.chars().take(MAX_TEXT).collect(),
        undo: flash.undo.as_ref().map(Href::to_string),
    };
    let json = serde_json::to_vec(&carried).expect("a flash has no maps");
    URL_SAFE_NO_PAD.encode(json)
}

/// Nothing for a value that is not ours.
pub fn decode(value: &str) -> Option<Flash> {
    let carried: Carried = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let kind = if carried.problem { FlashKind::Problem } else { FlashKind::Done };
    Some(Flash { kind, message: carried.text, undo: carried.undo.as_deref().and_then(Href::local) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_arrives_and_what_is_forged_does_not() {
        let undo = Some(web::paths::restore_key("key_1"));
        let flash = Flash { kind: FlashKind::Done, message: "Deleted <b>ü</b>".to_owned(), undo };
        assert_eq!(decode(&encode(&flash)), Some(flash));
        for wrong in ["", "x", "e30"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
