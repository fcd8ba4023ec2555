//! Which texts are permissions of a root key (v2 contract, 2.1 to 2.3).

use crate::grants::Urn;

/// Resource, and the actions that exist on it.
const ACTIONS: &[(&str, &[&str])] = &[
    (
        "api",
        &[
            "read_api",
            "create_api",
            "delete_api",
            "update_api",
            "create_key",
            "update_key",
            "delete_key",
            "encrypt_key",
            "decrypt_key",
            "read_key",
            "verify_key",
            "read_analytics",
        ],
    ),
    (
        "ratelimit",
        &[
            "limit",
            "create_namespace",
            "read_namespace",
            "update_namespace",
            "delete_namespace",
            "set_override",
            "read_override",
            "delete_override",
            "list_overrides",
            "read_analytics",
        ],
    ),
    (
        "rbac",
        &[
            "create_permission",
            "update_permission",
            "delete_permission",
            "read_permission",
            "create_role",
            "update_role",
            "delete_role",
            "read_role",
            "add_permission_to_key",
            "remove_permission_from_key",
            "add_role_to_key",
            "remove_role_from_key",
            "add_permission_to_role",
            "remove_permission_from_role",
        ],
    ),
    ("identity", &["create_identity", "read_identity", "update_identity", "delete_identity"]),
    ("portal", &["create_portal", "read_portal", "update_portal", "delete_portal", "create_portal_session"]),
];

/// Actions on what has no id yet, or never gets one: only `*` makes sense.
const ON_ANY: &[&str] = &["create_api", "create_namespace", "create_identity", "create_portal"];

/// Everything in v1, nothing in v2 (v1 contract, section 4).
const LEGACY_EVERYTHING: &str = "*";

/// Whether `text` is a tuple of a known resource and action, or a URN grant.
pub fn is_known(text: &str) -> bool {
    text == LEGACY_EVERYTHING || is_tuple(text) || Urn::parse(text).is_some()
}

fn is_tuple(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(resource), Some(id), Some(action), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let well_formed_id =
        id == "*" || (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    let any_only = resource == "rbac" || ON_ANY.contains(&action);
    well_formed_id
        && (id == "*" || !any_only)
        && ACTIONS.iter().any(|(known, actions)| *known == resource && actions.contains(&action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_and_urns_are_told_from_typing_errors() {
        for text in [
            "api.*.create_key",
            "api.api_1.verify_key",
            "rbac.*.create_role",
            "unkey:v1:ws_1:keyspaces/*#create_key",
            "*",
        ] {
            assert!(is_known(text), "{text}");
        }
        for text in [
            "**",
            "api.create_key",
            "api.*.fly",
            "rbac..create_role",
            "api.a-b.read_key",
            "api.api_1.create_api",
            "unkey:v1:ws_1:a",
        ] {
            assert!(!is_known(text), "{text}");
        }
    }
}
