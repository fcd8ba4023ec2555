//! The workspace itself: its name, another one, and its end.

use web::form::{CONFIRM, FormState, VERSION};
use web::pages::settings::danger::{DangerView, danger as danger_page};
use web::pages::settings::general::{GeneralView, general as general_page};
use web::pages::settings::workspace::new_workspace;
use web::paths;
use web::texts::{common, settings as text};

use crate::http::dashboard::cookies::CookieName;
use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::access::{Operation, Target};
use base::error::{Field, Result};
use domain::session::SESSION_MS;
use domain::workspaces::{CreateWorkspace, Workspace};

/// `GET /settings`.
pub async fn general(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(general_html(&request, None).await?))
}

async fn general_html(request: &MemberRequest, refused: Option<FormState>) -> Result<String> {
    let workspace = request.app.workspaces.current(&request.cx).await?;
    let config = &request.app.config;
    let server =
        config.settings().map(|(name, value, source)| (name.to_owned(), format!("{value} ({source})")));
    let view = GeneralView {
        form: refused.unwrap_or_else(|| FormState::new(values(&workspace))),
        created: request.stamp(workspace.created_at),
        requests_per_minute: workspace.api_limit_per_minute,
        server: if request.cx.may(Operation::SettingsUpdate, Target::NONE) {
            server.collect()
        } else {
            Vec::new()
        },
    };
    Ok(general_page(&request.shell, &view))
}

fn values(workspace: &Workspace) -> Vec<(String, String)> {
    let version = workspace.version();
    let texts = [(VERSION, version.as_str()), ("name", &workspace.name), ("slug", &workspace.slug)];
    texts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// `POST /settings`.
pub async fn rename(request: MemberRequest) -> Result<Reply> {
    let (name, slug) = (request.form().text("name"), request.form().text("slug"));
    let made_from = request.made_from(VERSION);
    let renamed =
        request.app.workspaces.rename_from(&request.cx, Some(name), Some(slug), Some(&made_from)).await;
    if let Err(error) = renamed {
        if is_edit_conflict(&error) {
            let stored = values(&request.app.workspaces.current(&request.cx).await?);
            let form = sent_beside_stored(&request, &stored, paths::settings());
            return Ok(Reply::conflict(general_html(&request, Some(form)).await?));
        }
        let form = request.refused_at(field_of(&error, FIELDS), error)?;
        return Ok(Reply::form_again(general_html(&request, Some(form)).await?));
    }
    Ok(Reply::redirect(paths::settings()).notice(common::SAVED))
}

const FIELDS: &FieldNames = &[(Field::Name, "name"), (Field::Slug, "slug")];

/// `GET /workspaces/new`.
pub async fn new(request: MemberRequest) -> Result<Reply> {
    request.app.workspaces.require_create(&request.cx).await?;
    Ok(Reply::page(new_workspace(&request.shell, &FormState::default())))
}

/// `POST /workspaces/new`: whoever makes a workspace is its owner, and goes there.
pub async fn create(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let command = CreateWorkspace { name: form.text("name").to_owned(), slug: form.text("slug").to_owned() };
    match request.app.workspaces.create(&request.cx, command).await {
        Ok(workspace) => Ok(Reply::redirect(paths::start())
            .cookie(CookieName::Workspace, workspace.id.to_string(), SESSION_MS / 1000)
            .notice(text::created_the_workspace(&workspace.name))),
        Err(error) => {
            let form = request.refused_at(field_of(&error, FIELDS), error)?;
            Ok(Reply::form_again(new_workspace(&request.shell, &form)))
        }
    }
}

/// `GET /settings/danger`.
pub async fn danger(request: MemberRequest) -> Result<Reply> {
    request.cx.require(Operation::WorkspaceDelete, Target::NONE)?;
    Ok(Reply::page(danger_html(&request, FormState::default()).await?))
}

async fn danger_html(request: &MemberRequest, form: FormState) -> Result<String> {
    let keys = request.app.apis.list(&request.cx).await?.iter().map(|api| api.live_keys).sum();
    let last = request.app.workspaces.list().await?.len() < 2;
    Ok(danger_page(&request.shell, &DangerView { form, keys, last }))
}

/// `POST /settings/danger/delete`.
pub async fn delete(request: MemberRequest) -> Result<Reply> {
    let typed = request.form().text(CONFIRM);
    if let Err(error) = request.app.workspaces.delete(&request.cx, typed).await {
        let form = request.refused_at(paths::delete_workspace().as_str(), error)?;
        return Ok(Reply::form_again(danger_html(&request, form).await?));
    }
    let name = &request.shell.workspace.name;
    Ok(Reply::redirect(paths::home())
        .cookie(CookieName::Workspace, "", 0)
        .notice(text::deleted_the_workspace(name)))
}
