//! Every event the audit log knows (docs/contract/v2.md#audit-events,
//! docs/decisions.md#events-of-our-own).

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Event {
            $($(#[$doc])* $name,)*
        }

        impl Event {
            pub const ALL: &'static [Event] = &[$(Event::$name,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Event::$name => $text,)* }
            }
        }
    };
}

events! {
    WorkspaceCreate = "workspace.create";
    WorkspaceUpdate = "workspace.update";
    WorkspaceDelete = "workspace.delete";
    /// A deletion was taken back, with a backup. Ours.
    WorkspaceRestore = "workspace.restore";
    ApiCreate = "api.create";
    ApiUpdate = "api.update";
    ApiDelete = "api.delete";
    /// A deletion was taken back, with a backup. Ours.
    ApiRestore = "api.restore";
    KeyCreate = "key.create";
    KeyReroll = "key.reroll";
    KeyUpdate = "key.update";
    KeyDelete = "key.delete";
    /// A deletion was taken back. Ours.
    KeyRestore = "key.restore";
    /// The plaintext of a recoverable key was read. Ours.
    KeyDecrypt = "key.decrypt";
    RootKeyCreate = "rootkey.create";
    RootKeyRevoke = "rootkey.revoke";
    RootKeyUpdate = "rootkey.update";
    RootKeyReroll = "rootkey.reroll";
    /// A secret scanner found it in public. Ours.
    RootKeyLeak = "rootkey.leak";
    IdentityCreate = "identity.create";
    IdentityUpdate = "identity.update";
    IdentityDelete = "identity.delete";
    RatelimitCreate = "ratelimit.create";
    RatelimitUpdate = "ratelimit.update";
    RatelimitDelete = "ratelimit.delete";
    NamespaceCreate = "ratelimitNamespace.create";
    NamespaceUpdate = "ratelimitNamespace.update";
    NamespaceDelete = "ratelimitNamespace.delete";
    OverrideSet = "ratelimit.set_override";
    OverrideDelete = "ratelimit.delete_override";
    PermissionCreate = "permission.create";
    PermissionUpdate = "permission.update";
    PermissionDelete = "permission.delete";
    RoleCreate = "role.create";
    RoleUpdate = "role.update";
    RoleDelete = "role.delete";
    ConnectRolePermission = "authorization.connect_role_and_permission";
    /// Plural in the contract, only here.
    DisconnectRolePermissions = "authorization.disconnect_role_and_permissions";
    ConnectRoleKey = "authorization.connect_role_and_key";
    DisconnectRoleKey = "authorization.disconnect_role_and_key";
    ConnectPermissionKey = "authorization.connect_permission_and_key";
    DisconnectPermissionKey = "authorization.disconnect_permission_and_key";
    PortalCreate = "portal.create";
    PortalUpdate = "portal.update";
    PortalDelete = "portal.delete";
    PortalSessionCreate = "portal.session.create";
    PortalSessionExchange = "portal.session.exchange";
    PortalSessionRevoke = "portal.session.revoke";
    /// Of endpoints and what is sent there, all ours.
    WebhookCreate = "webhook.create";
    WebhookUpdate = "webhook.update";
    WebhookDelete = "webhook.delete";
    WebhookRotate = "webhook.rotate_secret";
    /// By the server, after nothing but failures.
    WebhookDisable = "webhook.disable";
    WebhookReplay = "webhook.replay";
    /// It is sent to the endpoint that is tried, and to no other.
    WebhookTest = "webhook.test";
    UserCreate = "user.create";
    UserUpdate = "user.update";
    UserPasswordReset = "user.password_reset";
    UserPasswordChange = "user.password_change";
    UserTotpEnable = "user.totp_enable";
    UserTotpDisable = "user.totp_disable";
    /// All recovery codes were replaced.
    UserRecoveryCodes = "user.recovery_codes";
    SessionLogin = "session.login";
    SessionFailed = "session.failed";
    SessionLogout = "session.logout";
    SessionRevoke = "session.revoke";
    InviteCreate = "invite.create";
    InviteAccept = "invite.accept";
    InviteRevoke = "invite.revoke";
    MemberUpdate = "member.update";
    MemberRemove = "member.remove";
    /// A program was allowed a root key, which it fetches after that. Ours.
    OauthAllow = "oauth.allow";
    SecretCreate = "secret.create";
    SecretReveal = "secret.reveal";
    ViewCreate = "view.create";
    ViewDelete = "view.delete";
    MigrationCreate = "migration.create";
    MasterKeyRotate = "masterkey.rotate";
    SettingsUpdate = "settings.update";
    /// A list left the server as a file. Ours.
    ExportCreate = "export.create";
    /// Work on many rows began, or was ended early. Ours.
    BulkStart = "bulk.start";
    BulkCancel = "bulk.cancel";
}
