//! Permissions of root keys: what they look like, and which operation needs
//! which of them.
//!
//! Two spellings exist side by side (v2 contract, section 2): tuples
//! `<resource>.<id|*>.<action>`, compared as exact strings, and URNs
//! `unkey:v1:<workspace>:<path>#<action>`, whose path may hold wildcards.
//! [`rule`] is the one table that says what each operation needs and whether a
//! caller without it learns that the resource exists. Looking resources up is
//! not done here; callers pass a [`Target`].

mod urn;

use std::collections::HashSet;
use std::fmt::Write;

use entity::ids::{ApiId, IdentityId, KeyId, KeyspaceId, NamespaceId, OverrideId, WorkspaceId};

pub use self::urn::Urn;
use crate::error::{Code, Error, Result};
use crate::op::{OpCtx, Principal};

/// What a principal may do, parsed once when its snapshot is loaded.
#[derive(Debug, Default)]
pub struct Grants {
    /// Everything, now and in later versions.
    full: bool,
    tuples: HashSet<Box<str>>,
    urns: Vec<Urn>,
}

impl Grants {
    /// Parses stored permissions. Text that is neither a tuple nor a URN is
    /// kept as a tuple: it grants exactly itself, which is nothing.
    pub fn new<I: IntoIterator<Item = String>>(full: bool, permissions: I) -> Self {
        let mut grants = Self { full, ..Self::default() };
        for permission in permissions {
            match Urn::parse(&permission) {
                Some(urn) => grants.urns.push(urn),
                None => {
                    grants.tuples.insert(permission.into_boxed_str());
                }
            }
        }
        grants
    }

    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Whether exactly this permission is held. Narrower ones that a held one
    /// implies do not count: who delegates must name what they have.
    pub fn holds(&self, permission: &str) -> bool {
        self.full
            || self.tuples.contains(permission)
            || Urn::parse(permission).is_some_and(|wanted| self.urns.contains(&wanted))
    }

    fn covers_urn(&self, workspace: &WorkspaceId, path: &str, action: &str) -> bool {
        self.urns.iter().any(|urn| urn.covers(workspace.as_str(), path, action))
    }
}

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
    KeyVerify,
    IdentityCreate,
    IdentityRead,
    PermissionCreate,
    RoleCreate,
    RoleAddPermission,
    NamespaceCreate,
    RatelimitLimit,
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
}

