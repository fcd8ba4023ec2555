//! Takes the secrets out of bodies before they are logged: the one place.
//!
//! Works on names of members and on what values look like, for it must not
//! depend on which operation a body is of. What is not JSON is never logged.

use serde_json::Value;

use crate::events::MAX_LOGGED_BODY;

/// Bodies larger than this are not even looked at.
const MAX_BODY: usize = 64 * 1024;

/// Characters of a path or a user agent.
const MAX_TEXT: usize = 256;

const REDACTED: &str = "[redacted]";

/// Members that hold secrets, in lower case and without `_` and `-`.
const SECRET_MEMBERS: &[&str] = &[
    "key",
    "plaintext",
    "hash",
    "token",
    "password",
    "secret",
    "rootkey",
    "apikey",
    "authorization",
    "cookie",
    "code",
    "sessionid",
    "ciphertext",
];

/// The body as it may be logged; `None` when it may not.
pub fn body(body: &[u8]) -> Option<String> {
    if body.is_empty() || body.len() > MAX_BODY {
        return None;
    }
    let mut value: Value = serde_json::from_slice(body).ok()?;
    redact(&mut value);
    let mut text = value.to_string();
    if text.len() > MAX_LOGGED_BODY {
        let end = (0..=MAX_LOGGED_BODY).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    Some(text)
}

/// A path, or another text that clients choose, as it may be logged.
pub fn text(text: &str) -> &str {
    if text.contains("unkey_") {
        return REDACTED;
    }
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The path of a request that is of no operation: its beginning, for what follows
/// may be anything.
pub fn unknown_path(path: &str) -> &str {
    let end = path.match_indices('/').nth(3).map_or(path.len(), |(at, _)| at);
    text(&path[..end])
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name, value) {
                    *value = Value::String(REDACTED.to_owned());
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        // Wherever a root key was pasted.
        Value::String(text) if text.contains("unkey_") || repeats_a_key(text) => REDACTED.clone_into(text),
        _ => {}
    }
}

/// v1 says which key it did not find: a secret if that was pasted for the id.
fn repeats_a_key(text: &str) -> bool {
    let named = text.strip_prefix("key ").and_then(|text| text.strip_suffix(" not found"));
    named.is_some_and(|id| !id.starts_with("key_"))
}

fn is_secret(name: &str, value: &Value) -> bool {
    if matches!(value, Value::Null | Value::Bool(_)) {
        return false;
    }
    let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase();
    if name == "code" {
        // The outcome of a verification has the name of a secret.
        return value.as_str().is_none_or(|code| !code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    }
    // People paste the key itself where its id belongs.
    let pasted = name == "keyid" && value.as_str().is_none_or(|id| !id.starts_with("key_"));
    pasted || SECRET_MEMBERS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redacted(value: &Value) -> Value {
        serde_json::from_str(&body(value.to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn members_that_hold_secrets_are_redacted_wherever_they_are() {
        let shown = redacted(&json!({
            "data": { "keyId": "key_1", "key": "prefix_abc", "plaintext": "abc" },
            "keys": [{ "hash": "aGFzaA==", "name": "n" }, { "hash": { "value": "x", "variant": "sha256" } }],
            "apiKey": 7, "Root-Key": "x", "password": "p", "meta": { "api_key": "k", "secret": ["a"] },
        }));
        assert_eq!(
            shown,
            json!({
                "data": { "keyId": "key_1", "key": REDACTED, "plaintext": REDACTED },
                "keys": [{ "hash": REDACTED, "name": "n" }, { "hash": REDACTED }],
                "apiKey": REDACTED, "Root-Key": REDACTED, "password": REDACTED,
                "meta": { "api_key": REDACTED, "secret": REDACTED },
            })
        );
    }

    #[test]
    fn what_looks_like_a_secret_in_a_harmless_place_is_redacted() {
        let shown =
            redacted(&json!({ "keyId": "prefix_abc", "name": "my unkey_3ZyXw", "externalId": "ann" }));
        assert_eq!(shown, json!({ "keyId": REDACTED, "name": REDACTED, "externalId": "ann" }));
        assert_eq!((text("/v2/unkey_3Zy"), text("/v2/keys.getKey")), (REDACTED, "/v2/keys.getKey"));
        assert_eq!(text(&"a".repeat(1000)).len(), MAX_TEXT);
        let told = |id: &str| json!({ "error": { "message": format!("key {id} not found") } });
        assert_eq!(redacted(&told("key_1")), told("key_1"));
        assert_eq!(redacted(&told("prefix_abc")), json!({ "error": { "message": REDACTED } }));
        assert_eq!(unknown_path("/v1/keys/verify/prefix_abc"), "/v1/keys/verify");
        assert_eq!(unknown_path("/v2/nothing"), "/v2/nothing");
    }

    #[test]
    fn outcomes_and_settings_stay_readable() {
        let value = json!({ "code": "RATE_LIMITED", "key": null, "token": false, "remaining": 3 });
        assert_eq!(redacted(&value), value);
        assert_eq!(redacted(&json!({ "code": "pc_1234" })), json!({ "code": REDACTED }));
    }

    #[test]
    fn what_is_no_json_or_too_long_is_not_logged() {
        assert_eq!(body(b""), None);
        assert_eq!(body(b"key=unkey_123"), None);
        assert_eq!(body(format!("\"{}\"", "x".repeat(MAX_BODY)).as_bytes()), None);
        let long = body(format!("\"{}\"", "\u{e9}".repeat(10_000)).as_bytes()).unwrap();
        assert!(long.len() <= MAX_LOGGED_BODY && long.len() > MAX_LOGGED_BODY - 4);
    }
}
