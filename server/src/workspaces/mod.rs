//! Workspaces: the tenants of one server. Every other row belongs to one.

mod store;
mod usage;

use entity::ids::WorkspaceId;
use serde_json::{Value, json};

pub use usage::{Limits, Month, MonthUsage};

use crate::analytics::Analytics;
use crate::audit::{Event, Group, Target};
use crate::entropy::Entropy;
use crate::error::{Code, Error, Result};
use crate::op::OpCtx;
use crate::store::{Change, Store};

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// Unique on this server: `[a-z0-9-]`, 3 to 64 characters.
    pub slug: String,
    pub name: String,
    /// A disabled workspace refuses every call.
    pub enabled: bool,
    /// API requests of all its root keys in a minute; `None` is unlimited.
    pub api_limit_per_minute: Option<i64>,
    pub created_at: i64,
}

/// Creates a workspace.
pub struct CreateWorkspace {
    pub slug: String,
    pub name: String,
}

/// The workspaces of this server. Cheap to clone.
#[derive(Clone)]
pub struct Workspaces {
    store: Store,
    entropy: Entropy,
    analytics: Analytics,
}

impl Workspaces {
    pub fn new(store: Store, entropy: Entropy, analytics: Analytics) -> Self {
        Self { store, entropy, analytics }
    }

    pub async fn list(&self) -> Result<Vec<Workspace>> {
        store::all(self.store.read()).await
    }

    /// The workspace with this slug, or the only one when none is named.
    pub async fn resolve(&self, slug: Option<&str>) -> Result<Workspace> {
        let mut all = self.list().await?;
        match slug {
            Some(slug) => all.into_iter().find(|workspace| workspace.slug == slug).ok_or_else(|| {
                Error::new(Code::WorkspaceNotFound, format!("There is no workspace '{slug}'."))
            }),
            None if all.len() == 1 => Ok(all.remove(0)),
            None => {
                Err(Error::invalid("This server has several workspaces: name one with --workspace SLUG."))
            }
        }
    }

    /// Creates a workspace; the audit entry is its own first one.
    pub async fn create(&self, cx: &OpCtx, command: CreateWorkspace) -> Result<Workspace> {
        check_slug(&command.slug)?;
        check_name(&command.name)?;
        let workspace = Workspace {
            id: self.entropy.id(WorkspaceId::PREFIX, cx.now_ms),
            slug: command.slug,
            name: command.name,
            enabled: true,
            api_limit_per_minute: None,
            created_at: cx.now_ms,
        };
        let cx = &OpCtx { workspace: workspace.id.clone(), ..cx.clone() };
        self.store
            .write(|tx| {
                let workspace = &workspace;
                async move {
                    store::insert(&tx, workspace).await?;
                    let mut group = Group::new();
                    group.push(
                        Event::WorkspaceCreate,
                        format!("Created workspace {}", workspace.slug),
                        vec![target(workspace)],
                    );
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(workspace)
    }

    /// Gives a workspace another name to show; its slug stays.
    pub async fn rename(&self, cx: &OpCtx, slug: &str, name: &str) -> Result<()> {
        check_name(name)?;
        let mut workspace = self.resolve(Some(slug)).await?;
        let before = std::mem::replace(&mut workspace.name, name.to_owned());
        let changes = json!({ "name": { "before": before, "after": name } });
        self.save(cx, workspace, before == name, "Renamed", changes).await
    }

    /// Deletes a workspace: its root keys and keys are refused from the next call
    /// on. Its slug stays taken, and the last workspace cannot be deleted.
    pub async fn delete(&self, cx: &OpCtx, slug: &str) -> Result<()> {
        let workspace = self.resolve(Some(slug)).await?;
        if self.list().await?.len() == 1 {
            return Err(Error::invalid("The only workspace cannot be deleted."));
        }
        let cx = &OpCtx { workspace: workspace.id.clone(), ..cx.clone() };
        self.store
            .write(|tx| async move {
                store::mark_deleted(&tx, &workspace.id, cx.now_ms).await?;
                tx.changed(Change::Workspace(workspace.id.clone()));
                let mut group = Group::new();
                let description = format!("Deleted workspace {}", workspace.slug);
                group.push(Event::WorkspaceDelete, description, vec![target(&workspace)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Enables or disables a workspace; the next call notices.
    pub async fn set_enabled(&self, cx: &OpCtx, slug: &str, enabled: bool) -> Result<()> {
        let mut workspace = self.resolve(Some(slug)).await?;
        let before = std::mem::replace(&mut workspace.enabled, enabled);
        let verb = if enabled { "Enabled" } else { "Disabled" };
        let changes = json!({ "enabled": { "before": before, "after": enabled } });
        self.save(cx, workspace, before == enabled, verb, changes).await
    }

    /// Limits the API requests of a workspace; 0 refuses all.
    pub async fn set_api_limit(&self, cx: &OpCtx, slug: &str, per_minute: Option<i64>) -> Result<()> {
        if per_minute.is_some_and(|limit| limit < 0) {
            return Err(Error::invalid("A limit of API requests cannot be negative."));
        }
        let mut workspace = self.resolve(Some(slug)).await?;
        let before = std::mem::replace(&mut workspace.api_limit_per_minute, per_minute);
        let changes = json!({ "apiLimitPerMinute": { "before": before, "after": per_minute } });
        self.save(cx, workspace, before == per_minute, "Limited the API requests of", changes).await
    }

    async fn save(
        &self,
        cx: &OpCtx,
        workspace: Workspace,
        unchanged: bool,
        verb: &str,
        changes: Value,
    ) -> Result<()> {
        if unchanged {
            return Ok(());
        }
        let cx = &OpCtx { workspace: workspace.id.clone(), ..cx.clone() };
        self.store
            .write(|tx| async move {
                store::update(&tx, &workspace, cx.now_ms).await?;
                tx.changed(Change::Workspace(workspace.id.clone()));
                let mut group = Group::new();
                let description = format!("{verb} workspace {}", workspace.slug);
                group.push_change(Event::WorkspaceUpdate, description, vec![target(&workspace)], changes);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

fn target(workspace: &Workspace) -> Target {
    Target::new("workspace", workspace.id.as_str(), Some(&workspace.name))
}

fn check_name(name: &str) -> Result<()> {
    if (1..=256).contains(&name.chars().count()) {
        Ok(())
    } else {
        Err(Error::invalid("A workspace name has 1 to 256 characters."))
    }
}

fn check_slug(slug: &str) -> Result<()> {
    let well_formed = (3..=64).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if well_formed {
        Ok(())
    } else {
        Err(Error::invalid("A workspace slug has 3 to 64 characters of a-z, 0-9 and '-'."))
    }
}
