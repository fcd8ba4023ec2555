//! `unkey user create | reset-password | list`.

use clap::ArgMatches;

use super::Output;
use super::admin::{date, table};
use crate::app::App;
use crate::error::Result;
use crate::op::OpCtx;
use crate::secret::PlainKey;
use crate::users::{CreateUser, Role};

fn text(matches: &ArgMatches, name: &str) -> String {
    matches.get_one::<String>(name).cloned().unwrap_or_default()
}

/// A password that was not given is made, and printed this once.
fn printed(given: bool, password: &PlainKey) -> Output {
    if given { Output::default() } else { Output::line(password.reveal()) }
}

pub(super) async fn create(
    app: &App,
    cx: &OpCtx,
    matches: &ArgMatches,
    password: Option<PlainKey>,
) -> Result<Output> {
    let given = password.is_some();
    let password = password.unwrap_or_else(|| app.users.generate_password());
    let output = printed(given, &password);
    let role = Role::parse(&text(matches, "role"))?;
    let command = CreateUser { email: text(matches, "email"), name: text(matches, "name"), role, password };
    let id = app.users.create(cx, command).await?;
    Ok(output.remark(format!("Created user {id}.")))
}

pub(super) async fn reset_password(
    app: &App,
    cx: &OpCtx,
    matches: &ArgMatches,
    password: Option<PlainKey>,
) -> Result<Output> {
    let given = password.is_some();
    let password = password.unwrap_or_else(|| app.users.generate_password());
    let output = printed(given, &password);
    app.users.reset_password(cx, &text(matches, "email"), password).await?;
    Ok(output.remark("The password was replaced."))
}

pub(super) async fn list(app: &App, cx: &OpCtx) -> Result<Output> {
    let rows = app.users.list(cx).await?.into_iter();
    let rows =
        rows.map(|user| vec![user.id.to_string(), user.email, user.name, user.role, date(user.created_at)]);
    Ok(Output::text(table(&rows.collect::<Vec<_>>())))
}
