//! Looking after namespaces: listing, making, renaming and deleting them. The
//! HTTP API of the contract has no route for any of it: one is made by its first
//! use there.

use std::collections::HashMap;

use base::ids::NamespaceId;
use serde_json::json;

use super::namespaces::{Namespaces, check_name};
use super::override_ends::end_all;
use super::store;
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::store::{Change, Page, Paged, Tx};

/// A namespace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub id: NamespaceId,
    pub name: String,
    /// Unix milliseconds.
    pub created_at: i64,
}

impl Namespace {
    /// What a change of its name is made from.
    pub fn version(&self) -> Version {
        Version::of(&json!([self.name]))
    }
}

impl Namespaces {
    /// The live namespaces of the workspace, by name.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<Namespace>> {
        cx.require(Operation::NamespaceRead, access::Target::NONE)?;
        store::live_namespaces(self.store.read(), &cx.workspace).await
    }

    /// Names of the live ones among these, in one query.
    pub async fn names(&self, cx: &OpCtx, ids: &[&str]) -> Result<HashMap<String, String>> {
        cx.require(Operation::NamespaceRead, access::Target::NONE)?;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        store::names_of_namespaces(self.store.read(), &cx.workspace, ids).await
    }

    /// A page of the live namespaces, by name; those whose name or id holds the
    /// text, whatever its case.
    pub async fn browse(&self, cx: &OpCtx, search: &str, page: &Page) -> Result<Paged<Namespace>> {
        cx.require(Operation::NamespaceRead, access::Target::NONE)?;
        store::page_of_namespaces(self.store.read(), &cx.workspace, search.trim(), page).await
    }

    /// A live namespace by its id or name.
    pub async fn get(&self, cx: &OpCtx, name_or_id: &str) -> Result<Namespace> {
        let found = store::live_namespace(self.store.read(), &cx.workspace, name_or_id).await?;
        permitted(cx, Operation::NamespaceRead, found)
    }

    /// Makes a namespace before its first use.
    ///
    /// Fails with `invalid_input` for a name that is taken, by a deleted one too
    /// (docs/decisions.md#names-are-free-again-after-deletion), or does not have
    /// 1 to 512 characters.
    pub async fn make(&self, cx: &OpCtx, name: &str) -> Result<Namespace> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let made = self.make_in(cx, &tx, &mut group, name).await?;
                group.record(cx, &tx, self.entropy()).await?;
                Ok(made)
            })
            .await
    }

    /// As [`Namespaces::make`], as a part of a larger change.
    pub(crate) async fn make_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        name: &str,
    ) -> Result<Namespace> {
        cx.require(Operation::NamespaceCreate, access::Target::NONE)?;
        check_name(name)?;
        if store::find_namespace(tx.db(), &cx.workspace, name).await?.is_some() {
            return Err(taken_name(name));
        }
        let id = self.insert(cx, tx, group, name).await?;
        Ok(Namespace { id, name: name.to_owned(), created_at: cx.now_ms })
    }

    /// Gives a namespace, named by its name or id, another name. Requests that
    /// name the old one make a new namespace.
    ///
    /// Fails with `invalid_input` for a name that is taken, by a deleted one
    /// too, or does not have 1 to 512 characters.
    pub async fn rename(&self, cx: &OpCtx, name_or_id: &str, name: &str) -> Result<()> {
        self.rename_from(cx, name_or_id, name, None).await
    }

    /// As [`Namespaces::rename`], but fails with `edit_conflict` if its name is not
    /// the one that was seen.
    pub async fn rename_from(
        &self,
        cx: &OpCtx,
        name_or_id: &str,
        name: &str,
        made_from: Option<&Version>,
    ) -> Result<()> {
        check_name(name)?;
        self.store
            .write(|tx| async move {
                let old = store::live_namespace(tx.db(), &cx.workspace, name_or_id).await?;
                let old = permitted(cx, Operation::NamespaceUpdate, old)?;
                made_from.map_or(Ok(()), |made_from| made_from.require(&old.version()))?;
                if old.name == name {
                    return Ok(());
                }
                if store::find_namespace(tx.db(), &cx.workspace, name).await?.is_some() {
                    return Err(taken_name(name));
                }
                store::rename_namespace(tx.db(), &old.id, name, cx.now_ms).await?;
                let mut group = Group::new();
                group.push_change(
                    Event::NamespaceUpdate,
                    format!("Renamed namespace {} to {name}", old.name),
                    vec![Target::new("ratelimitNamespace", old.id.as_str(), Some(name))],
                    json!({ "name": { "before": old.name, "after": name } }),
                );
                group.record(cx, &tx, self.entropy()).await?;
                for name in [old.name, name.to_owned()] {
                    tx.changed(Change::Namespace {
                        workspace: cx.workspace.clone(),
                        id: old.id.clone(),
                        name,
                    });
                }
                Ok(())
            })
            .await
    }

    /// Deletes a namespace with its overrides. Requests that name it are refused,
    /// and its name stays reserved
    /// (docs/decisions.md#names-are-free-again-after-deletion).
    pub async fn delete(&self, cx: &OpCtx, name_or_id: &str) -> Result<()> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.delete_in(cx, &tx, &mut group, name_or_id).await?;
                group.record(cx, &tx, self.entropy()).await
            })
            .await
    }

    /// As [`Namespaces::delete`], as a part of a larger change.
    pub(crate) async fn delete_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        name_or_id: &str,
    ) -> Result<()> {
        let old = store::live_namespace(tx.db(), &cx.workspace, name_or_id).await?;
        let old = permitted(cx, Operation::NamespaceDelete, old)?;
        end_all(tx, self.entropy(), store::Ended::Of(&old.id), cx.now_ms).await?;
        store::delete_namespace(tx.db(), &old.id, cx.now_ms).await?;
        let target = Target::new("ratelimitNamespace", old.id.as_str(), Some(&old.name));
        group.push(Event::NamespaceDelete, format!("Deleted namespace {}", old.name), vec![target]);
        tx.changed(Change::Namespace { workspace: cx.workspace.clone(), id: old.id, name: old.name });
        Ok(())
    }
}

/// What was found, to a principal that may do this with it; who may not does not
/// learn whether it exists.
fn permitted(cx: &OpCtx, operation: Operation, found: Option<Namespace>) -> Result<Namespace> {
    let target = found.as_ref().map_or(access::Target::NONE, |found| access::Target::namespace(&found.id));
    cx.require(operation, target)?;
    found.ok_or_else(|| Error::absent(Code::NamespaceNotFound))
}

fn taken_name(name: &str) -> Error {
    Error::invalid(format!("The name '{name}' is taken, perhaps by a namespace that was deleted."))
}
