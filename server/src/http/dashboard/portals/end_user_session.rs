//! How an end user comes into a portal and goes: the code of a redirect, the
//! cookie, the end of a session.
//!
//! They have no account here. The cookie of their session is all there is, and it
//! opens the one portal it is of.

use poem::http::StatusCode;
use web::pages::portal::closed;
use web::paths::{self, Href};
use web::shell::PortalFrame;

use super::branding::{frame_of, style_of};
use crate::http::dashboard::cookies::CookieName;
use crate::http::dashboard::reply::Reply;
use crate::http::dashboard::visitor_request::VisitorRequest;
use base::access::{OpCtx, Scope};
use base::error::{Code, Result};
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
    pub async fn of(request: &VisitorRequest) -> Result<Option<Self>> {
        let user = Self::anywhere(request).await?;
        Ok(user.filter(|user| user.portal.slug == request.input.param("slug")))
    }

    async fn anywhere(request: &VisitorRequest) -> Result<Option<Self>> {
        let Some(token) = &request.input.portal else { return Ok(None) };
        Self::with_token(request, token.reveal()).await
    }

    async fn with_token(request: &VisitorRequest, token: &str) -> Result<Option<Self>> {
        let session = match request.app.portals.authenticate(token, request.cx.now_ms).await {
            Ok(session) => session,
            Err(error) if error.code() == Code::PortalSessionNotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let portal = request.app.portals.of_session(&session).await?;
        let (principal, workspace) = (session.principal(), session.workspace.clone());
        let cx = OpCtx { principal, workspace, ..request.cx.clone() };
        Ok(Some(Self { portal, session, cx }))
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.session.scopes.contains(&scope)
    }

    pub fn frame(&self, request: &VisitorRequest) -> PortalFrame {
        PortalFrame {
            return_to: self.return_to(),
            usage: self.may(Scope::AnalyticsRead),
            ..frame_of(&self.portal, &request.frame, paths::portal_style(&self.portal.slug))
        }
    }

    fn return_to(&self) -> Option<Href> {
        self.session.return_url.as_deref().and_then(Href::external)
    }
}

/// For whoever has no session here.
pub fn no_session(request: &VisitorRequest) -> Reply {
    Reply::page_with_status(StatusCode::UNAUTHORIZED, closed(&request.frame, None))
}

/// `GET /portal/`: takes the code of a redirect for a session, and its address
/// out of sight.
pub async fn enter(request: VisitorRequest) -> Result<Reply> {
    let Some(code) = request.input.query.given("code") else {
        let user = EndUser::anywhere(&request).await?;
        return Ok(user
            .map_or_else(|| no_session(&request), |user| Reply::redirect(paths::portal(&user.portal.slug))));
    };
    let redeemed = match request.app.portals.redeem(&request.cx, code).await {
        Ok(redeemed) => redeemed,
        Err(error) if error.code() == Code::PortalSessionNotFound => return Ok(no_session(&request)),
        Err(error) => return Err(error),
    };
    let token = redeemed.token.reveal();
    let Some(user) = EndUser::with_token(&request, token).await? else { return Ok(no_session(&request)) };
    let seconds = (redeemed.expires_at - request.cx.now_ms) / 1000;
    Ok(Reply::redirect(paths::portal(&user.portal.slug)).cookie(CookieName::Portal, token, seconds))
}

/// `POST /portal/:slug/logout`.
pub async fn leave(request: VisitorRequest) -> Result<Reply> {
    let Some(user) = EndUser::of(&request).await? else { return Ok(no_session(&request)) };
    request.app.portals.end_own(&user.cx).await?;
    let page = closed(&request.frame, user.return_to().as_ref());
    Ok(Reply::page(page).cookie(CookieName::Portal, "", 0))
}

/// `GET /portal/:slug/brand.css`.
pub async fn style(request: VisitorRequest) -> Result<Reply> {
    match EndUser::of(&request).await? {
        Some(user) => style_of(&user.portal),
        None => Ok(no_session(&request)),
    }
}
