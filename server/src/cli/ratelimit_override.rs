//! `unkey override list | set | delete`.

use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::{Output, moment};
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use base::store::Page;
use domain::ratelimit::overrides::SetOverride;

const COLUMNS: &[Column] = &[
    plain("id"),
    plain("identifier"),
    plain("limit"),
    plain("duration_ms"),
    moments("expires_at"),
    plain("limit_afterwards"),
    plain("duration_ms_afterwards"),
];

/// Overrides per question of the database.
const PAGE: u64 = 100;

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let mut rows = Vec::new();
    let mut page = Page { limit: PAGE, cursor: None };
    loop {
        let found = app.overrides.list(cx, text(given, "namespace"), &page).await?;
        rows.extend(found.items.into_iter().map(|one| {
            let quota = one.applies.quota;
            let afterwards = one.applies.end.and_then(|end| end.afterwards);
            vec![
                one.applies.id.as_str().into(),
                one.identifier.as_str().into(),
                quota.limit.into(),
                quota.duration_ms.into(),
                one.expires_at().into(),
                afterwards.map(|quota| quota.limit).into(),
                afterwards.map(|quota| quota.duration_ms).into(),
            ]
        }));
        match found.next {
            Some(next) => page.cursor = Some(next),
            None => return listing::list(list_format(given), COLUMNS, rows),
        }
    }
}

pub(super) async fn set(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let number = |name: &str| given.get_one::<i64>(name).copied();
    let end = number("for").map(|length_ms| cx.now_ms.checked_add(length_ms));
    let command = SetOverride {
        namespace: text(given, "namespace").to_owned(),
        identifier: text(given, "identifier").to_owned(),
        limit: number("limit").unwrap_or_default(),
        duration_ms: number("every").unwrap_or_default(),
        is_async: false,
        expires_at: end.map(|end| end.ok_or_else(|| Error::invalid("--for is too long."))).transpose()?,
    };
    let expires_at = command.expires_at;
    let id = app.overrides.set(cx, command).await?;
    let until = expires_at.map(|time_ms| format!(" It ends {}.", moment(time_ms))).unwrap_or_default();
    Ok(Output::line(id.as_str()).remark(format!("Set.{until}")))
}

pub(super) async fn delete(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    app.overrides.delete(cx, text(given, "namespace"), text(given, "identifier")).await?;
    Ok(Output::default().remark("Deleted."))
}

fn text<'a>(given: &'a ArgMatches, name: &str) -> &'a str {
    given.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}
