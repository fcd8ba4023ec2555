//! Workspaces: the tenants of one server. Every other row belongs to one.

mod rename_delete;
mod store;
#[cfg(test)]
mod tests;
mod usage;

use base::ids::WorkspaceId;
use serde_json::{Value, json};

pub use rename_delete::{MyWorkspace, rename_in};
pub use store::require_enabled;
pub(crate) use store::{
    Presence, begin, bring_back, count_owners, data_key, data_keys, find, first, insert_member,
    is_slug_taken, joined_by, live_among, member_ids, members, presence, remove_member, role_of,
    set_data_key, set_role,
};
pub use usage::{Limits, Month, MonthUsage};

use base::access::{self, OpCtx, Operation, Principal, Role};
use base::audit::{Event, Group, Target, changes};
use base::entropy::Entropy;
use base::error::{Code, Error, Field, Result};
use base::store::{Change, Store};
use insight::analytics::Analytics;

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
    /// Whoever has an account may make one, else owners of one.
    members_create: bool,
}

impl Workspaces {
    pub fn new(store: Store, entropy: Entropy, analytics: Analytics) -> Self {
        Self { store, entropy, analytics, members_create: false }
    }

    /// Lets everybody who has an account make workspaces, or owners alone.
    #[must_use]
    pub fn open_to_members(self, members_create: bool) -> Self {
        Self { members_create, ..self }
    }

    pub async fn list(&self) -> Result<Vec<Workspace>> {
        store::all(self.store.read()).await
    }

    /// Those that were deleted.
    pub async fn deleted(&self) -> Result<Vec<Workspace>> {
        store::deleted(self.store.read()).await
    }

    /// The workspace with this id, which was deleted: of what happened in it there
    /// is a record still.
    pub async fn resolve_deleted(&self, id: &str) -> Result<Workspace> {
        let found = self.deleted().await?.into_iter().find(|workspace| workspace.id.as_str() == id);
        found.ok_or_else(|| Error::absent(Code::WorkspaceNotFound))
    }

    /// The workspace with this slug, or the only one when none is named.
    pub async fn resolve(&self, slug: Option<&str>) -> Result<Workspace> {
        let mut all = self.list().await?;
        match slug {
            Some(slug) => named(all, slug),
            None if all.len() == 1 => Ok(all.remove(0)),
            None => {
                Err(Error::invalid("This server has several workspaces: name one with --workspace SLUG."))
            }
        }
    }

    /// Whether the principal may make a workspace: the operator may, and people
    /// who own one, unless the operator lets everybody.
    pub async fn may_create(&self, cx: &OpCtx) -> Result<bool> {
        match &cx.principal {
            Principal::Cli | Principal::Job(_) => Ok(true),
            Principal::User(user) => {
                let owns_one = store::owns_one(self.store.read(), &user.id).await?;
                Ok(self.lets_create(owns_one))
            }
            _ => Ok(false),
        }
    }

    /// Whether somebody who does or does not own a workspace may make another.
    pub fn lets_create(&self, owns_one: bool) -> bool {
        owns_one || self.members_create
    }

    /// Fails with `insufficient_permissions` for whoever [may not](Self::may_create).
    pub async fn require_create(&self, cx: &OpCtx) -> Result<()> {
        if self.may_create(cx).await? {
            return Ok(());
        }
        let detail = "Only people who own a workspace of this server may create another.";
        Err(Error::new(Code::InsufficientPermissions, detail))
    }

    /// Creates a workspace; the audit entry is its own first one. A person who
    /// creates one is its owner.
    ///
    /// Fails as [`Workspaces::require_create`] does.
    pub async fn create(&self, cx: &OpCtx, command: CreateWorkspace) -> Result<Workspace> {
        self.require_create(cx).await?;
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
                    if let Some(user) = cx.principal.user() {
                        store::insert_member(&tx, &workspace.id, &user.id, Role::Owner, workspace.created_at)
                            .await?;
                        tx.changed(Change::User(user.id.clone()));
                    }
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

    /// Enables or disables a workspace; the next call notices.
    pub async fn set_enabled(&self, cx: &OpCtx, slug: &str, enabled: bool) -> Result<()> {
        cx.require(Operation::WorkspaceOperate, access::Target::NONE)?;
        let verb = if enabled { "Enabled" } else { "Disabled" };
        self.operate(cx, slug, verb, |workspace| workspace.enabled = enabled).await
    }

    /// Limits the API requests of a workspace; 0 refuses all.
    pub async fn set_api_limit(&self, cx: &OpCtx, slug: &str, per_minute: Option<i64>) -> Result<()> {
        cx.require(Operation::WorkspaceOperate, access::Target::NONE)?;
        if per_minute.is_some_and(|limit| limit < 0) {
            return Err(Error::invalid("A limit of API requests cannot be negative."));
        }
        let verb = match per_minute {
            Some(_) => "Limited the API requests of",
            None => "Lifted the limit of API requests of",
        };
        self.operate(cx, slug, verb, |workspace| workspace.api_limit_per_minute = per_minute).await
    }

    /// Changes what the operator decides of a workspace, as it is in the
    /// transaction that writes it.
    async fn operate<F>(&self, cx: &OpCtx, slug: &str, verb: &str, change: F) -> Result<()>
    where
        F: FnOnce(&mut Workspace),
    {
        self.store
            .write(|tx| async move {
                let before = named(store::all(tx.db()).await?, slug)?;
                let mut after = before.clone();
                change(&mut after);
                if after == before {
                    return Ok(());
                }
                store::update(&tx, &after, cx.now_ms).await?;
                tx.changed(Change::Workspace(after.id.clone()));
                let cx = &OpCtx { workspace: after.id.clone(), ..cx.clone() };
                let changed = changes(operated(&before), operated(&after));
                let mut group = Group::new();
                let text = format!("{verb} workspace {}", after.slug);
                group.push_change(Event::WorkspaceUpdate, text, vec![target(&after)], Value::Object(changed));
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

/// The one with this slug.
fn named(all: Vec<Workspace>, slug: &str) -> Result<Workspace> {
    let absent = || Error::new(Code::WorkspaceNotFound, format!("There is no workspace '{slug}'."));
    all.into_iter().find(|workspace| workspace.slug == slug).ok_or_else(absent)
}

/// What the operator decides, as audit entries tell it.
fn operated(workspace: &Workspace) -> [(&'static str, Value); 2] {
    let limit = json!(workspace.api_limit_per_minute);
    [("enabled", json!(workspace.enabled)), ("apiLimitPerMinute", limit)]
}

fn target(workspace: &Workspace) -> Target {
    Target::new("workspace", workspace.id.as_str(), Some(&workspace.name))
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 256 {
        return Err(Error::invalid("A workspace name has 1 to 256 characters.").at(Field::Name));
    }
    Ok(())
}

pub(crate) fn check_slug(slug: &str) -> Result<()> {
    let well_formed = (3..=64).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if well_formed {
        Ok(())
    } else {
        let detail = "A workspace slug has 3 to 64 characters of a-z, 0-9 and '-'.";
        Err(Error::invalid(detail).at(Field::Slug))
    }
}
