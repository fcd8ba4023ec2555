//! Recovery codes: ten, each good once in place of a second factor.
//!
//! Eighty random bits each, so a plain hash keeps them; their owner may type
//! them with or without dashes, in any case.

use base::entropy::Entropy;
use base::secret::{KeyHash, PlainKey};

pub(super) const CODES: usize = 10;

const CHARACTERS: usize = 16;

/// Crockford's: without letters that are taken for digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New codes in groups of four characters.
pub(super) fn generate(entropy: &Entropy) -> Vec<PlainKey> {
    (0..CODES).map(|_| one(entropy.bytes())).collect()
}

fn one(bytes: [u8; CHARACTERS]) -> PlainKey {
    let characters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    PlainKey::new(groups.join("-"))
}

/// What is kept of a code, if this could be one.
pub(super) fn hash(typed: &str) -> Option<String> {
    let code: String =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let is_code = code.len() == CHARACTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then(|| KeyHash::of(&code).to_base64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let codes = generate(&Entropy::seeded(1));
        let code = codes[0].reveal();
        assert_eq!((codes.len(), code.len()), (CODES, 19));
        let sloppy = format!(" {} ", code.to_uppercase().replace('-', " "));
        assert!(hash(code).is_some());
        assert_eq!(hash(&sloppy), hash(code));
        assert_ne!(hash(codes[1].reveal()), hash(code));
        for no_code in ["", "123456", "oooo-oooo-oooo-oooo"] {
            assert_eq!(hash(no_code), None, "{no_code}");
        }
    }
}
