//! `unkey setup link`.

use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;

pub(super) async fn link(app: &App, cx: &OpCtx) -> Result<Output> {
    Ok(Output::line(new_link(app, cx).await?).remark("This link works once, within an hour."))
}

pub(super) async fn new_link(app: &App, cx: &OpCtx) -> Result<String> {
    let token = app.users.create_setup_link(cx).await?;
    let origin = app.origin();
    Ok(format!("{origin}/setup/{}", token.reveal()))
}