/// What a rule asks for.
enum Need {
    /// `<resource>.*.<action>`, or the same with the target's own id.
    Own(Resource, &'static str),
    /// Exactly this tuple.
    Exact(&'static str),
    /// A URN on a path of the target.
    On(Path, &'static str),
    Any(&'static [Need]),
    All(&'static [Need]),
}

#[derive(Clone, Copy)]
enum Resource {
    Api,
    Identity,
    Ratelimit,
}

#[derive(Clone, Copy)]
enum Path {
    Keyspace,
    Key,
    AnyKeyOfKeyspace,
    AnyIdentity,
}

/// What a caller without the permission is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// That permissions are missing, and which.
    Forbidden,
    /// That there is no such thing: the error of an absent resource.
    Masked(Code),
}

/// The one table: operation to requirement and failure mode (v2 contract,
/// sections 2.4, 5, 6, 7, 8 and 9).
fn rule(operation: Operation) -> (Need, Denial) {
    use Denial::{Forbidden, Masked};
    use Need::{All, Any, Exact, On, Own};
    use Path::{AnyIdentity, AnyKeyOfKeyspace, Key, Keyspace};
    use Resource::{Api, Identity, Ratelimit};

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
        Operation::KeyVerify => {
            (Any(&[Own(Api, "verify_key"), On(Key, "verify_key")]), Masked(Code::KeyNotFound))
        }
        Operation::IdentityCreate => {
            (Any(&[Exact("identity.*.create_identity"), On(AnyIdentity, "create_identity")]), Forbidden)
        }
        Operation::IdentityRead => {
            (Any(&[Own(Identity, "read_identity"), On(AnyIdentity, "read_identity")]), Forbidden)
        }
        Operation::PermissionCreate => (Exact("rbac.*.create_permission"), Forbidden),
        Operation::RoleCreate => (Exact("rbac.*.create_role"), Forbidden),
        Operation::RoleAddPermission => (Exact("rbac.*.add_permission_to_role"), Forbidden),
        Operation::NamespaceCreate => (Exact("ratelimit.*.create_namespace"), Forbidden),
        Operation::RatelimitLimit => (Own(Ratelimit, "limit"), Forbidden),
    }
}

impl OpCtx {
    /// Whether the principal may do this, without an error to answer with.
    pub fn may(&self, operation: Operation, target: Target<'_>) -> bool {
        match &self.principal {
            Principal::Cli | Principal::Job(_) => true,
            Principal::RootKey(key) if key.grants.full => true,
            Principal::RootKey(key) => {
                rule(operation).0.missing(&key.grants, &self.workspace, target).is_none()
            }
        }
    }

    /// Proof before power: every domain call begins with this.
    ///
    /// Fails with `insufficient_permissions` naming the missing permission, or
    /// with the error of an absent resource where the contract masks.
    pub fn require(&self, operation: Operation, target: Target<'_>) -> Result<()> {
        let grants = match &self.principal {
            Principal::Cli | Principal::Job(_) => return Ok(()),
            Principal::RootKey(key) if key.grants.full => return Ok(()),
            Principal::RootKey(key) => &key.grants,
        };
        let (need, denial) = rule(operation);
        match (need.missing(grants, &self.workspace, target), denial) {
            (None, _) => Ok(()),
            (Some(_), Denial::Masked(code)) => Err(Error::absent(code)),
            (Some(missing), Denial::Forbidden) => {
                Err(Error::new(Code::InsufficientPermissions, missing.sentence()))
            }
        }
    }
}

/// What was missing, in the words of the contract.
enum Missing {
    One(String),
    OneOf(String),
}

impl Missing {
    fn sentence(&self) -> String {
        match self {
            Missing::One(grant) => format!("Missing permission: '{grant}'"),
            Missing::OneOf(grants) => format!("Missing one of these permissions: {grants}"),
        }
    }
}

impl Need {
    /// `None` when met. Of an AND the first failing child is reported.
    fn missing(&self, grants: &Grants, workspace: &WorkspaceId, target: Target<'_>) -> Option<Missing> {
        if let Need::All(needs) = self {
            return needs.iter().find_map(|need| need.missing(grants, workspace, target));
        }
        if self.is_met(grants, workspace, target) {
            return None;
        }
        let mut names = String::new();
        self.describe(&mut names, workspace, target);
        Some(if names.contains(" or ") { Missing::OneOf(names) } else { Missing::One(names) })
    }

    fn is_met(&self, grants: &Grants, workspace: &WorkspaceId, target: Target<'_>) -> bool {
        match self {
            Need::Exact(tuple) => grants.tuples.contains(*tuple),
            Need::Own(resource, action) => {
                grants.tuples.contains(resource.tuple("*", action).as_str())
                    || resource
                        .id(target)
                        .is_some_and(|id| grants.tuples.contains(resource.tuple(id, action).as_str()))
            }
            Need::On(path, action) => {
                !grants.urns.is_empty()
                    && path.of(target).is_some_and(|path| grants.covers_urn(workspace, &path, action))
            }
            Need::Any(needs) => needs.iter().any(|need| need.is_met(grants, workspace, target)),
            Need::All(needs) => needs.iter().all(|need| need.is_met(grants, workspace, target)),
        }
    }

    fn describe(&self, text: &mut String, workspace: &WorkspaceId, target: Target<'_>) {
        match self {
            Need::Exact(tuple) => text.push_str(tuple),
            Need::Own(resource, action) => {
                text.push_str(&resource.tuple("*", action));
                if let Some(id) = resource.id(target) {
                    text.push_str(" or ");
                    text.push_str(&resource.tuple(id, action));
                }
            }
            Need::On(path, action) => {
                let path = path.of(target).unwrap_or_default();
                let _ = write!(text, "unkey:v1:{workspace}:{path}#{action}");
            }
            Need::Any(needs) => describe_joined(needs, " or ", text, workspace, target),
            Need::All(needs) => describe_joined(needs, " and ", text, workspace, target),
        }
    }
}

fn describe_joined(
    needs: &[Need],
    joint: &str,
    text: &mut String,
    workspace: &WorkspaceId,
    target: Target<'_>,
) {
    for (position, need) in needs.iter().enumerate() {
        if position > 0 {
            text.push_str(joint);
        }
        need.describe(text, workspace, target);
    }
}

impl Resource {
    fn tuple(self, id: &str, action: &str) -> String {
        let resource = match self {
            Resource::Api => "api",
            Resource::Identity => "identity",
            Resource::Ratelimit => "ratelimit",
        };
        format!("{resource}.{id}.{action}")
    }

    fn id(self, target: Target<'_>) -> Option<&str> {
        match self {
            Resource::Api => target.api.map(ApiId::as_str),
            Resource::Identity => target.identity.map(IdentityId::as_str),
            Resource::Ratelimit => target.namespace.map(NamespaceId::as_str),
        }
    }
}

impl Path {
    fn of(self, target: Target<'_>) -> Option<String> {
        match self {
            Path::Keyspace => target.keyspace.map(|keyspace| format!("keyspaces/{keyspace}")),
            Path::Key => Some(format!("keyspaces/{}/keys/{}", target.keyspace?, target.key?)),
            Path::AnyKeyOfKeyspace => target.keyspace.map(|keyspace| format!("keyspaces/{keyspace}/keys/*")),
            Path::AnyIdentity => Some("projects/*/identities/*".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
