//! Typed ids: a key id cannot be passed where an API id is meant.
//!
//! An id is opaque text. Its prefix is given at creation and never checked on
//! lookup, because imported and older ids may carry another one
//! (docs/contract/v2.md#ids).

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
        pub struct $name(String);

        impl $name {
            /// What newly minted ids of this kind begin with, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub fn into_string(self) -> String {
                self.0
            }
        }

        // sea-orm asks this of every primary key; text ids never come from a rowid.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    WorkspaceId = "ws";
    UserId = "user";
    SessionId = "ses";
    ApiId = "api";
    /// The key space behind an API, one to one; grants and analytics name it.
    KeyspaceId = "ks";
    KeyId = "key";
    RootKeyId = "key";
    IdentityId = "id";
    /// A named rate limit stored on a key or an identity.
    LimitId = "rl";
    RoleId = "role";
    PermissionId = "perm";
    /// A program that registered to ask people for root keys.
    OauthClientId = "oac";
    NamespaceId = "rlns";
    OverrideId = "rlor";
    MigrationId = "mig";
    AuditId = "log";
    /// Shared by the audit entries that one request wrote together.
    CorrelationId = "cor";
    RequestId = "req";
    PortalId = "pc";
    PortalSessionId = "ps";
    InvitationId = "inv";
    SecretLinkId = "link";
    SavedViewId = "view";
    BulkJobId = "job";
    /// Where a workspace is told of events.
    WebhookId = "whep";
    /// One event on its way to one endpoint.
    DeliveryId = "whd";
}
