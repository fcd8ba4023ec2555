//! Looking after namespaces: listing, renaming and deleting them. The HTTP API
//! of the contract has no route for any of it.

use entity::ids::NamespaceId;
use serde_json::json;

use super::namespaces::Namespaces;
use super::store;
use crate::audit::{Event, Group, Target};
use crate::error::{Code, Error, Result};
use crate::grants::{self, Operation};
use crate::op::{OpCtx, Principal};
use crate::store::Change;

/// A namespace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub id: NamespaceId,
    pub name: String,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// No root key can be granted this; users who sign in come in through their role.
fn require_operator(cx: &OpCtx) -> Result<()> {
    match cx.principal {
        Principal::Cli | Principal::Job(_) => Ok(()),
        _ => Err(Error::new(Code::Forbidden, "Namespaces are managed by operators.")),
    }
}

impl Namespaces {
    /// The live namespaces of the workspace, by name.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<Namespace>> {
        cx.require(Operation::NamespaceRead, grants::Target::NONE)?;
        store::live_namespaces(self.store.read(), &cx.workspace).await
    }

    /// Gives a namespace, named by its name or id, another name. Requests that
    /// name the old one make a new namespace.
    ///
    /// Fails with `invalid_input` for a name that is taken, by a deleted one too
    /// (D27), or does not have 1 to 512 characters.
    pub async fn rename(&self, cx: &OpCtx, name_or_id: &str, name: &str) -> Result<()> {
        require_operator(cx)?;
        if !(1..=512).contains(&name.chars().count()) {
            return Err(Error::invalid("The namespace must have 1 to 512 characters."));
        }
        self.store
            .write(|tx| async move {
                let old = store::live_namespace(tx.db(), &cx.workspace, name_or_id).await?;
                let old = old.ok_or_else(|| Error::absent(Code::NamespaceNotFound))?;
                if old.name == name {
                    return Ok(());
                }
                if store::find_namespace(tx.db(), &cx.workspace, name).await?.is_some() {
                    return Err(Error::invalid(format!("The name '{name}' is taken.")));
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
    /// and its name stays reserved (D27).
    pub async fn delete(&self, cx: &OpCtx, name_or_id: &str) -> Result<()> {
        require_operator(cx)?;
        self.store
            .write(|tx| async move {
                let old = store::live_namespace(tx.db(), &cx.workspace, name_or_id).await?;
                let old = old.ok_or_else(|| Error::absent(Code::NamespaceNotFound))?;
                store::delete_namespace(tx.db(), &old.id, cx.now_ms).await?;
                let mut group = Group::new();
                let target = Target::new("ratelimitNamespace", old.id.as_str(), Some(&old.name));
                group.push(Event::NamespaceDelete, format!("Deleted namespace {}", old.name), vec![target]);
                group.record(cx, &tx, self.entropy()).await?;
                tx.changed(Change::Namespace { workspace: cx.workspace.clone(), id: old.id, name: old.name });
                Ok(())
            })
            .await
    }
}
