//! Tokens of forms: proof that a page of ours made the form that was sent.
//!
//! Of somebody signed in, the token follows from their session. Before that
//! there is a random one, signed, in a short-lived cookie and in the form alike;
//! both must agree. Neither is a secret that opens anything by itself.
//!
//! In a form a token is masked by random bytes, others in each answer: who sees how
//! long compressed answers are learns nothing of it
//! (docs/security.md#compressed-answers).

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
const TAG_BYTES: usize = 32;
const ANONYMOUS_BYTES: usize = NONCE_BYTES + END_BYTES + TAG_BYTES;

impl Sessions {
    /// The token for the forms of one answer, to somebody in this session.
    pub fn form_token(&self, session: &SessionId) -> String {
        masked(token(&self.vault.derive(FORMS), session), self.entropy.bytes())
    }

    /// Whether a form was shown in this very session.
    pub fn is_form_token(&self, session: &SessionId, given: &str) -> bool {
        unmasked(given).is_some_and(|given| is_token(&self.vault.derive(FORMS), session, &given))
    }

    /// A cookie for somebody not signed in, whose forms are to agree with it.
    pub fn anonymous_form_cookie(&self, now_ms: i64) -> String {
        let nonce = self.entropy.bytes::<NONCE_BYTES>();
        let token = anonymous(&self.vault.derive(ANONYMOUS_FORMS), nonce, now_ms + ANONYMOUS_FORM_MS);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The token for the forms of one answer to whoever has this cookie, if it is one
    /// of ours and not too old.
    pub fn anonymous_form_token(&self, cookie: &str, now_ms: i64) -> Option<String> {
        let token: [u8; ANONYMOUS_BYTES] = decoded(cookie)?.try_into().ok()?;
        let is_ours = is_anonymous(&self.vault.derive(ANONYMOUS_FORMS), &token, now_ms);
        is_ours.then(|| masked(token, self.entropy.bytes()))
    }

    /// Whether cookie and form carry the same token, ours and not too old.
    pub fn is_anonymous_form_token(&self, cookie: &str, given: &str, now_ms: i64) -> bool {
        unmasked(given).is_some_and(|given| {
            decoded(cookie).as_ref() == Some(&given)
                && is_anonymous(&self.vault.derive(ANONYMOUS_FORMS), &given, now_ms)
        })
    }
}

const FORMS: &str = "unkey forms of a session";
const ANONYMOUS_FORMS: &str = "unkey forms before signing in";

fn mac(key: &[u8; 32], message: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length").chain_update(message)
}

fn token(key: &[u8; 32], session: &SessionId) -> [u8; TAG_BYTES] {
    mac(key, session.as_str().as_bytes()).finalize().into_bytes().into()
}

fn is_token(key: &[u8; 32], session: &SessionId, given: &[u8]) -> bool {
    mac(key, session.as_str().as_bytes()).verify_slice(given).is_ok()
}

fn anonymous(key: &[u8; 32], nonce: [u8; NONCE_BYTES], ends_at: i64) -> Vec<u8> {
    let signed = [&nonce[..], &ends_at.to_be_bytes()].concat();
    let tag = mac(key, &signed).finalize().into_bytes();
    [&signed[..], &tag].concat()
}

fn is_anonymous(key: &[u8; 32], given: &[u8], now_ms: i64) -> bool {
    let Some((signed, tag)) = given.split_at_checked(NONCE_BYTES + END_BYTES) else { return false };
    let Ok(ends_at) = signed[NONCE_BYTES..].try_into().map(i64::from_be_bytes) else { return false };
    mac(key, signed).verify_slice(tag).is_ok() && lasts(ends_at, ANONYMOUS_FORM_MS, now_ms)
}

/// The text of a token under a mask: the mask, and what the token looks like under it.
fn masked<const BYTES: usize>(token: [u8; BYTES], mask: [u8; BYTES]) -> String {
    URL_SAFE_NO_PAD.encode([mask.to_vec(), under(&token, &mask)].concat())
}

/// The token under the mask of a text.
fn unmasked(text: &str) -> Option<Vec<u8>> {
    let both = decoded(text)?;
    let (mask, token) = both.split_at(both.len() / 2);
    (mask.len() == token.len()).then(|| under(token, mask))
}

fn under(token: &[u8], mask: &[u8]) -> Vec<u8> {
    token.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [1; 32];

    #[test]
    fn a_form_belongs_to_one_session() {
        let (mine, other) = (SessionId::from("ses_1"), SessionId::from("ses_2"));
        let given = token(&KEY, &mine);
        assert!(is_token(&KEY, &mine, &given));
        assert!(!is_token(&KEY, &other, &given));
        assert!(!is_token(&[2; 32], &mine, &given));
        for wrong in [&b""[..], b"nonsense!", &given[1..]] {
            assert!(!is_token(&KEY, &mine, wrong), "{wrong:?}");
        }
    }

    #[test]
    fn an_anonymous_form_ends() {
        let given = anonymous(&KEY, [7; NONCE_BYTES], 1000);
        assert_eq!(given.len(), ANONYMOUS_BYTES);
        assert!(is_anonymous(&KEY, &given, 999));
        assert!(!is_anonymous(&KEY, &given, 1000));
        assert!(!is_anonymous(&KEY, &given, -2 * ANONYMOUS_FORM_MS), "made by a clock that was far ahead");
        assert!(!is_anonymous(&[2; 32], &given, 999));
        let mut bytes = given.clone();
        bytes[NONCE_BYTES] ^= 1;
        assert!(!is_anonymous(&KEY, &bytes, 999), "the end is signed");
        for wrong in [&b""[..], b"AAAA", &given[..20]] {
            assert!(!is_anonymous(&KEY, wrong, 0), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_mask_hides_a_token_and_gives_it_back(token: [u8; 32], mask: [u8; 32], other: [u8; 32]) {
            let text = masked(token, mask);
            prop_assert_eq!(unmasked(&text), Some(token.to_vec()));
            prop_assert_eq!(text == masked(token, other), mask == other);
        }

        #[test]
        fn whatever_is_sent_is_handled(text in "[A-Za-z0-9_-]{0,100}") {
            unmasked(&text);
        }
    }
}
