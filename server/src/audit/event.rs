//! Every event the audit log knows (v2 contract, section 13; D6 and D25).

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
    ApiCreate = "api.create";
    ApiUpdate = "api.update";
    ApiDelete = "api.delete";
    KeyCreate = "key.create";
    KeyUpdate = "key.update";
    KeyDelete = "key.delete";
    /// The plaintext of a recoverable key was read. Ours (D25).
    KeyDecrypt = "key.decrypt";
    RootKeyCreate = "rootkey.create";
    RootKeyRevoke = "rootkey.revoke";
    IdentityCreate = "identity.create";
    RatelimitCreate = "ratelimit.create";
    RatelimitUpdate = "ratelimit.update";
    RatelimitDelete = "ratelimit.delete";
    NamespaceCreate = "ratelimitNamespace.create";
    PermissionCreate = "permission.create";
    RoleCreate = "role.create";
    ConnectRolePermission = "authorization.connect_role_and_permission";
    ConnectRoleKey = "authorization.connect_role_and_key";
    DisconnectRoleKey = "authorization.disconnect_role_and_key";
    ConnectPermissionKey = "authorization.connect_permission_and_key";
    DisconnectPermissionKey = "authorization.disconnect_permission_and_key";
    UserCreate = "user.create";
    UserPasswordReset = "user.password_reset";
    MigrationCreate = "migration.create";
    MasterKeyRotate = "masterkey.rotate";
    SettingsUpdate = "settings.update";
}
