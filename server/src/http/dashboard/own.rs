//! What concerns the reader alone: colours, the workspace looked at, saved
//! views, the keyboard.

use web::components::SavedView;
use web::pages;
use web::paths::{self, Href};

use super::answer::Answer;
use super::cookies::Jar;
use super::visit::{Guest, Visit};
use base::error::{Code, Error, Result};
use domain::session::SESSION_MS;
use domain::users::{SaveView, Theme, UpdateProfile};

/// `POST /theme`.
pub async fn theme(visit: Visit) -> Result<Answer> {
    let theme = match visit.form().text("theme") {
        "contrast" => Theme::HighContrast,
        other => Theme::parse(other)?,
    };
    let command = UpdateProfile { theme: Some(theme), ..UpdateProfile::default() };
    visit.app.users.update_profile(&visit.cx, command).await?;
    Ok(Answer::go(back(&visit)))
}

/// `POST /workspaces/switch`.
pub async fn switch_workspace(visit: Visit) -> Result<Answer> {
    let wanted = visit.form().text("workspace");
    let open = visit.who.memberships.iter().filter(|membership| membership.enabled);
    let found = open.map(|membership| membership.workspace.as_str()).find(|id| *id == wanted);
    let id = found.ok_or_else(|| Error::absent(Code::WorkspaceNotFound))?.to_owned();
    Ok(Answer::go(paths::home()).cookie(Jar::Workspace, id, SESSION_MS / 1000))
}

/// `GET /shortcuts`.
pub async fn shortcuts(visit: Visit) -> Result<Answer> {
    Ok(Answer::page(pages::shortcuts::shortcuts(&visit.shell)))
}

/// `POST /views`: keeps the choices of a list under a name.
pub async fn save_view(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let back = Href::local(form.text("back")).unwrap_or_else(paths::home);
    let (page, query) = back.as_str().split_once('?').unwrap_or((back.as_str(), ""));
    let command = SaveView {
        name: form.text("name").to_owned(),
        page: page.to_owned(),
        query: query.to_owned(),
        shared: form.ticked("shared"),
    };
    let name = command.name.clone();
    visit.app.users.save_view(&visit.cx, command).await?;
    Ok(Answer::go(back).saying(format!("Saved the view {name}.")))
}

/// `POST /views/:id/delete`.
pub async fn delete_view(visit: Visit) -> Result<Answer> {
    visit.app.users.delete_view(&visit.cx, &visit.id().into()).await?;
    Ok(Answer::go(visit.sent.referer.clone().unwrap_or_else(paths::home)).saying("Deleted the view."))
}

/// Whatever has no page.
pub async fn nothing(_: Guest) -> Result<Answer> {
    Err(Error::absent(Code::RouteNotFound))
}

impl Visit {
    /// The views saved of this list.
    pub async fn saved_views(&self) -> Result<Vec<SavedView>> {
        let views = self.app.users.views(&self.cx, Some(&self.sent.path)).await?;
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

fn back(visit: &Visit) -> Href {
    Href::local(visit.form().text("back")).unwrap_or_else(paths::home)
}
