//! Permissions and roles as a request names them, and what becomes of names
//! that do not exist.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use base::ids::{PermissionId, RoleId};

use super::{Permission, Role, ensure, fold, store};
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::entropy::Entropy;
use base::error::{Code, Error, Field, Result};
use base::store::Tx;

/// Permissions or roles that a request may name for one key or role. v2 bounds
/// most of these lists so, v1 none.
const MAX_NAMED: usize = 1000;

/// Fails with `invalid_input` for a list that is too long.
pub fn check_count(field: Field, count: usize) -> Result<()> {
    if count <= MAX_NAMED {
        return Ok(());
    }
    Err(Error::invalid(format!("`{}` has at most {MAX_NAMED} items.", field.member())).at(field))
}

/// A permission or a role that a request names.
#[derive(Clone, Debug)]
pub struct Reference {
    pub by: By,
    pub on_missing: OnMissing,
}

#[derive(Clone, Debug)]
pub enum By {
    Id(String),
    /// The slug of a permission or the name of a role, exactly.
    Name(String),
}

/// What becomes of a name that does not exist. An id that does not exist is
/// never made: it is refused where a name would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissing {
    /// Made, without a right of its own.
    Make,
    /// Made, if the caller may make it by hand.
    MakeIfPermitted,
    /// The request fails, naming it.
    Refuse,
    /// Left out.
    Ignore,
}

impl Reference {
    /// References to these names, all alike.
    pub fn named(names: impl IntoIterator<Item = String>, on_missing: OnMissing) -> Vec<Self> {
        names.into_iter().map(|name| Self { by: By::Name(name), on_missing }).collect()
    }

    pub fn text(&self) -> &str {
        match &self.by {
            By::Id(text) | By::Name(text) => text,
        }
    }

    fn is_made(&self) -> bool {
        matches!(self.by, By::Name(_))
            && matches!(self.on_missing, OnMissing::Make | OnMissing::MakeIfPermitted)
    }
}

fn names(references: &[Reference]) -> Vec<String> {
    let name = |reference: &Reference| match &reference.by {
        By::Name(name) => Some(name.clone()),
        By::Id(_) => None,
    };
    references.iter().filter_map(name).collect()
}

fn ids(references: &[Reference]) -> impl Iterator<Item = &str> {
    references.iter().filter_map(|reference| match &reference.by {
        By::Id(id) => Some(id.as_str()),
        By::Name(_) => None,
    })
}

/// The permissions of these references in the order given, each once; what has
/// to be made is made and audited.
///
/// Fails with `permission_not_found` naming what does not exist and may not be
/// made, and with `insufficient_permissions` where the caller may not make it.
pub async fn resolve(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    group: &mut Group,
    references: &[Reference],
) -> Result<Vec<Permission>> {
    let folded = names(references).iter().map(|slug| fold(slug)).collect();
    let known = store::by_slug(tx.db(), &cx.workspace, folded).await?;
    let mut by_slug: HashMap<String, Permission> =
        known.into_values().map(|known| (known.slug.clone(), known)).collect();
    let by_id = store::by_ids(tx.db(), &cx.workspace, ids(references).map(PermissionId::from)).await?;
    let by_id: HashMap<&str, &Permission> = by_id.iter().map(|known| (known.id.as_str(), known)).collect();
    let is_known = |reference: &Reference| match &reference.by {
        By::Id(id) => by_id.contains_key(id.as_str()),
        By::Name(slug) => by_slug.contains_key(slug),
    };
    let missing = missing(cx, references, is_known, Operation::PermissionCreateImplicit, |text| {
        Error::new(Code::PermissionNotFound, format!("The permission '{text}' does not exist."))
    })?;
    for made in ensure(tx, cx, entropy, group, &missing).await? {
        by_slug.insert(made.slug.clone(), made);
    }
    let found = references.iter().filter_map(|reference| match &reference.by {
        By::Id(id) => by_id.get(id.as_str()).copied(),
        By::Name(slug) => by_slug.get(slug),
    });
    Ok(unique(found))
}

/// As [`resolve`], for roles; `making` is the right that making one asks for.
/// Fails with `role_not_found`.
pub async fn resolve_roles(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    group: &mut Group,
    references: &[Reference],
    making: Operation,
) -> Result<Vec<Role>> {
    let known = store::known_roles(tx.db(), &cx.workspace, &names(references)).await?;
    let mut by_name: HashMap<String, Role> =
        known.into_values().map(|known| (known.name.clone(), known)).collect();
    let by_id = store::roles_by_ids(tx.db(), &cx.workspace, ids(references).map(RoleId::from)).await?;
    let by_id: HashMap<&str, &Role> = by_id.iter().map(|known| (known.id.as_str(), known)).collect();
    let is_known = |reference: &Reference| match &reference.by {
        By::Id(id) => by_id.contains_key(id.as_str()),
        By::Name(name) => by_name.contains_key(name),
    };
    let missing = missing(cx, references, is_known, making, |text| {
        Error::new(Code::RoleNotFound, format!("The role '{text}' does not exist."))
    })?;
    for made in super::ensure_roles(tx, cx, entropy, group, &missing).await? {
        by_name.insert(made.name.clone(), made);
    }
    let found = references.iter().filter_map(|reference| match &reference.by {
        By::Id(id) => by_id.get(id.as_str()).copied(),
        By::Name(name) => by_name.get(name),
    });
    Ok(unique(found))
}

/// The names that have to be made.
fn missing(
    cx: &OpCtx,
    references: &[Reference],
    is_known: impl Fn(&Reference) -> bool,
    making: Operation,
    absent: impl Fn(&str) -> Error,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for reference in references.iter().filter(|reference| !is_known(reference)) {
        if reference.on_missing == OnMissing::Ignore {
            continue;
        }
        if !reference.is_made() {
            return Err(absent(reference.text()));
        }
        if reference.on_missing == OnMissing::MakeIfPermitted {
            cx.require(making, Target::NONE)?;
        }
        names.push(reference.text().to_owned());
    }
    Ok(names)
}

fn unique<'a, T: Clone + Eq + Hash + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(*item)).cloned().collect()
}
