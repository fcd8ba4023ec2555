//! The one table of what each operation needs, and what it needs it on.

use crate::ids::{
    ApiId, IdentityId, KeyId, KeyspaceId, NamespaceId, OverrideId, PermissionId, PortalId, RoleId, RootKeyId,
    WebhookId,
};

use crate::access::Door;
use crate::error::Code;

/// Operations that ask for a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    ApiCreate,
    ApiRead,
    ApiUpdate,
    ApiDelete,
    ApiListKeys,
    KeyCreate,
    KeyCreateRecoverable,
    KeyRead,
    KeyWhoami,
    KeyDecrypt,
    KeyListDecrypt,
    KeyUpdate,
    KeyDelete,
    /// Every key of an API.
    KeyDeleteAll,
    KeyVerify,
    KeyReroll,
    KeyRerollRecoverable,
    KeyMigrate,
    KeyAddPermissions,
    KeyRemovePermissions,
    KeySetPermissions,
    KeyAddRoles,
    KeyRemoveRoles,
    KeySetRoles,
    /// What a replacement adds and takes asks for this on top.
    KeyConnectPermission,
    KeyDisconnectPermission,
    KeyConnectRole,
    KeyDisconnectRole,
    IdentityCreate,
    IdentityRead,
    /// Listing them at all, and each one that is listed.
    IdentityList,
    IdentityListed,
    IdentityUpdate,
    IdentityDelete,
    PermissionCreate,
    PermissionRead,
    PermissionUpdate,
    PermissionDelete,
    /// Making a permission by naming it in a list.
    PermissionCreateImplicit,
    RoleCreate,
    /// Making a role by naming it in a list, and by adding it to a key.
    RoleCreateImplicit,
    RoleCreateByAdding,
    RoleRead,
    RoleUpdate,
    RoleDelete,
    RoleAddPermission,
    RoleSetPermissions,
    NamespaceCreate,
    RatelimitLimit,
    OverrideSet,
    OverrideRead,
    OverrideDelete,
    OverrideList,
    AnalyticsVerifications,
    AnalyticsRatelimits,
    PortalCreate,
    PortalRead,
    PortalUpdate,
    PortalDelete,
    PortalCreateSession,
    /// What the caller must hold to give a scope away.
    PortalScopeKeysRead,
    PortalScopeKeysReroll,
    PortalScopeEncrypt,
    PortalScopeAnalytics,
    WebhookCreate,
    /// Endpoints, and what was sent there.
    WebhookRead,
    /// Their secrets, and sending something again, too.
    WebhookUpdate,
    WebhookDelete,
    RootKeyCreate,
    RootKeyRead,
    RootKeyUpdate,
    RootKeyDelete,
    WorkspaceLimitsRead,
    WorkspaceUsageRead,
    NamespaceRead,
    NamespaceUpdate,
    NamespaceDelete,
    /// The audit log.
    AuditRead,
    /// Requests and other events, one by one.
    LogsRead,
    /// Why a key was or would be refused; takes nothing.
    Explain,
    /// Announcing an import of foreign keys.
    MigrationCreate,
    /// Handing many rows out at once.
    Export,
    /// Putting a secret that was just made behind a one-time link.
    SecretLinkCreate,
    SettingsRead,
    SettingsUpdate,
    /// What the workspace is set up with, as a document.
    ConfigurationRead,
    /// Making such a document true; what it changes asks for its own rights.
    ConfigurationApply,
    WorkspaceUpdate,
    WorkspaceDelete,
    /// Whether the server serves a workspace, and how much.
    WorkspaceOperate,
    /// Keeping a filter of a list for oneself.
    ViewSave,
    /// Showing it to everybody, and removing what others show.
    ViewShare,
    MemberRead,
    MemberInvite,
    MemberUpdate,
    MemberRemove,
    /// Making, changing and removing owners.
    OwnerManage,
    /// Sessions of other members.
    MemberSessionsRead,
    MemberSessionsRevoke,
    /// Giving somebody access to their account back, without asking them.
    AccountRecover,
    MasterKeyRotate,
}

