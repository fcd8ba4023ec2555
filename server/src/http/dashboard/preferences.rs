//! What concerns the reader alone: colours, the workspace looked at, saved
//! views, the keyboard.

use web::components::SavedView;
use web::pages;
use web::paths::{self, Href};

use super::cookies::CookieName;
use super::member_request::{MemberRequest, VisitorRequest};
use super::reply::Reply;
use base::error::{Code, Error, Result};
use domain::session::SESSION_MS;
use domain::users::{SaveView, Theme, UpdateProfile};

/// `POST /theme`.
pub async fn theme(request: MemberRequest) -> Result<Reply> {
    let theme = match request.form().text("theme") {
        "contrast" => Theme::HighContrast,
        other => Theme::parse(other)?,
    };
    let command = UpdateProfile { theme: Some(theme), ..UpdateProfile::default() };
    request.app.users.update_profile(&request.cx, command).await?;
    Ok(Reply::redirect(back(&request)))
}

/// `POST /workspaces/switch`.
pub async fn switch_workspace(request: MemberRequest) -> Result<Reply> {
    let wanted = request.form().text("workspace");
    let open = request.who.memberships.iter().filter(|membership| membership.enabled);
    let found = open.map(|membership| membership.workspace.as_str()).find(|id| *id == wanted);
    let id = found.ok_or_else(|| Error::absent(Code::WorkspaceNotFound))?.to_owned();
    Ok(Reply::redirect(paths::home()).cookie(CookieName::Workspace, id, SESSION_MS / 1000))
}

/// `GET /shortcuts`.
pub async fn shortcuts(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(pages::shortcuts::shortcuts(&request.shell)))
}

/// `POST /views`: keeps the choices of a list under a name.
pub async fn save_view(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let back = Href::local(form.text("back")).unwrap_or_else(paths::home);
    let (page, query) = back.as_str().split_once('?').unwrap_or((back.as_str(), ""));
    let command = SaveView {
        name: form.text("name").to_owned(),
        page: page.to_owned(),
        query: query.to_owned(),
        shared: form.ticked("shared"),
    };
    let name = command.name.clone();
    request.app.users.save_view(&request.cx, command).await?;
    Ok(Reply::redirect(back).notice(format!("Saved the view {name}.")))
}

/// `POST /views/:id/delete`.
pub async fn delete_view(request: MemberRequest) -> Result<Reply> {
    request.app.users.delete_view(&request.cx, &request.id().into()).await?;
    Ok(Reply::redirect(request.input.referer.clone().unwrap_or_else(paths::home)).notice("Deleted the view."))
}

/// Whatever has no page.
pub async fn nothing(_: VisitorRequest) -> Result<Reply> {
    Err(Error::absent(Code::RouteNotFound))
}

impl MemberRequest {
    /// The views saved of this list.
    pub async fn saved_views(&self) -> Result<Vec<SavedView>> {
        let views = self.app.users.views(&self.cx, Some(&self.input.path)).await?;
        Ok(views.into_iter().filter_map(saved_view).collect())
    }
}

/// A view as pages link to it.
pub fn saved_view(view: domain::users::SavedView) -> Option<SavedView> {
    let path = if view.query.is_empty() { view.page } else { format!("{}?{}", view.page, view.query) };
    Some(SavedView {
        id: view.id.to_string(),
        name: view.name,
        href: Href::local(&path)?,
        shared: view.shared,
    })
}

fn back(request: &MemberRequest) -> Href {
    Href::local(request.form().text("back")).unwrap_or_else(paths::home)
}
