//! Secrets have types: the plaintext of a key, and the only form of it that is
//! ever stored, cached or compared.
//!
//! Neither type prints its content through `Debug`, and the plaintext is wiped
//! from memory when dropped.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Shorter passwords are refused.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

/// Stands in records for a text that holds a key.
const WITHHELD: &str = "[REDACTED]";

/// The plaintext of a key or root key. Shown once, by the call that made it.
#[derive(Clone)]
pub struct PlainKey(Zeroizing<String>);

impl PlainKey {
    pub fn new(plaintext: String) -> Self {
        Self(Zeroizing::new(plaintext))
    }

    /// The plaintext itself; call this only where the contract shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// The text for a record: as it is, unless this key stands in it.
    pub fn withheld_from(&self, text: String) -> String {
        if !self.0.is_empty() && text.contains(self.reveal()) { WITHHELD.to_owned() } else { text }
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainKey(..)")
    }
}

/// SHA-256 over the whole key, prefix included.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// What [`KeyHash::parse`] reads, for those it refuses.
    pub const FORMS: &str = "it has 64 hexadecimal digits, or is 32 bytes in base64 or base64url";

    pub fn of(plaintext: &str) -> Self {
        Self(Sha256::digest(plaintext.as_bytes()).into())
    }

    /// The stored form: padded standard base64 (docs/contract/v2.md#key-hash).
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Lower-case hexadecimal: the form in which other systems name it.
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
            hex
        })
    }

    /// Reads the stored form; `None` for the foreign hashes of pending migrations.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Reads a hash as other systems and tools write it: 64 hexadecimal digits
    /// of any case, or 32 bytes in base64 or base64url, padded or not.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 64 {
            return Self::from_hex(text);
        }
        let bare = text.strip_suffix('=').filter(|bare| bare.len() == 43).unwrap_or(text);
        let bytes = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare));
        bytes.ok()?.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits, whatever their case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn debug_output_hides_secrets() {
        let key = PlainKey::new("sk_secret".into());
        assert!(!format!("{key:?} {:?}", key.hash()).contains("secret"));
    }

    #[test]
    fn stored_form_round_trips() {
        let hash = KeyHash::of("abc");
        assert_eq!(hash.to_base64(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(KeyHash::from_base64(&hash.to_base64()), Some(hash));
        assert_eq!(KeyHash::from_base64("deadbeef"), None);
    }

    #[test]
    fn hashes_are_read_as_other_systems_write_them() {
        let hash = KeyHash::of("abc");
        for text in [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "BA7816BF8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
        ] {
            assert_eq!(KeyHash::parse(text), Some(hash), "{text}");
        }
        for text in [
            "",
            "abc",
            "sk_live_2fP1kR0aXUwz8mVdQ4nB7cYtS6jEhL9g",
            "900150983cd24fb0d6963f7d28e17f72",
            "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a\u{e9}",
            " ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0==",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa==",
        ] {
            assert_eq!(KeyHash::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_is_one_hash(bytes: [u8; 32], upper: [bool; 64]) {
            let hash = KeyHash(bytes);
            let lower = hash.to_hex();
            let hex: String = lower.chars().zip(upper).map(|(c, up)| if up { c.to_ascii_uppercase() } else { c }).collect();
            let url = URL_SAFE_NO_PAD.encode(bytes);
            let padded = format!("{url}=");
            for text in [hex, hash.to_base64(), STANDARD_NO_PAD.encode(bytes), url, padded] {
                prop_assert_eq!(KeyHash::parse(&text), Some(hash), "{}", text);
            }
        }

        #[test]
        fn what_is_read_is_32_bytes_and_nothing_else(
            text in prop_oneof!["[0-9a-fA-F]{60,68}", "[0-9A-Za-z+/_=-]{40,46}", "\\PC{0,70}"]
        ) {
            let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let standard = text.replace('-', "+").replace('_', "/");
            let is_mixed = text.contains(['+', '/']) && text.contains(['-', '_']);
            let padded = if standard.len() == 43 { format!("{standard}=") } else { standard };
            let is_base64 = !is_mixed && KeyHash::from_base64(&padded).is_some();
            prop_assert_eq!(KeyHash::parse(&text).is_some(), is_hex || is_base64, "{}", text);
        }
    }
}
