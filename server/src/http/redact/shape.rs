//! What a secret of this server looks like: keys, root keys, tokens of links,
//! portals and sessions, hashes, recovery codes.

use std::ops::RangeInclusive;

use domain::keys::format::ROOT_KEY_PREFIX;

/// Base58 characters from which on a word is a secret. Ids have 16 or 17; sixteen
/// random bytes have fewer than 18 once in a billion.
const MIN_RANDOM: usize = 18;

/// Base58 characters of an id.
const ID: RangeInclusive<usize> = 16..=17;

/// Characters of 32 bytes in base64, without the `=` after them.
const HASH: usize = 43;

/// Characters of a signed token's first part; it begins with `{"` in base64.
const MIN_TOKEN: usize = 16;
const TOKEN_START: &str = "eyJ";

/// Groups of a recovery code, and characters of each.
const GROUPS: usize = 4;

/// Whether a text holds what may be a secret of this server. Others' random words
/// are taken for one too.
pub fn looks_secret(text: &str) -> bool {
    holds_root_key(text)
        || words(text).any(|word| is_random(word) || word.len() >= MIN_TOKEN && word.starts_with(TOKEN_START))
        || holds_hash(text)
        || holds_recovery_code(text)
}

/// Whether a text is an id as this server makes them.
pub fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, body)| {
        (1..=8).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_lowercase())
            && ID.contains(&body.len())
            && body.bytes().all(is_base58)
    })
}

fn holds_root_key(text: &str) -> bool {
    text.match_indices(ROOT_KEY_PREFIX).any(|(at, prefix)| text[at + prefix.len()..].starts_with('_'))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

/// Random bytes in base58: the body of a key, or a token.
fn is_random(word: &str) -> bool {
    word.len() >= MIN_RANDOM
        && word.bytes().all(is_base58)
        && word.bytes().any(|byte| byte.is_ascii_uppercase())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_base58(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l')
}

/// SHA-256 or a key of 32 bytes in padded base64, whatever stands before it.
fn holds_hash(text: &str) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut run = 0;
    text.as_bytes().iter().any(|byte| {
        let ends = *byte == b'=' && run >= HASH;
        run = if is_base64(byte) { run + 1 } else { 0 };
        ends
    })
}

fn holds_recovery_code(text: &str) -> bool {
    let is_group =
        |group: &&str| group.len() == GROUPS && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| {
        let mut groups = 0;
        word.split('-').any(|group| {
            groups = if is_group(&group) { groups + 1 } else { 0 };
            groups == GROUPS
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use base::entropy::Entropy;
    use base::secret::KeyHash;
    use domain::keys::format;

    proptest! {
        #[test]
        fn every_secret_is_seen_in_any_text(seed: u64, bytes in 16_usize..=255, prefix in "[a-z0-9_]{0,16}", around in "[ .,:;'\"/(){}]{0,5}") {
            let entropy = Entropy::seeded(seed);
            let mut random = vec![0; bytes];
            entropy.fill(&mut random);
            for secret in [
                format::plaintext(Some(&prefix), &random),
                format::root_key(&entropy.bytes()),
                entropy.token(),
                format!("pst_{}", format::body(&entropy.bytes::<24>())),
                format!("pat_{}", format::body(&entropy.bytes::<24>())),
                KeyHash::of(&prefix).to_base64(),
            ] {
                let text = format!("It {around}{secret}{around} is");
                prop_assert!(looks_secret(&text), "{text}");
            }
        }

        #[test]
        fn ids_are_none(seed: u64, now_ms in 1_700_000_000_000_i64..5_900_000_000_000, kind in "[a-z]{1,8}") {
            let id: String = Entropy::seeded(seed).id(&kind, now_ms);
            prop_assert!(is_id(&id) && !looks_secret(&id), "{id}");
        }

        #[test]
        fn any_text_is_handled(text: String) {
            looks_secret(&text);
            is_id(&text);
        }
    }

    #[test]
    fn signed_tokens_and_recovery_codes_are_seen() {
        for secret in [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZXMifQ.c2lnbmF0dXJl",
            "0k3v-9m2x-abcd-7fgh",
            "unkey_",
            "my unkey_x",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
    }

    #[test]
    fn what_requests_are_made_of_is_shown() {
        for text in [
            "",
            "/v2/ratelimit.multiLimit",
            "A request body must be JSON",
            "POST request body for '/v2/permissions.setRolePermissions' failed to validate schema",
            "unkey:application:invalid_input",
            "urn:unkey:v1:ws_1:rootKeys/key_1",
            "5f8d0d55-3a2b-4c1e-9f11-0123456789ab",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "SELECT fromUnixTimestamp64Milli(time) FROM key_verifications_v1",
            "2026-10-07 10:40:00",
            "user@example.com",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }
}
