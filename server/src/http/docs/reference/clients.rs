//! What the official clients call each operation, and the operation that does the
//! same in the other version. How a client is pointed at this server is on the page
//! `libraries`.

use std::fmt::Write;

use crate::http::client_names::{exported, snake_case};

/// Operations of v1: in `@unkey/api` before 2, in `unkey.py` before 3, and in the
/// crate `unkey`. A dash where a client has none.
const V1: &[(&str, &str, &str, &str)] = &[
    ("analytics.getVerifications", "analytics.getVerifications", "-", "-"),
    ("apis.createApi", "apis.create", "apis.create", "-"),
    ("apis.deleteApi", "apis.delete", "apis.delete", "delete_api"),
    ("apis.deleteKeys", "-", "apis.delete_keys", "-"),
    ("apis.getApi", "apis.get", "apis.get", "get_api"),
    ("apis.listKeys", "apis.listKeys", "apis.list_keys", "list_keys"),
    ("identities.createIdentity", "identities.create", "identities.create", "-"),
    ("identities.deleteIdentity", "identities.delete", "identities.delete", "-"),
    ("identities.getIdentity", "identities.get", "identities.get", "-"),
    ("identities.listIdentities", "identities.list", "identities.list", "-"),
    ("identities.updateIdentity", "identities.update", "identities.update", "-"),
    ("keys.addPermissions", "keys.addPermissions", "keys.add_permissions", "-"),
    ("keys.addRoles", "keys.addRoles", "keys.add_roles", "-"),
    ("keys.createKey", "keys.create", "keys.create", "create_key"),
    ("keys.deleteKey", "keys.delete", "keys.delete", "revoke_key"),
    ("keys.getKey", "keys.get", "keys.get", "get_key"),
    ("keys.getVerifications", "keys.getVerifications", "keys.get_verifications", "-"),
    ("keys.removePermissions", "keys.removePermissions", "keys.remove_permissions", "-"),
    ("keys.removeRoles", "keys.removeRoles", "keys.remove_roles", "-"),
    ("keys.setPermissions", "keys.setPermissions", "keys.set_permissions", "-"),
    ("keys.setRoles", "keys.setRoles", "keys.set_roles", "-"),
    ("keys.updateKey", "keys.update", "keys.update", "update_key"),
    ("keys.updateRemaining", "keys.updateRemaining", "keys.update_remaining", "update_remaining"),
    ("keys.verifyKey", "keys.verify", "keys.verify", "verify_key"),
    ("keys.whoami", "-", "keys.whoami", "-"),
    ("migrations.createKeys", "migrations.createKeys", "migrations.create_keys", "-"),
    ("migrations.enqueueKeys", "migrations.enqueueKeys", "migrations.enqueue", "-"),
    ("permissions.createPermission", "permissions.createPermission", "permissions.create", "-"),
    ("permissions.createRole", "permissions.createRole", "permissions.create_role", "-"),
    ("permissions.deletePermission", "permissions.deletePermission", "permissions.delete", "-"),
    ("permissions.deleteRole", "permissions.deleteRole", "permissions.delete_role", "-"),
    ("permissions.getPermission", "permissions.getPermission", "permissions.get", "-"),
    ("permissions.getRole", "permissions.getRole", "permissions.get_role", "-"),
    ("permissions.listPermissions", "permissions.listPermissions", "permissions.list", "-"),
    ("permissions.listRoles", "permissions.listRoles", "permissions.list_roles", "-"),
    ("ratelimits.deleteOverride", "ratelimits.deleteOverride", "ratelimits.delete_override", "-"),
    ("ratelimits.getOverride", "ratelimits.getOverride", "ratelimit.get_override", "-"),
    ("ratelimits.limit", "ratelimits.limit", "ratelimits.limit", "-"),
    ("ratelimits.listOverrides", "ratelimits.listOverrides", "ratelimit.list_overrides", "-"),
    ("ratelimits.setOverride", "ratelimits.setOverride", "ratelimit.set_override", "-"),
];

/// Operations of v2 that `@unkey/api` 2 has, under the same name.
const V2: &[(&str, &[&str])] = &[
    ("analytics", &["getRatelimits", "getVerifications"]),
    ("apis", &["createApi", "deleteApi", "getApi", "listKeys"]),
    ("identities", &["createIdentity", "deleteIdentity", "getIdentity", "listIdentities", "updateIdentity"]),
    (
        "keys",
        &[
            "addPermissions",
            "addRoles",
            "createKey",
            "deleteKey",
            "getKey",
            "migrateKeys",
            "removePermissions",
            "removeRoles",
            "rerollKey",
            "setPermissions",
            "setRoles",
            "updateCredits",
            "updateKey",
            "verifyKey",
            "whoami",
        ],
    ),
    (
        "permissions",
        &[
            "createPermission",
            "createRole",
            "deletePermission",
            "deleteRole",
            "getPermission",
            "getRole",
            "listPermissions",
            "listRoles",
            "setRolePermissions",
        ],
    ),
    ("portal", &["createSession", "exchangeCode", "getVerifications", "listKeys", "rerollKey"]),
    ("ratelimit", &["deleteOverride", "getOverride", "limit", "listOverrides", "multiLimit", "setOverride"]),
];

