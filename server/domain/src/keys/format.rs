//! How key material is spelt: API keys, root keys, and the parts of a key shown later.
//!
//! An API key is `[prefix_]body`, the body being base58 (Bitcoin alphabet) of its random bytes,
//! so every leading zero byte is a `1`. A root key is `unkey_`, such a body of 16 bytes, and a
//! checksum that a secret scanner can test without asking us. Verification never parses a key,
//! it only hashes it; so nothing here may decide whether a key is accepted.
//!
//! Pure: random bytes are handed in. Deliberately absent: the source of randomness, the native
//! key hash and the type that guards a plaintext, all of which stand with the other secrets.

use base::secret::KeyHash;

/// Prefix of root keys. Changing it blinds every scanner that looks for them.
pub const ROOT_KEY_PREFIX: &str = "unkey";

/// Random bytes in a root key.
pub const ROOT_KEY_BYTES: usize = 16;

/// Characters of a body, or of a whole key, that stay readable after creation.
const SHOWN_CHARS: usize = 4;

const CHECKSUM_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key and what may be stored of it in the clear. Holds the secret: it has no `Debug`,
/// and `plaintext` belongs in a guarded type at once.
pub struct NewKeyMaterial {
    /// The whole key, shown once.
    pub plaintext: String,
    /// See [`start`].
    pub start: String,
    /// See [`last4`].
    pub last4: String,
}

impl NewKeyMaterial {
    /// An API key from its prefix and random bytes.
    pub fn api_key(prefix: Option<&str>, random: &[u8]) -> Self {
        let body = body(random);
        let start = start(prefix, &body);
        Self::new(with_prefix(prefix, &body), start)
    }

    /// A root key from its random bytes.
    pub fn root_key(random: &[u8; ROOT_KEY_BYTES]) -> Self {
        let start = start(Some(ROOT_KEY_PREFIX), &body(random));
        Self::new(root_key(random), start)
    }

    fn new(plaintext: String, start: String) -> Self {
        Self { last4: last4(&plaintext), plaintext, start }
    }
}

/// The body of a key: base58 of the bare random bytes, without version or length.
pub fn body(random: &[u8]) -> String {
    bs58::encode(random).into_string()
}

/// A whole API key. No prefix, or an empty one, means no underscore either.
pub fn plaintext(prefix: Option<&str>, random: &[u8]) -> String {
    with_prefix(prefix, &body(random))
}

/// What a key list shows of the beginning of a key: the prefix, if any, and the first four
/// characters of the body.
pub fn start(prefix: Option<&str>, body: &str) -> String {
    with_prefix(prefix, first_chars(body, SHOWN_CHARS))
}

/// The last four characters of a key. Imported keys may hold any characters, and may be so
/// short that this is all of them.
pub fn last4(key: &str) -> String {
    let from = key.char_indices().rev().nth(SHOWN_CHARS - 1).map_or(0, |(at, _)| at);
    key[from..].to_owned()
}

/// A root key: `unkey_`, the body, and the checksum of everything before it.
pub fn root_key(random: &[u8; ROOT_KEY_BYTES]) -> String {
    let mut key = plaintext(Some(ROOT_KEY_PREFIX), random);
    let checksum = checksum(&key);
    key.push_str(&checksum);
    key
}

/// A key that does not have the form its migration calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a prefixed API key has at least three parts separated by '_'")]
pub struct MalformedKey;

/// Under which hash a key of the format `prefix_short_long` was migrated: lowercase hex SHA-256
/// of the long part (docs/contract/v2.md#on-demand-migration).
///
/// # Errors
/// [`MalformedKey`] when the key has fewer than three parts. Parts may be empty.
pub fn seam_long_token_hash(key: &str) -> Result<String, MalformedKey> {
    let (_, _, long) = seam_parts(key)?;
    Ok(KeyHash::of(long).to_hex())
}

/// The `start` of such a key once it has been migrated: its prefix, and the first four
/// characters of `short_long` (docs/contract/v2.md#on-demand-migration).
///
/// # Errors
/// [`MalformedKey`] when the key has fewer than three parts.
pub fn seam_start(key: &str) -> Result<String, MalformedKey> {
    let (prefix, _, _) = seam_parts(key)?;
    let short_and_long = &key[prefix.len() + 1..];
    Ok(format!("{prefix}_{}", first_chars(short_and_long, SHOWN_CHARS)))
}

