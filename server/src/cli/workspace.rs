//! `unkey workspace create | list | rename | enable | disable | set | delete`.

use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use domain::workspaces::CreateWorkspace;

pub(super) async fn create(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let slug = matches.get_one::<String>("slug").cloned().unwrap_or_default();
    let name = matches.get_one::<String>("name").cloned().unwrap_or_else(|| slug.clone());
    let workspace = app.workspaces.create(cx, CreateWorkspace { slug, name }).await?;
    Ok(Output::line(workspace.id))
}

const COLUMNS: &[Column] =
    &[plain("id"), plain("slug"), plain("name"), plain("state"), moments("created_at")];

pub(super) async fn list(app: &App, matches: &ArgMatches) -> Result<Output> {
    let is_deleted = matches.get_flag("deleted");
    let listed = match is_deleted {
        true => app.workspaces.deleted().await?,
        false => app.workspaces.list().await?,
    };
    let rows = listed.into_iter().map(|workspace| {
        let state = match (is_deleted, workspace.enabled) {
            (true, _) => "deleted",
            (false, true) => "enabled",
            (false, false) => "disabled",
        };
        vec![
            workspace.id.as_str().into(),
            workspace.slug.into(),
            workspace.name.into(),
            state.into(),
            workspace.created_at.into(),
        ]
    });
    listing::list(list_format(matches), COLUMNS, rows)
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

pub(super) async fn rename(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let cx = named(app, cx, matches).await?;
    app.workspaces.rename(&cx, text("name"), text("new-slug")).await?;
    Ok(Output::default().remark("Renamed."))
}

pub(super) async fn delete(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let confirmation = matches.get_one::<String>("confirm").cloned().unwrap_or_default();
    let cx = named(app, cx, matches).await?;
    app.workspaces.delete(&cx, &confirmation).await?;
    let id = &cx.workspace;
    Ok(Output::default()
        .remark(format!("Deleted. What happened in it: `unkey audit list --workspace {id}`.")))
}

/// The context, in the workspace whose slug is the argument.
async fn named(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<OpCtx> {
    let slug = matches.get_one::<String>("slug").map(String::as_str);
    let workspace = app.workspaces.resolve(slug).await?.id;
    Ok(OpCtx { workspace, ..cx.clone() })
}
