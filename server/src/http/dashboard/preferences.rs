//! What concerns the reader alone: colours, the workspace looked at, the keyboard.

use web::pages;
use web::paths::{self, Href};

use super::cookies::CookieName;
use super::member_request::MemberRequest;
use super::reply::Reply;
use base::error::{Code, Error, Result};
use domain::session::SESSION_MS;
use domain::users::{Theme, UpdateProfile};

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

/// `POST /workspaces/switch`; the field `back` says where to go on, if not home.
pub async fn switch_workspace(request: MemberRequest) -> Result<Reply> {
    let wanted = request.form().text("workspace");
    let open = request.who.memberships.iter().filter(|membership| membership.enabled);
    let found = open.map(|membership| membership.workspace.as_str()).find(|id| *id == wanted);
    let id = found.ok_or_else(|| Error::absent(Code::WorkspaceNotFound))?.to_owned();
    Ok(Reply::redirect(back(&request)).cookie(CookieName::Workspace, id, SESSION_MS / 1000))
}

/// `GET /shortcuts`.
pub async fn shortcuts(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(pages::shortcuts::shortcuts(&request.shell)))
}

fn back(request: &MemberRequest) -> Href {
    Href::local(request.form().text("back")).unwrap_or_else(paths::home)
}
