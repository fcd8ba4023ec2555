//! Saved views: filters of a page that people keep, for themselves or for all.

use base::ids::{SavedViewId, UserId};

use super::{Users, store};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Field, Result};

/// Views one person may keep in a workspace.
const MAX_VIEWS: u64 = 200;

/// Characters of the query string of a view.
pub const MAX_VIEW_QUERY: usize = 2048;

/// Keeps a view. One with the same page and name is replaced.
pub struct SaveView {
    /// Which list, such as `keys`: `[A-Za-z0-9/_-]`, 1 to 64 characters.
    pub page: String,
    /// 1 to 64 characters.
    pub name: String,
    /// The query string of the page, without `?`; [`MAX_VIEW_QUERY`] characters at most.
    pub query: String,
    /// Everybody in the workspace sees it.
    pub shared: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub id: SavedViewId,
    pub user: UserId,
    pub page: String,
    pub name: String,
    pub query: String,
    pub shared: bool,
    pub created_at: i64,
}

impl SavedView {
    /// One's own, or with the right to share one that others share.
    fn require_deletable(&self, cx: &OpCtx, user: &UserId) -> Result<()> {
        if self.user == *user { Ok(()) } else { cx.require(Operation::ViewShare, access::Target::NONE) }
    }

    /// Whether the caller may forget it.
    pub fn is_deletable(&self, cx: &OpCtx) -> bool {
        cx.require_user().is_ok_and(|user| self.require_deletable(cx, &user.id).is_ok())
    }
}

impl Users {
    pub async fn save_view(&self, cx: &OpCtx, command: SaveView) -> Result<SavedViewId> {
        cx.require(Operation::ViewSave, access::Target::NONE)?;
        if command.shared {
            cx.require(Operation::ViewShare, access::Target::NONE)?;
        }
        check(&command)?;
        let view = SavedView {
            id: self.entropy.id(SavedViewId::PREFIX, cx.now_ms),
            user: cx.require_user()?.id.clone(),
            page: command.page,
            name: command.name,
            query: command.query,
            shared: command.shared,
            created_at: cx.now_ms,
        };
        self.store
            .write(|tx| {
                let view = &view;
                async move {
                    store::delete_view_named(&tx, &cx.workspace, view).await?;
                    if store::count_views(tx.db(), &cx.workspace, &view.user).await? >= MAX_VIEWS {
                        return Err(Error::invalid(format!("You keep {MAX_VIEWS} views already.")));
                    }
                    store::insert_view(&tx, &cx.workspace, view).await?;
                    let mut group = Group::new();
                    let text = format!("Saved the view {} of {}", view.name, view.page);
                    group.push(Event::ViewCreate, text, vec![target(view)]);
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(view.id)
    }

    /// The caller's views of a page and those shared by others, by name; of all
    /// pages if none is named.
    pub async fn views(&self, cx: &OpCtx, page: Option<&str>) -> Result<Vec<SavedView>> {
        cx.require(Operation::ViewSave, access::Target::NONE)?;
        store::views(self.store.read(), &cx.workspace, &cx.require_user()?.id, page).await
    }

    /// Forgets a view: one's own, or one that others share.
    pub async fn delete_view(&self, cx: &OpCtx, id: &SavedViewId) -> Result<()> {
        cx.require(Operation::ViewSave, access::Target::NONE)?;
        let user = cx.require_user()?;
        self.store
            .write(|tx| async move {
                let visible = store::views(tx.db(), &cx.workspace, &user.id, None).await?;
                let view = visible.into_iter().find(|view| view.id == *id);
                let view = view.ok_or_else(|| Error::absent(Code::ViewNotFound))?;
                view.require_deletable(cx, &user.id)?;
                store::delete_view(&tx, &view.id).await?;
                let mut group = Group::new();
                let text = format!("Deleted the view {} of {}", view.name, view.page);
                group.push(Event::ViewDelete, text, vec![target(&view)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

fn target(view: &SavedView) -> Target {
    Target::new("savedView", view.id.as_str(), Some(&view.name))
}

fn check(command: &SaveView) -> Result<()> {
    let page = (1..=64).contains(&command.page.len())
        && command
            .page
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-'));
    if !page {
        return Err(Error::invalid("A page has 1 to 64 characters of a-z, A-Z, 0-9, '/', '_' and '-'."));
    }
    if command.name.trim().is_empty() || command.name.chars().count() > 64 {
        return Err(Error::invalid("The name of a view has 1 to 64 characters.").at(Field::Name));
    }
    if command.query.chars().count() > MAX_VIEW_QUERY {
        let detail = format!("The query of a view has {MAX_VIEW_QUERY} characters at most.");
        return Err(Error::invalid(detail).at(Field::Query));
    }
    Ok(())
}
