//! `unkey setup link`.

use super::Output;
use crate::app::App;
use crate::error::Result;
use crate::op::OpCtx;

pub(super) async fn link(app: &App, cx: &OpCtx) -> Result<Output> {
    Ok(Output::line(new_link(app, cx).await?).remark("This link works once, within an hour."))
}

/// Security links use the public URL or the listen address, never a Host header
/// (design decision 5).
pub(super) async fn new_link(app: &App, cx: &OpCtx) -> Result<String> {
    let token = app.users.create_setup_link(cx).await?;
    let address = app.address.get().unwrap_or(&app.config.listen);
    let origin = match &app.config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    Ok(format!("{origin}/setup/{}", token.reveal()))
}
