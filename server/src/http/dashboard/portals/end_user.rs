//! How an end user comes into a portal and goes: the code of a redirect, the
//! cookie, the end of a session.
//!
//! They have no account here. The cookie of their session is all there is, and it
//! opens the one portal it is of.

use poem::http::StatusCode;
use web::pages::portal::closed;
use web::paths::{self, Href};
use web::shell::PortalFrame;

use super::super::answer::Answer;
use super::super::cookies::Jar;
use super::super::visit::Guest;
use super::look::{frame_of, style_of};
use base::error::{Code, Result};
use base::op::{OpCtx, Scope};
use domain::portals::{Portal, PortalSession};

/// An end user in their portal.
pub struct EndUser {
    pub portal: Portal,
    pub session: PortalSession,
    /// As whom they act.
    pub cx: OpCtx,
}

impl EndUser {
    /// Whoever the cookie is of, if it is of the portal that the path names.
    pub async fn of(guest: &Guest) -> Result<Option<Self>> {
        let user = Self::anywhere(guest).await?;
        Ok(user.filter(|user| user.portal.slug == guest.sent.param("slug")))
    }

    async fn anywhere(guest: &Guest) -> Result<Option<Self>> {
        let Some(token) = &guest.sent.portal else { return Ok(None) };
        Self::with_token(guest, token.reveal()).await
    }

    async fn with_token(guest: &Guest, token: &str) -> Result<Option<Self>> {
        let session = match guest.app.portals.authenticate(token, guest.cx.now_ms).await {
            Ok(session) => session,
            Err(error) if error.code() == Code::PortalSessionNotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let portal = guest.app.portals.of_session(&session).await?;
        let (principal, workspace) = (session.principal(), session.workspace.clone());
        let cx = OpCtx { principal, workspace, ..guest.cx.clone() };
        Ok(Some(Self { portal, session, cx }))
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.session.scopes.contains(&scope)
    }

    pub fn frame(&self, guest: &Guest) -> PortalFrame {
        PortalFrame {
            return_to: self.return_to(),
            usage: self.may(Scope::AnalyticsRead),
            ..frame_of(&self.portal, &guest.frame, paths::portal_style(&self.portal.slug))
        }
    }

    fn return_to(&self) -> Option<Href> {
        self.session.return_url.as_deref().and_then(Href::external)
    }
}

/// For whoever has no session here.
pub fn no_session(guest: &Guest) -> Answer {
    Answer::page_of(StatusCode::UNAUTHORIZED, closed(&guest.frame, None))
}

/// `GET /portal/`: takes the code of a redirect for a session, and its address
/// out of sight.
pub async fn enter(guest: Guest) -> Result<Answer> {
    let Some(code) = guest.sent.query.given("code") else {
        let user = EndUser::anywhere(&guest).await?;
        return Ok(
            user.map_or_else(|| no_session(&guest), |user| Answer::go(paths::portal(&user.portal.slug)))
        );
    };
    let redeemed = match guest.app.portals.redeem(&guest.cx, code).await {
        Ok(redeemed) => redeemed,
        Err(error) if error.code() == Code::PortalSessionNotFound => return Ok(no_session(&guest)),
        Err(error) => return Err(error),
    };
    let token = redeemed.token.reveal();
    let Some(user) = EndUser::with_token(&guest, token).await? else { return Ok(no_session(&guest)) };
    let seconds = (redeemed.expires_at - guest.cx.now_ms) / 1000;
    Ok(Answer::go(paths::portal(&user.portal.slug)).cookie(Jar::Portal, token, seconds))
}

/// `POST /portal/:slug/logout`.
pub async fn leave(guest: Guest) -> Result<Answer> {
    let Some(user) = EndUser::of(&guest).await? else { return Ok(no_session(&guest)) };
    guest.app.portals.end_own(&user.cx).await?;
    let page = closed(&guest.frame, user.return_to().as_ref());
    Ok(Answer::page(page).cookie(Jar::Portal, "", 0))
}

/// `GET /portal/:slug/brand.css`.
pub async fn style(guest: Guest) -> Result<Answer> {
    match EndUser::of(&guest).await? {
        Some(user) => style_of(&user.portal),
        None => Ok(no_session(&guest)),
    }
}
