//! Settings: the workspace, its people, the reader's own account, and the server.

mod account;
mod ai;
mod configuration;
mod doctor;
mod server;
mod sessions;
mod team;
mod workspace;

use std::sync::Arc;

use poem::Route;

use super::endpoint::member;
use crate::app::App;
use crate::http::methods::{get, post};

pub fn mount(route: Route, app: &Arc<App>) -> Route {
    let route = route
        .at("/settings", get(member(app, workspace::general)).post(member(app, workspace::rename)))
        .at("/settings/danger", get(member(app, workspace::danger)))
        .at("/settings/danger/delete", post(member(app, workspace::delete)))
        .at("/workspaces/new", get(member(app, workspace::new)).post(member(app, workspace::create)))
        .at("/settings/team", get(member(app, team::show)))
        .at("/settings/team/invite", post(member(app, team::invite)))
        .at("/settings/team/invites/:id/revoke", post(member(app, team::revoke_invite)))
        .at("/settings/team/:id/role", post(member(app, team::set_role)))
        .at("/settings/team/:id/remove", post(member(app, team::remove)))
        .at("/settings/team/:id/end-sessions", post(member(app, team::end_sessions)));
    let route = route
        .at("/settings/sessions", get(member(app, sessions::show)))
        .at("/settings/sessions/end-others", post(member(app, sessions::end_others)))
        .at("/settings/sessions/:id/end", post(member(app, sessions::end)))
        .at("/settings/security", get(member(app, account::show)))
        .at("/settings/security/totp", post(member(app, account::set_up_factor)))
        .at("/settings/security/totp/remove", post(member(app, account::remove_factor)))
        .at("/settings/security/recovery-codes", post(member(app, account::renew_codes)))
        .at("/settings/security/password", post(member(app, account::change_password)))
        .at("/settings/security/profile", post(member(app, account::save_profile)));
    route
        .at("/settings/retention", get(member(app, server::retention)))
        .at("/settings/addresses", get(member(app, server::addresses)))
        .at("/settings/v1", get(member(app, server::v1)))
        .at("/settings/migrations", get(member(app, server::migrations)).post(member(app, server::announce)))
        .at(
            "/settings/configuration",
            get(member(app, configuration::show)).post(member(app, configuration::plan)),
        )
        .at("/settings/configuration/download", get(member(app, configuration::download)))
        .at("/settings/configuration/apply", post(member(app, configuration::apply)))
        .at("/settings/doctor", get(member(app, doctor::show)).post(member(app, doctor::look)))
        .at("/settings/ai", get(member(app, ai::show)))
}
