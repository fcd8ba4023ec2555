//! Proof that whoever exchanges a code is who asked for it: PKCE with S256
//! (RFC 7636). The method `plain` would show the secret on the way.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The only method there is.
pub(super) const METHOD: &str = "S256";

/// Whether a text can be the SHA-256 of a verifier.
pub(super) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == 32)
}

/// Whether a verifier has the form it must have and is the one of a challenge.
pub(super) fn is_proven(challenge: &str, verifier: &str) -> bool {
    let has_form = (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
    has_form && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_proven_and_nothing_else() {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_challenge(challenge) && is_proven(challenge, verifier));
        for wrong in ["", challenge, &verifier[1..], &verifier.replace('d', "e"), &format!("{verifier} ")] {
            assert!(!is_proven(challenge, wrong), "{wrong}");
        }
        for wrong in ["", "E9Melhoa", &challenge[1..], &format!("{challenge}="), &challenge.replace('-', "+")]
        {
            assert!(!is_challenge(wrong), "{wrong}");
        }
        let short = "a".repeat(42);
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(short.as_bytes()));
        assert!(!is_proven(&hash, &short), "a verifier that could be guessed");
    }
}