/// The resource an operation acts on. Only what the operation's rule names
/// needs to be set.
#[derive(Clone, Copy, Default)]
pub struct Target<'a> {
    pub api: Option<&'a ApiId>,
    pub keyspace: Option<&'a KeyspaceId>,
    pub key: Option<&'a KeyId>,
    pub identity: Option<&'a IdentityId>,
    pub namespace: Option<&'a NamespaceId>,
    pub ratelimit_override: Option<&'a OverrideId>,
    pub permission: Option<&'a PermissionId>,
    pub role: Option<&'a RoleId>,
    pub portal: Option<&'a PortalId>,
    pub root_key: Option<&'a RootKeyId>,
    pub webhook: Option<&'a WebhookId>,
}

impl<'a> Target<'a> {
    /// A resource without an id of its own, or one that does not exist yet.
    pub const NONE: Target<'static> = Target {
        api: None,
        keyspace: None,
        key: None,
        identity: None,
        namespace: None,
        ratelimit_override: None,
        permission: None,
        role: None,
        portal: None,
        root_key: None,
        webhook: None,
    };

    pub fn api(api: &'a ApiId, keyspace: &'a KeyspaceId) -> Self {
        Self { api: Some(api), keyspace: Some(keyspace), ..Target::NONE }
    }

    pub fn key(api: &'a ApiId, keyspace: &'a KeyspaceId, key: &'a KeyId) -> Self {
        Self { key: Some(key), ..Self::api(api, keyspace) }
    }

    pub fn identity(identity: &'a IdentityId) -> Self {
        Self { identity: Some(identity), ..Target::NONE }
    }

    pub fn namespace(namespace: &'a NamespaceId) -> Self {
        Self { namespace: Some(namespace), ..Target::NONE }
    }

    pub fn permission(permission: &'a PermissionId) -> Self {
        Self { permission: Some(permission), ..Target::NONE }
    }

    pub fn role(role: &'a RoleId) -> Self {
        Self { role: Some(role), ..Target::NONE }
    }

    pub fn portal(portal: &'a PortalId) -> Self {
        Self { portal: Some(portal), ..Target::NONE }
    }

    pub fn root_key(root_key: &'a RootKeyId) -> Self {
        Self { root_key: Some(root_key), ..Target::NONE }
    }

    pub fn webhook(webhook: &'a WebhookId) -> Self {
        Self { webhook: Some(webhook), ..Target::NONE }
    }
}

