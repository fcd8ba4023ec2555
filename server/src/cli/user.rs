//! `unkey user create | invite | reset-password | totp-reset | sessions | list`.

use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::clock::HOUR_MS;
use base::error::Result;
use base::secret::PlainKey;
use domain::users::{CreateUser, NewInvitation, Role};

fn text(matches: &ArgMatches, name: &str) -> String {
    matches.get_one::<String>(name).cloned().unwrap_or_default()
}

fn role(matches: &ArgMatches) -> Role {
    matches.get_one::<Role>("role").copied().unwrap_or(Role::Viewer)
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
    let role = role(matches);
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
    app.sessions.reset_password(cx, &text(matches, "email"), password).await?;
    Ok(output.remark("The password was replaced."))
}

/// The link is printed alone, this once.
pub(super) async fn invite(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let hours = matches.get_one::<i64>("hours").copied().unwrap_or_default();
    let command = NewInvitation {
        role: role(matches),
        email: matches.get_one::<String>("email").cloned(),
        valid_ms: hours.saturating_mul(HOUR_MS),
    };
    let (_, token) = app.users.invite(cx, command).await?;
    let origin = app.origin();
    Ok(Output::line(format!("{origin}/invites/{}", token.reveal())).remark("This link works once."))
}

pub(super) async fn totp_reset(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let user = app.users.by_email(cx, &text(matches, "email")).await?;
    app.sessions.reset_second_factor(cx, &user.id).await?;
    Ok(Output::default().remark("The second factor was removed."))
}

pub(super) async fn sessions(app: &App, cx: &OpCtx, matches: &ArgMatches) -> Result<Output> {
    let user = app.users.by_email(cx, &text(matches, "email")).await?;
    if matches.get_flag("end") {
        let ended = app.sessions.revoke_of(cx, &user.id).await?;
        return Ok(Output::default().remark(format!("Ended {ended} sessions.")));
    }
    let rows = app.sessions.list_of(cx, &user.id).await?.into_iter().map(|session| {
        vec![
            session.id.as_str().into(),
            session.ip.into(),
            session.created_at.into(),
            session.last_seen_at.into(),
            session.user_agent.into(),
        ]
    });
    listing::list(list_format(matches), SESSION_COLUMNS, rows)
}

const SESSION_COLUMNS: &[Column] =
    &[plain("id"), plain("ip"), moments("created_at"), moments("last_seen_at"), plain("user_agent")];

const COLUMNS: &[Column] = &[
    plain("id"),
    plain("email"),
    plain("name"),
    plain("role"),
    plain("second_factor"),
    moments("created_at"),
];

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let rows = app.users.list(cx).await?.into_iter().map(|user| {
        vec![
            user.id.as_str().into(),
            user.email.into(),
            user.name.into(),
            user.role.as_str().into(),
            user.second_factor.into(),
            user.created_at.into(),
        ]
    });
    listing::list(list_format(given), COLUMNS, rows)
}
