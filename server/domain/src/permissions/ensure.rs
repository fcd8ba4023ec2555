//! Finding permissions by slug and roles by name, and making those that do not
//! exist yet.

use base::ids::{PermissionId, RoleId};

use super::{Permission, Role, fold, store};
use base::access::OpCtx;
use base::audit::{Event, Group};
use base::entropy::Entropy;
use base::error::{Code, Error, Field, Result};
use base::store::Tx;

/// The permissions of these slugs in the order given, each once. An unknown one
/// is made with the slug as its name, and audited like the explicit act
/// (docs/decisions.md#what-is-made-in-passing-is-audited). Asks for no grant.
///
/// A slug that is there in another case fails with `permission_already_exists`:
/// it can be neither made nor meant, because verification compares exactly.
///
/// Publishes no change: no key carries a new permission before its caller links
/// it, and dropping every cached key for each new slug would be dear.
pub async fn ensure(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    group: &mut Group,
    slugs: &[String],
) -> Result<Vec<Permission>> {
    let slugs = unique(slugs);
    let mut known =
        store::by_slug(tx.db(), &cx.workspace, slugs.iter().map(|slug| fold(slug)).collect()).await?;
    let mut made = Vec::new();
    let mut found = Vec::with_capacity(slugs.len());
    for slug in slugs {
        let permission = match known.get(&fold(slug)) {
            Some(permission) if permission.slug == *slug => permission.clone(),
            Some(other) => {
                let error = spelled_otherwise(Code::PermissionExists, "permission", slug, &other.slug);
                return Err(error.at(Field::Permissions));
            }
            None => {
                let id = entropy.id(PermissionId::PREFIX, cx.now_ms);
                let permission = Permission { id, name: slug.clone(), slug: slug.clone(), description: None };
                made.push(permission.clone());
                known.insert(fold(slug), permission.clone());
                permission
            }
        };
        found.push(permission);
    }
    if !made.is_empty() {
        store::insert(tx.db(), cx, &made).await?;
        made.iter().for_each(|permission| audit(group, permission));
    }
    Ok(found)
}

/// The roles of these names, each once; an unknown one is made and audited.
/// Asks for no grant. A name that is there in another case fails with
/// `role_already_exists`.
pub async fn ensure_roles(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    group: &mut Group,
    names: &[String],
) -> Result<Vec<Role>> {
    let names: Vec<String> = unique(names).into_iter().cloned().collect();
    let mut known = store::known_roles(tx.db(), &cx.workspace, &names).await?;
    let mut roles = Vec::with_capacity(names.len());
    for name in names {
        if let Some(role) = known.get(&fold(&name)) {
            if role.name != name {
                return Err(spelled_otherwise(Code::RoleExists, "role", &name, &role.name).at(Field::Roles));
            }
            roles.push(role.clone());
            continue;
        }
        let role = Role { id: entropy.id(RoleId::PREFIX, cx.now_ms), name, description: None };
        store::insert_role(tx.db(), cx, &role).await?;
        group.push(Event::RoleCreate, format!("Created role {}", role.name), vec![role.audit_target()]);
        known.insert(fold(&role.name), role.clone());
        roles.push(role);
    }
    Ok(roles)
}

pub(super) fn audit(group: &mut Group, permission: &Permission) {
    let description = format!("Created permission {}", permission.slug);
    group.push(Event::PermissionCreate, description, vec![permission.audit_target()]);
}

fn spelled_otherwise(code: Code, kind: &str, asked: &str, known: &str) -> Error {
    let detail = format!(
        "There is a {kind} '{known}', from which '{asked}' differs in case alone: no other can be made."
    );
    Error::new(code, detail)
}

fn unique(names: &[String]) -> Vec<&String> {
    let mut seen = std::collections::HashSet::new();
    names.iter().filter(|name| seen.insert(*name)).collect()
}

/// The slugs of a role, of which spellings that differ in case alone count once, as
/// the first of them (docs/contract/v2.md#permissions-and-roles).
pub(super) fn each_once(mut slugs: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    slugs.retain(|slug| seen.insert(fold(slug)));
    slugs
}
