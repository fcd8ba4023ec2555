//! Tokens of forms: proof that a page of ours made the form that was sent.
//!
//! Of somebody signed in, the token follows from their session. Before that
//! there is a random one, signed, in a short-lived cookie and in the form alike;
//! both must agree. Neither is a secret that opens anything by itself.

use base::clock::HOUR_MS;
use base::ids::SessionId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Sessions;
use super::token::lasts;

/// How long a form of somebody who is not signed in may lie open.
pub const ANONYMOUS_FORM_MS: i64 = HOUR_MS;

const NONCE_BYTES: usize = 16;
const END_BYTES: usize = 8;

impl Sessions {
    /// The token of every form shown in a session.
    pub fn form_token(&self, session: &SessionId) -> String {
        token(&self.vault.derive(FORMS), session)
    }

    /// Whether a form was shown in this very session.
    pub fn is_form_token(&self, session: &SessionId, given: &str) -> bool {
        is_token(&self.vault.derive(FORMS), session, given)
    }

    /// A token for the cookie and for the form of somebody not signed in.
    pub fn anonymous_form_token(&self, now_ms: i64) -> String {
        let nonce = self.entropy.bytes::<NONCE_BYTES>();
        anonymous(&self.vault.derive(ANONYMOUS_FORMS), nonce, now_ms + ANONYMOUS_FORM_MS)
    }

    /// Whether cookie and form carry the same token, ours and not too old.
    pub fn is_anonymous_form_token(&self, cookie: &str, given: &str, now_ms: i64) -> bool {
        cookie == given && is_anonymous(&self.vault.derive(ANONYMOUS_FORMS), given, now_ms)
    }
}

const FORMS: &str = "unkey forms of a session";
const ANONYMOUS_FORMS: &str = "unkey forms before signing in";

fn mac(key: &[u8; 32], message: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length").chain_update(message)
}

fn token(key: &[u8; 32], session: &SessionId) -> String {
    URL_SAFE_NO_PAD.encode(mac(key, session.as_str().as_bytes()).finalize().into_bytes())
}

fn is_token(key: &[u8; 32], session: &SessionId, given: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(given)
        .is_ok_and(|given| mac(key, session.as_str().as_bytes()).verify_slice(&given).is_ok())
}

fn anonymous(key: &[u8; 32], nonce: [u8; NONCE_BYTES], ends_at: i64) -> String {
    let signed = [&nonce[..], &ends_at.to_be_bytes()].concat();
    let tag = mac(key, &signed).finalize().into_bytes();
    URL_SAFE_NO_PAD.encode([&signed[..], &tag].concat())
}

fn is_anonymous(key: &[u8; 32], given: &str, now_ms: i64) -> bool {
    let Ok(given) = URL_SAFE_NO_PAD.decode(given) else { return false };
    let Some((signed, tag)) = given.split_at_checked(NONCE_BYTES + END_BYTES) else { return false };
    let Ok(ends_at) = signed[NONCE_BYTES..].try_into().map(i64::from_be_bytes) else { return false };
    mac(key, signed).verify_slice(tag).is_ok() && lasts(ends_at, ANONYMOUS_FORM_MS, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];

    #[test]
    fn a_form_belongs_to_one_session() {
        let (mine, other) = (SessionId::from("ses_1"), SessionId::from("ses_2"));
        let given = token(&KEY, &mine);
        assert!(is_token(&KEY, &mine, &given));
        assert!(!is_token(&KEY, &other, &given));
        assert!(!is_token(&[2; 32], &mine, &given));
        for wrong in ["", "nonsense!", &given[1..]] {
            assert!(!is_token(&KEY, &mine, wrong), "{wrong}");
        }
    }

    #[test]
    fn an_anonymous_form_ends() {
        let given = anonymous(&KEY, [7; NONCE_BYTES], 1000);
        assert!(is_anonymous(&KEY, &given, 999));
        assert!(!is_anonymous(&KEY, &given, 1000));
        assert!(!is_anonymous(&KEY, &given, -2 * ANONYMOUS_FORM_MS), "made by a clock that was far ahead");
        assert!(!is_anonymous(&[2; 32], &given, 999));
        let mut bytes = URL_SAFE_NO_PAD.decode(&given).unwrap();
        bytes[NONCE_BYTES] ^= 1;
        assert!(!is_anonymous(&KEY, &URL_SAFE_NO_PAD.encode(bytes), 999), "the end is signed");
        for wrong in ["", "AAAA", &given[..20]] {
            assert!(!is_anonymous(&KEY, wrong, 0), "{wrong}");
        }
    }
}