/// Operations of v1 whose successor in v2 has another name, or none.
const RENAMED: &[(&str, &str)] = &[
    ("keys.updateRemaining", "keys.updateCredits"),
    ("keys.getVerifications", "analytics.getVerifications"),
    ("migrations.createKeys", "keys.migrateKeys"),
    ("ratelimits.limit", "ratelimit.limit"),
    ("ratelimits.setOverride", "ratelimit.setOverride"),
    ("ratelimits.getOverride", "ratelimit.getOverride"),
    ("ratelimits.listOverrides", "ratelimit.listOverrides"),
    ("ratelimits.deleteOverride", "ratelimit.deleteOverride"),
];

/// The methods of `@unkey/ratelimit` behind operations of either version.
const RATELIMIT_PACKAGE: &[(&str, &str)] = &[
    ("limit", "new Ratelimit({ … }).limit"),
    ("setOverride", "new Overrides({ … }).setOverride"),
    ("getOverride", "new Overrides({ … }).getOverride"),
    ("listOverrides", "new Overrides({ … }).listOverrides"),
    ("deleteOverride", "new Overrides({ … }).deleteOverride"),
];

/// Version and name of what does the same in the other version.
pub fn twin(version: &str, id: &str) -> Option<(&'static str, &'static str)> {
    if version == "v1" {
        let renamed = RENAMED.iter().find(|(old, _)| *old == id).map(|(_, new)| *new);
        let both = || V1.iter().map(|(name, ..)| *name).find(|name| *name == id && in_v2(name));
        return renamed.or_else(both).map(|name| ("v2", name));
    }
    let renamed =
        RENAMED.iter().rfind(|(old, new)| *new == id && in_v1(old) && *old != "keys.getVerifications");
    let both = V1.iter().map(|(name, ..)| *name).find(|name| *name == id && in_v2(name));
    renamed.map(|(old, _)| *old).or(both).map(|name| ("v1", name))
}

fn in_v1(id: &str) -> bool {
    V1.iter().any(|(name, ..)| *name == id)
}

fn in_v2(id: &str) -> bool {
    let Some((group, name)) = id.split_once('.') else { return false };
    V2.iter().any(|(known, names)| *known == group && names.contains(&name))
}

/// The section of an operation's page about its calls in the clients; empty where
/// no client has the operation.
pub fn section(version: &str, id: &str) -> String {
    let mut calls: Vec<(&str, String)> = Vec::new();
    if version == "v1" {
        for (_, script, python, rust) in V1.iter().filter(|(name, ..)| *name == id) {
            calls.push(("`@unkey/api` 0.x and 1.x", format!("unkey.{script}")));
            calls.push(("`unkey.py` 0.x", format!("unkey.{python}")));
            calls.push(("`unkey` (crates.io) 0.6", format!("client.{rust}")));
        }
    } else if in_v2(id) {
        calls.push(("`@unkey/api` 2.x", format!("unkey.{id}")));
        calls.push(("`unkey.py` 3.x", format!("unkey.{}", snake_case(id))));
        calls.push(("Go, `sdks/api/go/v2`", format!("client.{}", exported(id))));
    }
    let in_group = id.strip_prefix("ratelimits.").or_else(|| id.strip_prefix("ratelimit."));
    let packaged = RATELIMIT_PACKAGE.iter().filter(|(name, _)| in_group == Some(*name));
    calls.extend(packaged.map(|(_, call)| ("`@unkey/ratelimit`", (*call).to_owned())));
    calls.retain(|(_, call)| !call.ends_with(".-"));
    if calls.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n## In client libraries\n\n| client | call |\n|---|---|\n");
    for (client, call) in calls {
        let _ = writeln!(text, "| {client} | `{call}(…)` |");
    }
    text.push_str("\nHow each is pointed at this server: [Client libraries](../../libraries.md).\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{v1, v2};

    fn has(document: &serde_json::Value, version: &str, id: &str) -> bool {
        document["paths"].get(format!("/{version}/{id}")).is_some()
    }

    #[test]
    fn every_operation_named_here_is_served() {
        for (id, ..) in V1 {
            assert!(has(&v1::DOCUMENT, "v1", id), "{id}");
        }
        for (group, names) in V2 {
            for name in *names {
                assert!(has(&v2::DOCUMENT, "v2", &format!("{group}.{name}")), "{group}.{name}");
            }
        }
        for (old, new) in RENAMED {
            assert!(has(&v1::DOCUMENT, "v1", old) && has(&v2::DOCUMENT, "v2", new), "{old} {new}");
        }
    }

    #[test]
    fn an_operation_knows_its_twin() {
        assert_eq!(twin("v1", "keys.createKey"), Some(("v2", "keys.createKey")));
        assert_eq!(twin("v2", "keys.createKey"), Some(("v1", "keys.createKey")));
        assert_eq!(twin("v2", "keys.updateCredits"), Some(("v1", "keys.updateRemaining")));
        assert_eq!(twin("v2", "analytics.getVerifications"), Some(("v1", "analytics.getVerifications")));
        assert_eq!(twin("v2", "ratelimit.limit"), Some(("v1", "ratelimits.limit")));
        assert_eq!((twin("v1", "apis.deleteKeys"), twin("v2", "keys.rerollKey")), (None, None));
    }

    #[test]
    fn names_are_written_as_each_language_does() {
        let section = section("v2", "apis.createApi");
        for call in ["unkey.apis.createApi(…)", "unkey.apis.create_api(…)", "client.Apis.CreateAPI(…)"]
        {
            assert!(section.contains(call), "{section}");
        }
        assert!(super::section("v2", "rootKeys.createKey").is_empty());
    }
}