/// Prefix, short and long part. The last two parts never hold an underscore; the prefix may.
fn seam_parts(key: &str) -> Result<(&str, &str, &str), MalformedKey> {
    let (rest, long) = key.rsplit_once('_').ok_or(MalformedKey)?;
    let (prefix, short) = rest.rsplit_once('_').ok_or(MalformedKey)?;
    Ok((prefix, short, long))
}

fn with_prefix(prefix: Option<&str>, rest: &str) -> String {
    match prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}_{rest}"),
        _ => rest.to_owned(),
    }
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// CRC-32 (IEEE) in base62, padded on the left with `0`. Six digits hold every 32-bit value.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What docs/security.md tells scanners to look for. Sixteen bytes are 16 to 22
    /// base58 characters.
    const ROOT_KEY_PATTERN: &str = "unkey_[1-9A-HJ-NP-Za-km-z]{16,22}[0-9A-Za-z]{6}";

    /// Whether a string has the form and the checksum of a root key made by [`root_key`]:
    /// how a scanner tells one from its look-alikes.
    fn root_key_checksum_ok(key: &str) -> bool {
        let Some((signed, given)) =
            key.len().checked_sub(CHECKSUM_CHARS).and_then(|at| key.split_at_checked(at))
        else {
            return false;
        };
        let body = signed.strip_prefix(ROOT_KEY_PREFIX).and_then(|rest| rest.strip_prefix('_'));
        let decoded = body.and_then(|body| bs58::decode(body).into_vec().ok());
        decoded.is_some_and(|bytes| bytes.len() == ROOT_KEY_BYTES) && checksum(signed) == given
    }

    #[test]
    fn body_is_base58_of_the_bare_bytes() {
        assert_eq!(body(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(body(&[0, 0, 0, 1]), "1112");
        assert_eq!(body(&[0; 16]), "1111111111111111");
        assert_eq!(body(&[0xff; 16]).len(), 22);
        assert_eq!(body(&[]), "");
    }

    #[test]
    fn the_longest_key_keeps_every_byte() {
        let random: Vec<u8> = (0..255).collect();
        let key = plaintext(Some("abc"), &random);
        let body = key.strip_prefix("abc_").unwrap();
        assert_eq!(bs58::decode(body).into_vec().unwrap(), random);
        assert_eq!(self::body(&[0xff; 255]).len(), 349);
    }

    #[test]
    fn prefix_and_underscore_come_together() {
        let random = [7; 16];
        let body = body(&random);
        assert_eq!(plaintext(None, &random), body);
        assert_eq!(plaintext(Some(""), &random), body);
        assert_eq!(plaintext(Some("a_b"), &random), format!("a_b_{body}"));
        assert_eq!(start(None, &body), body[..4]);
        assert_eq!(start(Some(""), &body), body[..4]);
        assert_eq!(start(Some("a_b"), &body), format!("a_b_{}", &body[..4]));
        assert_eq!(start(Some("a"), "xy"), "a_xy");
    }

    #[test]
    fn shown_parts_count_characters_not_bytes() {
        assert_eq!(last4("schl\u{fc}ssel-\u{1f511}\u{1f511}"), "l-\u{1f511}\u{1f511}");
        assert_eq!(last4("\u{e9}t\u{e9}"), "\u{e9}t\u{e9}");
        assert_eq!(last4(""), "");
        assert_eq!(start(None, "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"), "\u{e9}\u{e9}\u{e9}\u{e9}");
    }

    #[test]
    fn new_material_agrees_with_its_parts() {
        let api = NewKeyMaterial::api_key(Some("prod"), &[9; 24]);
        assert_eq!(api.plaintext, plaintext(Some("prod"), &[9; 24]));
        assert!(api.plaintext.starts_with(&api.start) && api.plaintext.ends_with(&api.last4));
        assert_eq!((api.start.len(), api.last4.len()), (9, 4));
        let root = NewKeyMaterial::root_key(&[9; 16]);
        assert_eq!(root.plaintext, root_key(&[9; 16]));
        assert!(root.plaintext.starts_with(&root.start) && root.plaintext.ends_with(&root.last4));
        assert!(root.start.starts_with("unkey_") && root.start.len() == 10);
    }

    #[test]
    fn checksum_is_padded_crc32() {
        // The CRC-32 check value 0xCBF43926 and the CRC of nothing.
        assert_eq!(checksum("123456789"), "3jZRME");
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn root_key_form_is_pinned() {
        let zeros = root_key(&[0; 16]);
        assert_eq!(zeros.len(), 28);
        assert_eq!(zeros, "unkey_11111111111111113SwN9R");
        assert!(root_key_checksum_ok(&zeros));
        assert_eq!(root_key(&[0xff; 16]).len(), 34);
    }

    #[test]
    fn root_key_check_survives_any_string() {
        for key in ["", "unkey_", "000000", "unkey_000000", "\u{1f511}\u{1f511}", "unkey_\u{e9}23456"] {
            assert!(!root_key_checksum_ok(key), "{key}");
        }
        // A right checksum does not make up for a wrong prefix or length.
        for signed in ["other_1111111111111111", "unkey_111111111111111", "unkey_0111111111111111"] {
            assert!(!root_key_checksum_ok(&format!("{signed}{}", checksum(signed))), "{signed}");
        }
    }

    #[test]
    fn seam_key_is_split_from_the_right() {
        // SHA-256 of "abc".
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for key in ["p_short_abc", "my_company_short_abc", "__abc"] {
            assert_eq!(seam_long_token_hash(key).as_deref(), Ok(hash), "{key}");
        }
        for key in ["", "abc", "short_abc"] {
            assert_eq!(seam_long_token_hash(key), Err(MalformedKey), "{key}");
            assert_eq!(seam_start(key), Err(MalformedKey), "{key}");
        }
        assert_eq!(seam_start("my_company_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG").unwrap(), "my_company_BRTR");
        assert_eq!(seam_start("p_ab_cdef").unwrap(), "p_ab_c");
        assert_eq!(seam_start("__abc").unwrap(), "__abc");
        assert_eq!(seam_start("p_\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}_x").unwrap(), "p_\u{e9}\u{e9}\u{e9}\u{e9}");
    }

    proptest! {
        #[test]
        fn root_keys_fit_the_published_pattern(random: [u8; 16]) {
            let key = root_key(&random);
            prop_assert!(root_key_checksum_ok(&key));
            let rest = key.strip_prefix("unkey_").unwrap();
            prop_assert!((22..=28).contains(&rest.len()));
            let base58 = |c: char| c.is_ascii_alphanumeric() && !"0OIl".contains(c);
            prop_assert!(rest[..rest.len() - 6].chars().all(base58));
            prop_assert!(rest[rest.len() - 6..].chars().all(|c| c.is_ascii_alphanumeric()));
        }

        #[test]
        fn one_wrong_character_breaks_the_checksum(
            random: [u8; 16], at in 0usize..28, by in 1usize..62,
        ) {
            let mut key = root_key(&random).into_bytes();
            let at = at.min(key.len() - 1);
            let digit = BASE62.iter().position(|b| *b == key[at]).unwrap_or(0);
            key[at] = BASE62[(digit + by) % 62];
            let changed = String::from_utf8(key).unwrap();
            prop_assert!(!root_key_checksum_ok(&changed), "{changed}");
        }

        #[test]
        fn look_alikes_fail_the_checksum(
            key in proptest::string::string_regex(ROOT_KEY_PATTERN).unwrap(),
        ) {
            prop_assert!(!root_key_checksum_ok(&key));
        }

        #[test]
        fn any_string_is_handled(key in any::<String>()) {
            prop_assert!(key.ends_with(&last4(&key)));
            prop_assert_eq!(last4(&key).chars().count(), key.chars().count().min(4));
            let parts: Vec<&str> = key.split('_').collect();
            prop_assert_eq!(seam_start(&key).is_ok(), parts.len() >= 3);
            root_key_checksum_ok(&key);
        }

        #[test]
        fn seam_start_begins_the_key(key in "[a-z_\u{e9}]{0,12}_[a-z\u{e9}]{0,6}_[a-z]{0,6}") {
            prop_assert!(key.starts_with(&seam_start(&key).unwrap()));
        }
    }
}
