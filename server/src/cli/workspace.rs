//! `unkey workspace create | list | rename | delete | enable | disable | set`.

use clap::ArgMatches;

use super::Output;
use super::admin::{date, table};
use crate::app::App;
use crate::error::{Error, Result};
use crate::op::OpCtx;
use crate::workspaces::CreateWorkspace;

pub(super) async fn create(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let slug = matches.get_one::<String>("slug").cloned().unwrap_or_default();
    let name = matches.get_one::<String>("name").cloned().unwrap_or_else(|| slug.clone());
    let workspace = app.workspaces.create(cx, CreateWorkspace { slug, name }).await?;
    Ok(Output::line(workspace.id))
}

pub(super) async fn list(app: &App) -> Result<Output> {
    let rows = app.workspaces.list().await?.into_iter().map(|workspace| {
        let state = if workspace.enabled { "enabled" } else { "disabled" };
        vec![
            workspace.id.to_string(),
            workspace.slug,
            workspace.name,
            state.to_owned(),
            date(workspace.created_at),
        ]
    });
    Ok(Output::text(table(&rows.collect::<Vec<_>>())))
}

pub(super) async fn rename(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    app.workspaces.rename(cx, text("slug"), text("name")).await?;
    Ok(Output::default().remark("Renamed."))
}

pub(super) async fn delete(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    if text("slug") != text("confirm") {
        return Err(Error::invalid("--confirm must repeat the slug of the workspace."));
    }
    app.workspaces.delete(cx, text("slug")).await?;
    Ok(Output::default().remark("Deleted."))
}

pub(super) async fn set_enabled(
    app: &App,
    cx: &OpCtx,
    matches: &ArgMatches,
    enabled: bool,
) -> Result<Output> {
    let slug = matches.get_one::<String>("slug").cloned().unwrap_or_default();
    app.workspaces.set_enabled(cx, &slug, enabled).await?;
    Ok(Output::default().remark(if enabled { "Enabled." } else { "Disabled." }))
}

pub(super) async fn set(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let slug = matches.get_one::<String>("slug").cloned().unwrap_or_default();
    let limit = match matches.get_one::<String>("api-limit").map(String::as_str) {
        None | Some("none") => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Error::invalid(format!("'{text}' is no number of requests, nor 'none'.")))?,
        ),
    };
    app.workspaces.set_api_limit(cx, &slug, limit).await?;
    Ok(Output::default().remark("Changed."))
}
