//! Which texts are permissions of a root key
//! (docs/contract/v2.md#permissions-of-root-keys).

use base::ids::WorkspaceId;

use base::access::{self, Operation, Urn};

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
    ("webhook", &["create_webhook", "read_webhook", "update_webhook", "delete_webhook"]),
];

/// Actions on what has no id yet, or never gets one: only `*` makes sense.
const ON_ANY: &[&str] =
    &["create_api", "create_namespace", "create_identity", "create_portal", "create_webhook"];

/// What no tuple grants.
const BY_URN: &[Operation] = &[
    Operation::RootKeyRead,
    Operation::RootKeyUpdate,
    Operation::RootKeyDelete,
    Operation::WorkspaceLimitsRead,
    Operation::WorkspaceUsageRead,
    Operation::AuditRead,
    Operation::LogsRead,
    Operation::Explain,
    Operation::MigrationCreate,
    Operation::Export,
    Operation::SecretLinkCreate,
    Operation::SettingsRead,
    Operation::SettingsUpdate,
    Operation::WorkspaceUpdate,
];

/// Everything in v1, nothing in v2 (docs/contract/v1.md#rights).
const LEGACY_EVERYTHING: &str = "*";

/// A permission that can be chosen from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `api`, `ratelimit`, `rbac`, `identity`, `portal`; `workspace` of URNs.
    pub resource: &'static str,
    /// `create_key`; of a URN `read_audit`.
    pub action: String,
    /// As it is stored.
    pub text: String,
}

/// Every permission on all of a workspace.
pub fn of_workspace(workspace: &WorkspaceId) -> Vec<Choice> {
    let tuples = ACTIONS.iter().flat_map(|(resource, actions)| {
        let on_all = |action: &&str| Choice::tuple(resource, "*", action);
        actions.iter().map(on_all).collect::<Vec<_>>()
    });
    let urn = |operation: &Operation| {
        let (path, verb) = access::by_path(*operation)?;
        let part = path.split('/').next().unwrap_or_default();
        let text = format!("unkey:v1:{workspace}:{path}#{verb}");
        Some(Choice { resource: "workspace", action: format!("{verb}_{part}"), text })
    };
    tuples.chain(BY_URN.iter().filter_map(urn)).collect()
}

/// The permissions that can be limited to the resource with this id.
pub fn of_one(resource: &str, id: &str) -> Vec<Choice> {
    let own = ACTIONS.iter().filter(|(known, _)| *known == resource && *known != "rbac");
    let limited = own.flat_map(|(resource, actions)| {
        let on_one = actions.iter().filter(|action| !ON_ANY.contains(action));
        on_one.map(|action| Choice::tuple(resource, id, action)).collect::<Vec<_>>()
    });
    limited.collect()
}

impl Choice {
    fn tuple(resource: &'static str, id: &str, action: &str) -> Self {
        Self { resource, action: action.to_owned(), text: format!("{resource}.{id}.{action}") }
    }
}

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
    fn every_choice_is_a_permission() {
        let all = of_workspace(&"ws_1".into());
        assert_eq!(all.len(), 49 + BY_URN.len());
        for choice in all.iter().chain(&of_one("api", "api_1")).chain(&of_one("ratelimit", "rl_1")) {
            assert!(is_known(&choice.text), "{choice:?}");
        }
        assert!(of_one("api", "api_1").iter().all(|choice| choice.action != "create_api"));
        assert!(all.iter().any(|choice| choice.text == "unkey:v1:ws_1:audit#read"));
    }

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
