//! What people may do in a workspace: the one table of operation to role.
//!
//! A role holds everything the weaker ones do. A role says nothing of single
//! resources: within its workspace a person meets no masking. Root keys answer
//! to `rules`, except that what concerns people is closed to them, however much
//! they were granted: who may issue a root key must not become an owner by it.

use super::Operation;
use crate::access::{OpCtx, Principal, UserPrincipal};
use crate::error::{Code, Error, Result};

/// What a user may do in a workspace, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads everything but plaintexts.
    Viewer,
    /// Manages keys, and what they hang on to.
    Operator,
    /// Manages APIs, root keys, portals, people and settings.
    Admin,
    /// Everything, owners and the end of the workspace included.
    Owner,
}

impl Role {
    /// The strongest first, as forms offer them.
    pub const ALL: [Role; 4] = [Role::Owner, Role::Admin, Role::Operator, Role::Viewer];

    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Operator => "operator",
            Role::Viewer => "viewer",
        }
    }

    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::invalid("A role is one of owner, admin, operator, viewer."))
    }
}

/// The weakest role that may do this; `None` is for the command line alone.
fn weakest(operation: Operation) -> Option<Role> {
    use Operation::*;
    Some(match operation {
        ApiRead
        | ApiListKeys
        | KeyRead
        | KeyWhoami
        | IdentityRead
        | IdentityList
        | IdentityListed
        | PermissionRead
        | RoleRead
        | NamespaceRead
        | OverrideRead
        | OverrideList
        | AnalyticsVerifications
        | AnalyticsRatelimits
        | PortalRead
        | WebhookRead
        | RootKeyRead
        | WorkspaceLimitsRead
        | WorkspaceUsageRead
        | AuditRead
        | LogsRead
        | Explain
        | SettingsRead
        | ConfigurationRead
        | MemberRead
        | ViewSave => Role::Viewer,
        KeyCreate
        | KeyCreateRecoverable
        | KeyDecrypt
        | KeyListDecrypt
        | KeyUpdate
        | KeyDelete
        | KeyDeleteAll
        | KeyVerify
        | KeyReroll
        | KeyRerollRecoverable
        | KeyMigrate
        | KeyAddPermissions
        | KeyRemovePermissions
        | KeySetPermissions
        | KeyAddRoles
        | KeyRemoveRoles
        | KeySetRoles
        | KeyConnectPermission
        | KeyDisconnectPermission
        | KeyConnectRole
        | KeyDisconnectRole
        | IdentityCreate
        | IdentityUpdate
        | IdentityDelete
        | PermissionCreate
        | PermissionUpdate
        | PermissionDelete
        | PermissionCreateImplicit
        | RoleCreateImplicit
        | RoleCreateByAdding
        | RoleCreate
        | RoleUpdate
        | RoleDelete
        | RoleAddPermission
        | RoleSetPermissions
        | NamespaceCreate
        | NamespaceUpdate
        | NamespaceDelete
        | RatelimitLimit
        | OverrideSet
        | OverrideDelete
        | SecretLinkCreate
        | ViewShare => Role::Operator,
        ApiCreate
        | ApiUpdate
        | ApiDelete
        | PortalCreate
        | PortalUpdate
        | PortalDelete
        | PortalCreateSession
        | PortalScopeKeysRead
        | PortalScopeKeysReroll
        | PortalScopeEncrypt
        | PortalScopeAnalytics
        | WebhookCreate
        | WebhookUpdate
        | WebhookDelete
        | RootKeyCreate
        | RootKeyUpdate
        | RootKeyDelete
        | MigrationCreate
        | Export
        | SettingsUpdate
        | ConfigurationApply
        | WorkspaceUpdate
        | MemberInvite
        | MemberUpdate
        | MemberRemove
        | MemberSessionsRead
        | MemberSessionsRevoke => Role::Admin,
        WorkspaceDelete | OwnerManage | MasterKeyRotate => Role::Owner,
        WorkspaceOperate | AccountRecover => return None,
    })
}

/// What no root key may do.
const fn is_for_people(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        WorkspaceDelete
            | WorkspaceOperate
            | ViewSave
            | ViewShare
            | MemberRead
            | MemberInvite
            | MemberUpdate
            | MemberRemove
            | OwnerManage
            | MemberSessionsRead
            | MemberSessionsRevoke
            | AccountRecover
            | MasterKeyRotate
    )
}

/// The answer of the table; `None` leaves the question to others.
pub(super) fn verdict(cx: &OpCtx, operation: Operation) -> Option<Result<()>> {
    match &cx.principal {
        Principal::User(user) => Some(judge(user.role, operation)),
        Principal::RootKey(_) if is_for_people(operation) => {
            Some(refused("This is for people who sign in; no root key may do it."))
        }
        _ => None,
    }
}

fn judge(held: Option<Role>, operation: Operation) -> Result<()> {
    let Some(held) = held else { return Err(Error::absent(Code::WorkspaceNotFound)) };
    match weakest(operation) {
        Some(needed) if held >= needed => Ok(()),
        Some(needed) => {
            refused(&format!("Your role here is {}; this takes {}.", held.as_str(), needed.as_str()))
        }
        None => refused("Only the operator of this server may do this, on its command line."),
    }
}

fn refused(detail: &str) -> Result<()> {
    Err(Error::new(Code::InsufficientPermissions, detail))
}

impl Principal {
    /// The person, if it is one.
    pub fn user(&self) -> Option<&UserPrincipal> {
        match self {
            Principal::User(user) => Some(user),
            _ => None,
        }
    }
}

impl OpCtx {
    /// The person whose own account this is about; asks for no role.
    pub fn require_user(&self) -> Result<&UserPrincipal> {
        self.principal.user().ok_or_else(|| Error::absent(Code::SessionOver))
    }
}
