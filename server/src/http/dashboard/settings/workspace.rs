//! The workspace itself: its name, another one, and its end.

use web::form::{CONFIRM, FormState, VERSION};
use web::pages::settings::danger::{DangerView, danger as danger_page};
use web::pages::settings::general::{GeneralView, general as general_page};
use web::pages::settings::workspace::new_workspace;
use web::paths;

use crate::http::dashboard::answer::Answer;
use crate::http::dashboard::clash::is_clash;
use crate::http::dashboard::cookies::Jar;
use crate::http::dashboard::visit::Visit;
use base::error::Result;
use base::grants::{Operation, Target};
use domain::session::SESSION_MS;
use domain::workspaces::{CreateWorkspace, Workspace};

/// `GET /settings`.
pub async fn general(visit: Visit) -> Result<Answer> {
    Ok(Answer::page(general_html(&visit, None).await?))
}

async fn general_html(visit: &Visit, refused: Option<FormState>) -> Result<String> {
    let workspace = visit.app.workspaces.current(&visit.cx).await?;
    let config = &visit.app.config;
    let server =
        config.settings().map(|(name, value, source)| (name.to_owned(), format!("{value} ({source})")));
    let view = GeneralView {
        form: refused.unwrap_or_else(|| FormState::new(values(&workspace))),
        created: visit.stamp(workspace.created_at),
        requests_per_minute: workspace.api_limit_per_minute,
        server: if visit.cx.may(Operation::SettingsUpdate, Target::NONE) {
            server.collect()
        } else {
            Vec::new()
        },
    };
    Ok(general_page(&visit.shell, &view))
}

fn values(workspace: &Workspace) -> Vec<(String, String)> {
    let version = workspace.version();
    let texts = [(VERSION, version.as_str()), ("name", &workspace.name), ("slug", &workspace.slug)];
    texts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// `POST /settings`.
pub async fn rename(visit: Visit) -> Result<Answer> {
    let (name, slug) = (visit.form().text("name"), visit.form().text("slug"));
    let made_from = visit.made_from(VERSION);
    let renamed = visit.app.workspaces.rename_from(&visit.cx, Some(name), Some(slug), Some(&made_from)).await;
    if let Err(error) = renamed {
        if is_clash(&error) {
            let stored = values(&visit.app.workspaces.current(&visit.cx).await?);
            let form = visit.clash(&stored, paths::settings());
            return Ok(Answer::conflict(general_html(&visit, Some(form)).await?));
        }
        let form = visit.refused_at(field_of(error.detail()), error)?;
        return Ok(Answer::again(general_html(&visit, Some(form)).await?));
    }
    Ok(Answer::go(paths::settings()).saying("Saved."))
}

/// The domain's sentences name what is wrong.
fn field_of(problem: &str) -> &'static str {
    if problem.contains("slug") { "slug" } else { "name" }
}

/// `GET /workspaces/new`.
pub async fn new(visit: Visit) -> Result<Answer> {
    visit.app.workspaces.require_create(&visit.cx).await?;
    Ok(Answer::page(new_workspace(&visit.shell, &FormState::default())))
}

/// `POST /workspaces/new`: whoever makes a workspace is its owner, and goes there.
pub async fn create(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let command = CreateWorkspace { name: form.text("name").to_owned(), slug: form.text("slug").to_owned() };
    match visit.app.workspaces.create(&visit.cx, command).await {
        Ok(workspace) => Ok(Answer::go(paths::start())
            .cookie(Jar::Workspace, workspace.id.to_string(), SESSION_MS / 1000)
            .saying(format!("Created the workspace {}.", workspace.name))),
        Err(error) => {
            let form = visit.refused_at(field_of(error.detail()), error)?;
            Ok(Answer::again(new_workspace(&visit.shell, &form)))
        }
    }
}

/// `GET /settings/danger`.
pub async fn danger(visit: Visit) -> Result<Answer> {
    visit.cx.require(Operation::WorkspaceDelete, Target::NONE)?;
    Ok(Answer::page(danger_html(&visit, FormState::default()).await?))
}

async fn danger_html(visit: &Visit, form: FormState) -> Result<String> {
    let keys = visit.app.apis.list(&visit.cx).await?.iter().map(|api| api.live_keys).sum();
    let last = visit.app.workspaces.list().await?.len() < 2;
    Ok(danger_page(&visit.shell, &DangerView { form, keys, last }))
}

/// `POST /settings/danger/delete`.
pub async fn delete(visit: Visit) -> Result<Answer> {
    let typed = visit.form().text(CONFIRM);
    if let Err(error) = visit.app.workspaces.delete(&visit.cx, typed).await {
        let form = visit.refused_at(paths::delete_workspace().as_str(), error)?;
        return Ok(Answer::again(danger_html(&visit, form).await?));
    }
    let name = &visit.shell.workspace.name;
    Ok(Answer::go(paths::home())
        .cookie(Jar::Workspace, "", 0)
        .saying(format!("Deleted the workspace {name}.")))
}
