//! `unkey migration create`.

use clap::ArgMatches;

use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;

pub(super) async fn create(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let algorithm = matches.get_one::<String>("algorithm").cloned().unwrap_or_default();
    Ok(Output::line(app.keys.create_migration(cx, &algorithm).await?))
}