/// What a rule asks for.
pub(super) enum Need {
    /// `<resource>.*.<action>`, or the same with the target's own id.
    Own(Resource, &'static str),
    /// Exactly this tuple.
    Exact(&'static str),
    /// `<resource>.<anything>.<action>`: what is seen is narrowed elsewhere.
    OnSome(Resource, &'static str),
    /// A URN on a path of the target.
    On(Path, &'static str),
    Any(&'static [Need]),
    All(&'static [Need]),
}

#[derive(Clone, Copy)]
pub(super) enum Resource {
    Api,
    Identity,
    Ratelimit,
    Portal,
    Webhook,
}

#[derive(Clone, Copy)]
pub(super) enum Path {
    Keyspace,
    Key,
    AnyKeyOfKeyspace,
    AnyIdentity,
    AnyPermission,
    Permission,
    Role,
    Override,
    /// The root key of the target, or any where there is none yet.
    RootKey,
    Limits,
    Usage,
    /// A part of the workspace that the contract has no name for.
    Part(&'static str),
}

/// What a caller without the permission is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// That permissions are missing, and which.
    Forbidden,
    /// That there is no such thing: the error of an absent resource.
    Masked(Code),
}

/// The one table: operation and door to requirement and failure mode.
pub(super) fn rule(operation: Operation, door: Door) -> (Need, Denial) {
    match door {
        Door::V1 => of_v1(operation).unwrap_or_else(|| (of_v2(operation).0, Denial::Forbidden)),
        Door::V2 | Door::Dashboard | Door::Mcp | Door::ForwardAuth | Door::Cli | Door::Job => {
            of_v2(operation)
        }
    }
}

/// Rows in which v1 differs (docs/contract/v1.md#rights). It asks for less
/// where a right on the key and one on roles or permissions would both be at
/// hand, and hides nothing but the namespace that a caller may not make.
fn of_v1(operation: Operation) -> Option<(Need, Denial)> {
    use Denial::{Forbidden, Masked};
    use Need::{All, Any, Exact, On, Own};
    use Path::{AnyIdentity, Key};
    use Resource::Identity;

    let need = match operation {
        Operation::KeyAddPermissions => Any(&[Exact("rbac.*.add_permission_to_key"), On(Key, "update_key")]),
        Operation::KeyRemovePermissions => {
            Any(&[Exact("rbac.*.remove_permission_from_key"), On(Key, "update_key")])
        }
        Operation::KeyAddRoles => Any(&[Exact("rbac.*.add_role_to_key"), On(Key, "update_key")]),
        Operation::KeyRemoveRoles => Any(&[Exact("rbac.*.remove_role_from_key"), On(Key, "update_key")]),
        // Any root key, as far as nothing is added or taken.
        Operation::KeySetPermissions | Operation::KeySetRoles => All(&[]),
        Operation::KeyConnectPermission => return of_v1(Operation::KeyAddPermissions),
        Operation::KeyDisconnectPermission => return of_v1(Operation::KeyRemovePermissions),
        Operation::KeyConnectRole => return of_v1(Operation::KeyAddRoles),
        Operation::KeyDisconnectRole => return of_v1(Operation::KeyRemoveRoles),
        // A verification with a root key, where the server asks for one
        // (docs/decisions.md#v1-verifies-without-a-root-key).
        Operation::KeyVerify => All(&[]),
        Operation::IdentityList => Any(&[
            Exact("identity.*.read_identity"),
            Exact("identity.default.read_identity"),
            On(AnyIdentity, "read_identity"),
        ]),
        Operation::IdentityListed => All(&[]),
        Operation::IdentityDelete => {
            Any(&[Own(Identity, "delete_identity"), On(AnyIdentity, "delete_identity")])
        }
        // The published v1 asked for the right on permissions by mistake.
        Operation::RoleCreateByAdding => {
            Any(&[Exact("rbac.*.create_role"), Exact("rbac.*.create_permission")])
        }
        Operation::NamespaceCreate => {
            let need = Exact("ratelimit.*.create_namespace");
            return Some((need, Masked(Code::NamespaceNotFound)));
        }
        _ => return None,
    };
    Some((need, Forbidden))
}

/// The rows of v2 (docs/contract/v2.md#rights), which hold for every door that
/// has none of its own.
fn of_v2(operation: Operation) -> (Need, Denial) {
    use Denial::{Forbidden, Masked};
    use Need::{All, Any, Exact, On, OnSome, Own};
    use Path::{AnyIdentity, AnyKeyOfKeyspace, AnyPermission, Key, Keyspace, Part, RootKey};
    use Resource::{Api, Identity, Portal, Ratelimit, Webhook};

    match operation {
        Operation::ApiCreate => (Exact("api.*.create_api"), Forbidden),
        Operation::ApiRead => (Own(Api, "read_api"), Forbidden),
        Operation::ApiUpdate => (Own(Api, "update_api"), Forbidden),
        Operation::ApiDelete => (Own(Api, "delete_api"), Forbidden),
        Operation::ApiListKeys => (
            Any(&[
                All(&[Own(Api, "read_key"), Own(Api, "read_api")]),
                All(&[On(AnyKeyOfKeyspace, "read_key"), On(Keyspace, "read_keyspace")]),
            ]),
            Masked(Code::ApiNotFound),
        ),
        Operation::KeyCreate => {
            (Any(&[Own(Api, "create_key"), On(Keyspace, "create_key")]), Masked(Code::ApiNotFound))
        }
        Operation::KeyCreateRecoverable => {
            (Any(&[Own(Api, "encrypt_key"), On(AnyKeyOfKeyspace, "encrypt_key")]), Masked(Code::ApiNotFound))
        }
        Operation::KeyRead => (Any(&[Own(Api, "read_key"), On(Key, "read_key")]), Forbidden),
        Operation::KeyWhoami => {
            (Any(&[Own(Api, "read_key"), On(Key, "read_key")]), Masked(Code::KeyNotFound))
        }
        Operation::KeyDecrypt => (Any(&[Own(Api, "decrypt_key"), On(Key, "decrypt_key")]), Forbidden),
        Operation::KeyListDecrypt => {
            (Any(&[Own(Api, "decrypt_key"), On(AnyKeyOfKeyspace, "decrypt_key")]), Forbidden)
        }
        Operation::KeyUpdate => (Any(&[Own(Api, "update_key"), On(Key, "update_key")]), Forbidden),
        Operation::KeyDelete => (Any(&[Own(Api, "delete_key"), On(Key, "delete_key")]), Forbidden),
        Operation::KeyDeleteAll => {
            (Any(&[Own(Api, "delete_key"), On(AnyKeyOfKeyspace, "delete_key")]), Forbidden)
        }
        Operation::KeyVerify => {
            (Any(&[Own(Api, "verify_key"), On(Key, "verify_key")]), Masked(Code::KeyNotFound))
        }
        Operation::KeyReroll => (Any(&[Own(Api, "create_key"), On(Keyspace, "create_key")]), Forbidden),
        Operation::KeyRerollRecoverable => {
            (Any(&[Own(Api, "encrypt_key"), On(AnyKeyOfKeyspace, "encrypt_key")]), Forbidden)
        }
        Operation::KeyMigrate => (Own(Api, "create_key"), Forbidden),
        Operation::KeyAddPermissions => (
            Any(&[
                On(Key, "update_key"),
                All(&[Own(Api, "update_key"), Exact("rbac.*.add_permission_to_key")]),
            ]),
            Forbidden,
        ),
        Operation::KeyRemovePermissions => (
            Any(&[
                On(Key, "update_key"),
                All(&[Own(Api, "update_key"), Exact("rbac.*.remove_permission_from_key")]),
            ]),
            Forbidden,
        ),
        Operation::KeySetPermissions => (
            Any(&[
                On(Key, "update_key"),
                All(&[
                    Own(Api, "update_key"),
                    Exact("rbac.*.add_permission_to_key"),
                    Exact("rbac.*.remove_permission_from_key"),
                ]),
            ]),
            Forbidden,
        ),
        Operation::KeyAddRoles => (
            Any(&[On(Key, "update_key"), All(&[Own(Api, "update_key"), Exact("rbac.*.add_role_to_key")])]),
            Forbidden,
        ),
        Operation::KeyRemoveRoles | Operation::KeySetRoles => {
            (Any(&[On(Key, "update_key"), Own(Api, "update_key")]), Forbidden)
        }
        // The replacement itself has asked for all it needs.
        Operation::KeyConnectPermission
        | Operation::KeyDisconnectPermission
        | Operation::KeyConnectRole
        | Operation::KeyDisconnectRole
        | Operation::IdentityList => (All(&[]), Forbidden),
        Operation::IdentityCreate => {
            (Any(&[Exact("identity.*.create_identity"), On(AnyIdentity, "create_identity")]), Forbidden)
        }
        Operation::IdentityRead | Operation::IdentityListed => {
            (Any(&[Own(Identity, "read_identity"), On(AnyIdentity, "read_identity")]), Forbidden)
        }
        Operation::IdentityUpdate => {
            (Any(&[Exact("identity.*.update_identity"), On(AnyIdentity, "update_identity")]), Forbidden)
        }
        Operation::IdentityDelete => {
            (Any(&[Exact("identity.*.delete_identity"), On(AnyIdentity, "delete_identity")]), Forbidden)
        }
        Operation::PermissionCreate => (Exact("rbac.*.create_permission"), Forbidden),
        Operation::PermissionRead => (Exact("rbac.*.read_permission"), Forbidden),
        Operation::PermissionUpdate => {
            (Any(&[Exact("rbac.*.update_permission"), On(Path::Permission, "write")]), Forbidden)
        }
        Operation::PermissionDelete => (Exact("rbac.*.delete_permission"), Forbidden),
        Operation::PermissionCreateImplicit => {
            (Any(&[Exact("rbac.*.create_permission"), On(AnyPermission, "create_permission")]), Forbidden)
        }
        Operation::RoleCreate | Operation::RoleCreateImplicit | Operation::RoleCreateByAdding => {
            (Exact("rbac.*.create_role"), Forbidden)
        }
        Operation::RoleRead => (Exact("rbac.*.read_role"), Forbidden),
        Operation::RoleUpdate => (Any(&[Exact("rbac.*.update_role"), On(Path::Role, "write")]), Forbidden),
        Operation::RoleDelete => (Exact("rbac.*.delete_role"), Forbidden),
        Operation::RoleAddPermission => (Exact("rbac.*.add_permission_to_role"), Forbidden),
        Operation::RoleSetPermissions => (
            All(&[Exact("rbac.*.add_permission_to_role"), Exact("rbac.*.remove_permission_from_role")]),
            Forbidden,
        ),
        Operation::NamespaceCreate => (Exact("ratelimit.*.create_namespace"), Forbidden),
        Operation::RatelimitLimit => (Own(Ratelimit, "limit"), Forbidden),
        Operation::OverrideSet => (Own(Ratelimit, "set_override"), Forbidden),
        Operation::OverrideRead => (
            Any(&[Own(Ratelimit, "read_override"), On(Path::Override, "read_override")]),
            Masked(Code::OverrideNotFound),
        ),
        Operation::OverrideDelete => (Own(Ratelimit, "delete_override"), Forbidden),
        Operation::OverrideList => (Own(Ratelimit, "read_override"), Forbidden),
        Operation::AnalyticsVerifications => (OnSome(Api, "read_analytics"), Forbidden),
        Operation::AnalyticsRatelimits => (OnSome(Ratelimit, "read_analytics"), Forbidden),
        Operation::PortalCreate => (Exact("portal.*.create_portal"), Masked(Code::PortalNotFound)),
        Operation::PortalRead => (Own(Portal, "read_portal"), Masked(Code::PortalNotFound)),
        Operation::PortalUpdate => (Own(Portal, "update_portal"), Masked(Code::PortalNotFound)),
        Operation::PortalDelete => (Own(Portal, "delete_portal"), Masked(Code::PortalNotFound)),
        Operation::PortalCreateSession => {
            (Own(Portal, "create_portal_session"), Masked(Code::PortalNotFound))
        }
        Operation::PortalScopeKeysRead => (All(&[Own(Api, "read_key"), Own(Api, "read_api")]), Forbidden),
        Operation::PortalScopeKeysReroll => (Own(Api, "create_key"), Forbidden),
        Operation::PortalScopeEncrypt => (Own(Api, "encrypt_key"), Forbidden),
        Operation::PortalScopeAnalytics => (Own(Api, "read_analytics"), Forbidden),
        Operation::WebhookCreate => (Exact("webhook.*.create_webhook"), Forbidden),
        Operation::WebhookRead => (Own(Webhook, "read_webhook"), Forbidden),
        Operation::WebhookUpdate => (Own(Webhook, "update_webhook"), Forbidden),
        Operation::WebhookDelete => (Own(Webhook, "delete_webhook"), Forbidden),
        Operation::RootKeyCreate | Operation::RootKeyUpdate => (On(RootKey, "write"), Forbidden),
        Operation::RootKeyRead => (On(RootKey, "read"), Forbidden),
        Operation::RootKeyDelete => (On(RootKey, "delete"), Forbidden),
        Operation::WorkspaceLimitsRead => (On(Path::Limits, "read"), Forbidden),
        Operation::WorkspaceUsageRead => (On(Path::Usage, "read"), Forbidden),
        Operation::NamespaceRead => (Own(Ratelimit, "read_namespace"), Forbidden),
        Operation::NamespaceUpdate => (Own(Ratelimit, "update_namespace"), Forbidden),
        Operation::NamespaceDelete => (Own(Ratelimit, "delete_namespace"), Forbidden),
        Operation::AuditRead => (On(Part("audit"), "read"), Forbidden),
        Operation::LogsRead => (On(Part("logs"), "read"), Forbidden),
        Operation::Explain => (On(Part("explanations"), "read"), Forbidden),
        Operation::MigrationCreate => (On(Part("migrations"), "create"), Forbidden),
        Operation::Export => (On(Part("exports"), "create"), Forbidden),
        Operation::SecretLinkCreate => (On(Part("secretLinks"), "create"), Forbidden),
        Operation::SettingsRead => (On(Part("settings"), "read"), Forbidden),
        Operation::SettingsUpdate => (On(Part("settings"), "write"), Forbidden),
        Operation::ConfigurationRead => (On(Part("configuration"), "read"), Forbidden),
        Operation::ConfigurationApply => (On(Part("configuration"), "write"), Forbidden),
        Operation::WorkspaceUpdate => (On(Part("workspace"), "write"), Forbidden),
        // No root key comes this far, see `roles`.
        Operation::WorkspaceDelete
        | Operation::WorkspaceOperate
        | Operation::ViewSave
        | Operation::ViewShare
        | Operation::MemberRead
        | Operation::MemberInvite
        | Operation::MemberUpdate
        | Operation::MemberRemove
        | Operation::OwnerManage
        | Operation::MemberSessionsRead
        | Operation::MemberSessionsRevoke
        | Operation::AccountRecover
        | Operation::MasterKeyRotate => (On(Part("people"), "manage"), Forbidden),
    }
}

impl Resource {
    pub(super) fn tuple(self, id: &str, action: &str) -> String {
        let resource = match self {
            Resource::Api => "api",
            Resource::Identity => "identity",
            Resource::Ratelimit => "ratelimit",
            Resource::Portal => "portal",
            Resource::Webhook => "webhook",
        };
        format!("{resource}.{id}.{action}")
    }

    /// Whether `tuple` lets its holder do `action` on some resource of this kind.
    pub(super) fn is_some(self, tuple: &str, action: &str) -> bool {
        let mut parts = tuple.split('.');
        let (resource, _, held, end) = (parts.next(), parts.next(), parts.next(), parts.next());
        let name = self.tuple("*", "");
        resource == name.split('.').next() && held == Some(action) && end.is_none()
    }

    pub(super) fn id(self, target: Target<'_>) -> Option<&str> {
        match self {
            Resource::Api => target.api.map(ApiId::as_str),
            Resource::Identity => target.identity.map(IdentityId::as_str),
            Resource::Ratelimit => target.namespace.map(NamespaceId::as_str),
            Resource::Portal => target.portal.map(PortalId::as_str),
            Resource::Webhook => target.webhook.map(WebhookId::as_str),
        }
    }
}

impl Path {
    pub(super) fn of(self, target: Target<'_>) -> Option<String> {
        match self {
            Path::Keyspace => target.keyspace.map(|keyspace| format!("keyspaces/{keyspace}")),
            Path::Key => Some(format!("keyspaces/{}/keys/{}", target.keyspace?, target.key?)),
            Path::AnyKeyOfKeyspace => target.keyspace.map(|keyspace| format!("keyspaces/{keyspace}/keys/*")),
            Path::AnyIdentity => Some("projects/*/identities/*".to_owned()),
            Path::AnyPermission => Some("rbac/permissions/*".to_owned()),
            Path::Permission => Some(format!("projects/*/rbac/permissions/{}", target.permission?)),
            Path::Role => Some(format!("projects/*/rbac/roles/{}", target.role?)),
            Path::Override => Some(format!(
                "ratelimits/namespaces/{}/overrides/{}",
                target.namespace?, target.ratelimit_override?
            )),
            Path::RootKey => Some(format!("rootKeys/{}", target.root_key.map_or("*", RootKeyId::as_str))),
            Path::Limits => Some("limits".to_owned()),
            Path::Usage => Some("usage".to_owned()),
            Path::Part(name) => Some(name.to_owned()),
        }
    }
}
