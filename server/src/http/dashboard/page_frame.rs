//! What stands around every page: who is signed in, where, and what they may.

use poem::http::HeaderMap;
use web::paths::{self, Href};
use web::shell::{Frame, May, Shell, Theme, WorkspaceRef};

use super::assets::ASSETS;
use super::cookies::CookieName;
use super::flash;
use crate::app::App;
use crate::http::request_lifecycle;
use base::access::Role;
use domain::session::{Membership, SignedIn};
use domain::users;

pub fn frame(
    app: &App,
    headers: &HeaderMap,
    who: Option<&SignedIn>,
    path: &str,
    now_ms: i64,
) -> (Frame, Option<String>) {
    let (csrf, new_form) = match who {
        Some(who) => (app.sessions.form_token(&who.session), None),
        None => {
            let known = CookieName::Form.read(&app.config, headers).unwrap_or_default();
            match app.sessions.anonymous_form_token(known, now_ms) {
                Some(token) => (token, None),
                None => {
                    let cookie = app.sessions.anonymous_form_cookie(now_ms);
                    let token = app.sessions.anonymous_form_token(&cookie, now_ms);
                    (token.unwrap_or_default(), Some(cookie))
                }
            }
        }
    };
    let theme = match who {
        Some(who) => theme(who.theme),
        None => Theme::System,
    };
    let flash = CookieName::Flash.read(&app.config, headers).and_then(flash::decode);
    let frame = Frame {
        assets: ASSETS.clone(),
        csrf,
        theme,
        flashes: flash.into_iter().collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        origin: request_lifecycle::base_url(app, headers),
        back: Href::local(path).unwrap_or_else(paths::home),
    };
    (frame, new_form)
}

fn theme(theme: users::Theme) -> Theme {
    match theme {
        users::Theme::System => Theme::System,
        users::Theme::Light => Theme::Light,
        users::Theme::Dark => Theme::Dark,
        users::Theme::HighContrast => Theme::Contrast,
    }
}

/// The workspace of the cookie if one may enter it, else the first one may.
pub fn chosen_workspace<'a>(who: &'a SignedIn, chosen: Option<&str>) -> Option<&'a Membership> {
    let mut open = who.memberships.iter().filter(|membership| membership.enabled);
    let first = open.clone().next();
    open.find(|membership| Some(membership.workspace.as_str()) == chosen).or(first)
}

pub fn shell(frame: &Frame, who: &SignedIn, here: &Membership, may_create: bool) -> Shell {
    let reference = |membership: &Membership| WorkspaceRef {
        id: membership.workspace.to_string(),
        name: membership.name.clone(),
        slug: membership.slug.clone(),
    };
    let open = who.memberships.iter().filter(|membership| membership.enabled);
    Shell {
        frame: frame.clone(),
        email: who.email.clone(),
        role: here.role.as_str().to_owned(),
        may: May {
            write: here.role >= Role::Operator,
            admin: here.role >= Role::Admin,
            own: here.role >= Role::Owner,
            create_workspace: may_create,
        },
        workspace: reference(here),
        workspaces: open.map(reference).collect(),
    }
}
