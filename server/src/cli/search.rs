//! `unkey search TEXT`: finds keys, identities and the rest by what one
//! remembers of them.

use clap::ArgMatches;

use super::listing::{self, Column, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use insight::search::{EntityKind, EntityQuery};

const COLUMNS: &[Column] = &[plain("kind"), plain("id"), plain("name"), plain("detail"), plain("parent")];

pub(super) async fn run(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let named = matches.get_many::<String>("kind").into_iter().flatten();
    let kind = |name: &String| {
        EntityKind::parse(name).ok_or_else(|| Error::invalid(format!("There is no kind '{name}'.")))
    };
    let query = EntityQuery {
        workspace: cx.workspace.clone(),
        text: matches.get_one::<String>("text").cloned().unwrap_or_default(),
        kinds: named.map(kind).collect::<Result<_>>()?,
        limit: matches.get_one::<usize>("limit").copied().unwrap_or_default(),
    };
    // A command may be the only one running: what it finds is what is there.
    let is_complete = app.search.settle(&app.store).await?;
    let rows = app.search.entities(query).await?.into_iter();
    let rows = rows.map(|hit| {
        vec![hit.kind.as_str().into(), hit.id.into(), hit.name.into(), hit.detail.into(), hit.parent.into()]
    });
    let output = listing::list(list_format(matches), COLUMNS, rows)?;
    Ok(if is_complete { output } else { output.remark("The index is being built: there may be more.") })
}
