//! Changes that the doors can make, by what they do rather than how.

use std::fmt;

use super::wire::Reply;

/// A key to be made.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    pub api: String,
    pub name: String,
    pub credits: Option<i64>,
    /// What credits go back to every midnight.
    pub refill: Option<i64>,
    /// Most verifications a day.
    pub daily_limit: Option<u64>,
    pub external_id: Option<String>,
    pub recoverable: bool,
}

/// Where an override is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub namespace: String,
    pub namespace_id: String,
    pub identifier: String,
    /// Of the override that is there.
    pub override_id: Option<String>,
}

/// One mutation.
#[derive(Clone, Debug)]
pub enum Change {
    CreateKey(NewKey),
    RenameKey {
        id: String,
        name: String,
    },
    SwitchKey {
        id: String,
        enabled: bool,
    },
    DeleteKey {
        id: String,
    },
    RestoreKey {
        id: String,
    },
    /// The old key is over at once.
    RerollKey {
        id: String,
    },
    SetCredits {
        id: String,
        credits: i64,
    },
    /// Negative to take away.
    AddCredits {
        id: String,
        amount: i64,
    },
    GivePermission {
        key: String,
        slug: String,
    },
    TakePermission {
        key: String,
        slug: String,
    },
    SetPermissions {
        key: String,
        slugs: Vec<String>,
    },
    GiveRole {
        key: String,
        role: String,
    },
    TakeRole {
        key: String,
        role: String,
    },
    SetRoles {
        key: String,
        roles: Vec<String>,
    },
    CreateRole {
        name: String,
        slugs: Vec<String>,
    },
    DeleteRole {
        id: String,
        name: String,
    },
    SetRolePermissions {
        id: String,
        slugs: Vec<String>,
    },
    CreateIdentity {
        external_id: String,
        plan: u32,
    },
    SetIdentityMeta {
        id: String,
        external_id: String,
        plan: u32,
    },
    DeleteIdentity {
        id: String,
        external_id: String,
    },
    SetOverride {
        place: Place,
        limit: u64,
    },
    DeleteOverride {
        place: Place,
    },
    CreateRootKey {
        name: String,
    },
    SwitchRootKey {
        id: String,
        enabled: bool,
    },
    RevokeRootKey {
        id: String,
        name: String,
    },
    /// Empty to let everybody in.
    SetAllowlist {
        api: String,
        addresses: &'static str,
    },
    RotateMasterKey,
}

/// What a change made, as far as the answer tells.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub id: Option<String>,
    pub secret: Option<String>,
}

/// One of the ways into the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    V1,
    V2,
    Dashboard,
    Cli,
}

impl Door {
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::Dashboard, Self::Cli];
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The member of a JSON answer with this name, wherever it is.
pub(super) fn member(reply: &Reply, names: &[&str]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(&reply.body).ok()?;
    let data = if body["data"].is_object() { &body["data"] } else { &body };
    names.iter().find_map(|name| data[*name].as_str()).map(ToOwned::to_owned)
}

/// The ids and secrets in an answer of an API.
pub(super) fn made(reply: &Reply) -> Made {
    let ids = ["keyId", "roleId", "permissionId", "identityId", "overrideId", "apiId"];
    Made { id: member(reply, &ids), secret: member(reply, &["key"]) }
}
