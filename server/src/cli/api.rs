//! `unkey api list | set`: switches that no route of the API has.

use base::ids::ApiId;
use clap::ArgMatches;

use super::listing::{self, Column, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use domain::apis::SetApi;

const COLUMNS: &[Column] =
    &[plain("id"), plain("name"), plain("recoverable"), plain("delete_protection"), plain("ip_allow")];

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let rows = app.apis.list(cx).await?.into_iter().map(|api| {
        vec![
            api.id.as_str().into(),
            api.name.into(),
            api.store_encrypted_keys.into(),
            api.delete_protection.into(),
            api.ip_allowlist.into(),
        ]
    });
    listing::list(list_format(given), COLUMNS, rows)
}

const SETTINGS: [&str; 6] =
    ["name", "recoverable", "delete-protection", "ip-allow", "default-prefix", "default-bytes"];

pub(super) async fn set(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    if !SETTINGS.iter().any(|name| matches.contains_id(name)) {
        return Err(Error::invalid("Say what to change: see `unkey api set --help`."));
    }
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let switch = |name: &str| matches.get_one::<bool>(name).copied();
    // An empty value clears.
    let clearable = |name: &str| text(name).map(|value| Some(value).filter(|value| !value.trim().is_empty()));
    let default_bytes = clearable("default-bytes")
        .map(|bytes| {
            bytes
                .map(|bytes| bytes.parse().map_err(|_| Error::invalid("--default-bytes expects a number.")))
                .transpose()
        })
        .transpose()?;
    let change = SetApi {
        name: text("name"),
        recoverable: switch("recoverable"),
        delete_protection: switch("delete-protection"),
        ip_allowlist: clearable("ip-allow"),
        default_prefix: clearable("default-prefix"),
        default_bytes,
        ..SetApi::new(ApiId::from(text("id").unwrap_or_default()))
    };
    app.apis.set(cx, change).await?;
    Ok(Output::default().remark("Saved."))
}
