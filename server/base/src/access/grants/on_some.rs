//! Whether a principal could do something to any resource at all, whatever exists:
//! what need not be shown to somebody whom every target would refuse.
//!
//! It errs to one side only. Who may do something to a target could do it; who
//! could may still find that no such target is there.

use super::rules::Need;
use super::{EVERYTHING, Grants, Operation, Target};
use crate::access::{Door, OpCtx, Principal};
use crate::ids::{
    ApiId, IdentityId, KeyId, KeyspaceId, NamespaceId, OverrideId, PermissionId, PortalId, RoleId, RootKeyId,
    WebhookId, WorkspaceId,
};

/// Stands for any id in the path of a URN: no id looks like it.
const ANY: &str = "?";

impl OpCtx {
    /// Whether the principal may do this to some target.
    pub fn may_on_some(&self, operation: Operation) -> bool {
        let target = match &self.principal {
            Principal::PortalUser(user) => Target { api: Some(&user.api), ..Target::NONE },
            _ => Target::NONE,
        };
        let by_v1 = self.door == Door::V1;
        self.is_allowed(operation, target, |need, grants| {
            (by_v1 && grants.tuples.contains(EVERYTHING)) || need.could_be_met(grants, &self.workspace)
        })
    }
}

impl Need {
    fn could_be_met(&self, grants: &Grants, workspace: &WorkspaceId) -> bool {
        match self {
            Need::Exact(tuple) => grants.tuples.contains(*tuple),
            Need::Own(resource, action) | Need::OnSome(resource, action) => {
                grants.tuples.iter().any(|tuple| resource.is_some(tuple, action))
            }
            Need::On(path, action) => with_any_target(|target| path.of(target)).is_some_and(|path| {
                grants.urns.iter().any(|urn| urn.could_cover(workspace.as_str(), &path, action, ANY))
            }),
            Need::Any(needs) => needs.iter().any(|need| need.could_be_met(grants, workspace)),
            Need::All(needs) => needs.iter().all(|need| need.could_be_met(grants, workspace)),
        }
    }
}

