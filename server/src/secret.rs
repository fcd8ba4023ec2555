//! Secrets have types: the plaintext of a key, and the only form of it that is
//! ever stored, cached or compared.
//!
//! Neither type prints its content through `Debug`, and the plaintext is wiped
//! from memory when dropped.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Shorter passwords are refused.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

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
    pub fn of(plaintext: &str) -> Self {
        Self(Sha256::digest(plaintext.as_bytes()).into())
    }

    /// The stored form: padded standard base64 (v2 contract, section 3).
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads the stored form; `None` for the foreign hashes of pending migrations.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Reads what people copy from other tools: 64 hexadecimal digits, whatever
    /// their case.
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
        let hex = "BA7816BF8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(KeyHash::from_hex(hex), Some(hash));
        assert_eq!(KeyHash::from_hex(&hex.replace('a', "g")), None);
    }
}
