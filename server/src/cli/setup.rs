//! `unkey setup link`.

use super::Output;
use crate::app::App;
use crate::error::Result;
use crate::op::OpCtx;

pub(super) async fn link(app: &App, cx: &OpCtx) -> Result<Output> {
    let address = app.config.listen.to_string();
    Ok(Output::line(new_link(app, cx, &address).await?).remark("This link works once, within an hour."))
}

/// Security links use the public URL or the listen address, never a Host header
/// (design decision 5).
pub(super) async fn new_link(app: &App, cx: &OpCtx, address: &str) -> Result<String> {
    let token = app.users.create_setup_link(cx).await?;
    let origin = app.config.public_url.as_ref().map_or_else(|| format!("http://{address}"), |url| url.trim_end_matches('/').to_owned());
    Ok(format!("{origin}/setup/{}", token.reveal()))
}