/// A target of which everything is known, and is [`ANY`].
fn with_any_target<T>(with: impl FnOnce(Target<'_>) -> T) -> T {
    with(Target {
        api: Some(&ApiId::from(ANY)),
        keyspace: Some(&KeyspaceId::from(ANY)),
        key: Some(&KeyId::from(ANY)),
        identity: Some(&IdentityId::from(ANY)),
        namespace: Some(&NamespaceId::from(ANY)),
        ratelimit_override: Some(&OverrideId::from(ANY)),
        permission: Some(&PermissionId::from(ANY)),
        role: Some(&RoleId::from(ANY)),
        portal: Some(&PortalId::from(ANY)),
        root_key: Some(&RootKeyId::from(ANY)),
        webhook: Some(&WebhookId::from(ANY)),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::access::RootKeyPrincipal;
    use crate::ids::RequestId;

    fn holder(permissions: impl IntoIterator<Item = String>, door: Door) -> OpCtx {
        let principal = RootKeyPrincipal {
            id: RootKeyId::from("key_1"),
            name: None,
            grants: Grants::new(false, permissions),
            expires_at: None,
            ip_allowlist: Vec::new(),
            limit_per_minute: None,
            budget_key: None,
        };
        let (workspace, request) = (WorkspaceId::from("ws_1"), RequestId::from("req_1"));
        OpCtx::new(Principal::RootKey(Arc::new(principal)), workspace, 0, request, door)
    }

    fn could(permission: &str, operation: Operation) -> bool {
        holder([permission.to_owned()], Door::Mcp).may_on_some(operation)
    }

    #[test]
    fn a_right_on_one_is_a_right_on_some() {
        for (permission, operation) in [
            ("api.api_1.read_key", Operation::KeyRead),
            ("unkey:v1:ws_1:keyspaces/ks_1/keys/key_9#read_key", Operation::KeyRead),
            ("unkey:v1:ws_1:keyspaces/**#read_key", Operation::KeyRead),
            ("unkey:v1:ws_1:**#*", Operation::KeyRead),
            ("unkey:v1:ws_1:rootKeys/key_2#write", Operation::RootKeyUpdate),
            ("ratelimit.ns_1.limit", Operation::RatelimitLimit),
            ("api.api_1.read_analytics", Operation::AnalyticsVerifications),
            ("unkey:v1:ws_1:audit#read", Operation::AuditRead),
        ] {
            assert!(could(permission, operation), "{permission}");
        }
    }

    #[test]
    fn other_rights_are_none() {
        for (permission, operation) in [
            ("api.*.read_key", Operation::KeyUpdate),
            ("api.*.read_key", Operation::ApiListKeys),
            ("unkey:v1:ws_2:**#*", Operation::KeyRead),
            ("unkey:v1:ws_1:keyspaces/*#read_key", Operation::KeyRead),
            ("unkey:v1:ws_1:keyspaces/ks_1/keys/key_9#read_key", Operation::ApiRead),
            ("unkey:v1:ws_1:**#*", Operation::MemberInvite),
            ("*", Operation::ApiRead),
        ] {
            assert!(!could(permission, operation), "{permission}");
        }
        assert!(holder(["*".to_owned()], Door::V1).may_on_some(Operation::ApiRead));
    }

    const OPERATIONS: [Operation; 12] = [
        Operation::ApiListKeys,
        Operation::KeyCreate,
        Operation::KeyRead,
        Operation::KeyAddPermissions,
        Operation::IdentityRead,
        Operation::PermissionUpdate,
        Operation::RoleSetPermissions,
        Operation::RatelimitLimit,
        Operation::OverrideRead,
        Operation::PortalRead,
        Operation::RootKeyUpdate,
        Operation::AuditRead,
    ];

    fn any_permission() -> impl Strategy<Value = String> {
        let id = prop_oneof!["[a-c]", Just("*".to_owned())];
        let action = prop::sample::select(vec![
            "read_key",
            "create_key",
            "read_api",
            "update_key",
            "limit",
            "read_override",
            "read_identity",
            "read_portal",
            "write",
            "read",
            "read_keyspace",
            "add_permission_to_key",
            "update_permission",
        ]);
        let resource = prop::sample::select(vec!["api", "ratelimit", "identity", "portal", "rbac"]);
        let segment = prop::sample::select(vec![
            "keyspaces",
            "keys",
            "a",
            "b",
            "*",
            "**",
            "rootKeys",
            "audit",
            "ratelimits",
            "namespaces",
            "overrides",
            "projects",
            "rbac",
            "permissions",
            "identities",
        ]);
        let path = prop::collection::vec(segment, 1..6).prop_map(|segments| segments.join("/"));
        prop_oneof![
            (resource, id, action.clone())
                .prop_map(|(resource, id, action)| format!("{resource}.{id}.{action}")),
            (path, action).prop_map(|(path, action)| format!("unkey:v1:ws_1:{path}#{action}")),
            Just("unkey:v1:ws_1:**#*".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn who_may_could(
            permissions in prop::collection::vec(any_permission(), 0..6),
            ids in prop::collection::vec("[a-c]", 11),
            operation in prop::sample::select(OPERATIONS.to_vec()),
            v1: bool,
        ) {
            let target = Target {
                api: Some(&ApiId::from(ids[0].as_str())),
                keyspace: Some(&KeyspaceId::from(ids[1].as_str())),
                key: Some(&KeyId::from(ids[2].as_str())),
                identity: Some(&IdentityId::from(ids[3].as_str())),
                namespace: Some(&NamespaceId::from(ids[4].as_str())),
                ratelimit_override: Some(&OverrideId::from(ids[5].as_str())),
                permission: Some(&PermissionId::from(ids[6].as_str())),
                role: Some(&RoleId::from(ids[7].as_str())),
                portal: Some(&PortalId::from(ids[8].as_str())),
                root_key: Some(&RootKeyId::from(ids[9].as_str())),
                webhook: Some(&WebhookId::from(ids[10].as_str())),
            };
            let cx = holder(permissions, if v1 { Door::V1 } else { Door::Mcp });
            for target in [target, Target::NONE] {
                prop_assert!(!cx.may(operation, target) || cx.may_on_some(operation));
            }
        }
    }
}
