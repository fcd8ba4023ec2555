//! Renaming and deleting workspaces, and the ones a person belongs to.
//!
//! Deleting is soft: nothing of the workspace answers any more, and its rows
//! stay where they are. Its slug is free again at once
//! (docs/decisions.md#names-are-free-again-after-deletion).

use serde_json::{Value, json};

use super::{Workspace, Workspaces, check_name, check_slug, store, target};
use base::access::{self, OpCtx, Operation, Role};
use base::audit::{Event, Group, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::store::{Change, Tx};

/// A workspace and what the person may do in it.
#[derive(Clone, Debug)]
pub struct MyWorkspace {
    pub workspace: Workspace,
    pub role: Role,
}

impl Workspaces {
    /// The workspace of the context.
    pub async fn current(&self, cx: &OpCtx) -> Result<Workspace> {
        cx.require(Operation::SettingsRead, access::Target::NONE)?;
        store::find(self.store.read(), &cx.workspace).await?.ok_or_else(absent)
    }

    /// Those in which the person who is signed in has a role, by name.
    pub async fn mine(&self, cx: &OpCtx) -> Result<Vec<MyWorkspace>> {
        store::of_user(self.store.read(), &cx.require_user()?.id).await
    }

    /// Gives the workspace of the context another name, another slug, or both.
    /// Pages move with the slug; the HTTP API knows neither.
    pub async fn rename(&self, cx: &OpCtx, name: Option<&str>, slug: Option<&str>) -> Result<()> {
        self.rename_from(cx, name, slug, None).await
    }

    /// As [`Workspaces::rename`], but fails with `edit_conflict` if the workspace is
    /// not as it was seen.
    pub async fn rename_from(
        &self,
        cx: &OpCtx,
        name: Option<&str>,
        slug: Option<&str>,
        made_from: Option<&Version>,
    ) -> Result<()> {
        cx.require(Operation::WorkspaceUpdate, access::Target::NONE)?;
        self.store
            .write(|tx| async move {
                if let Some(made_from) = made_from {
                    let seen = store::find(tx.db(), &cx.workspace).await?.ok_or_else(absent)?;
                    made_from.require(&seen.version())?;
                }
                let mut group = Group::new();
                change_in(cx, &tx, name, slug, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Deletes the workspace of the context, which `confirmation` must name.
    ///
    /// Fails with `precondition_failed` for the last one: a server has a workspace.
    pub async fn delete(&self, cx: &OpCtx, confirmation: &str) -> Result<()> {
        cx.require(Operation::WorkspaceDelete, access::Target::NONE)?;
        self.store
            .write(|tx| async move {
                let workspace = store::find(tx.db(), &cx.workspace).await?.ok_or_else(absent)?;
                if workspace.name != confirmation {
                    return Err(Error::invalid("This is not the name of the workspace."));
                }
                if store::all(tx.db()).await?.len() < 2 {
                    let detail = "The last workspace of a server cannot be deleted.";
                    return Err(Error::new(Code::PreconditionFailed, detail));
                }
                store::delete(&tx, &workspace.id, cx.now_ms).await?;
                tx.changed(Change::Workspace(workspace.id.clone()));
                let mut group = Group::new();
                let text = format!("Deleted workspace {}", workspace.slug);
                group.push(Event::WorkspaceDelete, text, vec![target(&workspace)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

impl Workspace {
    /// What a change of its names is made from.
    pub fn version(&self) -> Version {
        Version::of(&json!([self.name, self.slug]))
    }
}

/// Names the workspace of the context, in the transaction of whatever may.
pub async fn rename_in(cx: &OpCtx, tx: &Tx, name: &str, group: &mut Group) -> Result<()> {
    change_in(cx, tx, Some(name), None, group).await
}

async fn change_in(
    cx: &OpCtx,
    tx: &Tx,
    name: Option<&str>,
    slug: Option<&str>,
    group: &mut Group,
) -> Result<()> {
    name.map_or(Ok(()), check_name)?;
    slug.map_or(Ok(()), check_slug)?;
    let before = store::find(tx.db(), &cx.workspace).await?.ok_or_else(absent)?;
    let after = Workspace {
        name: name.unwrap_or(&before.name).to_owned(),
        slug: slug.unwrap_or(&before.slug).to_owned(),
        ..before.clone()
    };
    if after == before {
        return Ok(());
    }
    store::update(tx, &after, cx.now_ms).await?;
    tx.changed(Change::Workspace(after.id.clone()));
    let fields = |workspace: &Workspace| [("name", json!(workspace.name)), ("slug", json!(workspace.slug))];
    let changed = changes(fields(&before), fields(&after));
    let text = format!("Renamed workspace {}", after.slug);
    group.push_change(Event::WorkspaceUpdate, text, vec![target(&after)], Value::Object(changed));
    Ok(())
}

fn absent() -> Error {
    Error::absent(Code::WorkspaceNotFound)
}
