//! `unkey root-key create | list | revoke`.

use base::ids::RootKeyId;
use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use domain::root_keys::CreateRootKey;

pub(super) async fn create(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let permissions: Vec<String> = matches.get_many("permission").unwrap_or_default().cloned().collect();
    let full = matches.get_flag("full");
    let has_rights = full || !permissions.is_empty();
    let command = CreateRootKey {
        name: matches.get_one::<String>("name").cloned(),
        permissions,
        full,
        expires_at: None,
        ip_allowlist: matches.get_one::<String>("ip-allow").cloned(),
        limit_per_minute: matches.get_one::<i64>("limit-per-minute").copied(),
    };
    let (_, plaintext) = app.root_keys.create(cx, command).await?;
    let output = Output::line(plaintext.reveal());
    Ok(if has_rights {
        output
    } else {
        output.remark("This key has no permissions: give some with --permission, or --full.")
    })
}

const COLUMNS: &[Column] = &[
    plain("id"),
    plain("name"),
    plain("key"),
    plain("full"),
    moments("created_at"),
    moments("last_used_at"),
];

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let rows = app.root_keys.list(cx).await?.into_iter().map(|key| {
        vec![
            key.id.as_str().into(),
            key.name.into(),
            format!("{}...{}", key.start, key.last4).into(),
            key.full.into(),
            key.created_at.into(),
            key.last_used_at.into(),
        ]
    });
    listing::list(list_format(given), COLUMNS, rows)
}

pub(super) async fn revoke(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let id = matches.get_one::<String>("id").map(|id| RootKeyId::from(id.as_str()));
    app.root_keys.revoke(cx, &id.unwrap_or_else(|| RootKeyId::from(""))).await?;
    Ok(Output::default().remark("Revoked."))
}
