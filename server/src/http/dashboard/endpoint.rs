//! From request to response: who it is, whether a form is to be trusted, and
//! what an error looks like.
//!
//! With what it calls for that, the only place of the dashboard that reads headers.
//! Requests to the dashboard are counted like those to the APIs, but are not in the
//! request log, which is about what clients of this server do.

use std::sync::Arc;

use base::ids::WorkspaceId;
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use poem::http::header::USER_AGENT;
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tokio::sync::Semaphore;
use web::pages::error::{ErrorView, bare_error, error as error_page};
use web::paths::{self, Href};
use web::shell::{Frame, Shell};
use web::texts::shell as text;

use super::cookies::CookieName;
use super::csrf;
use super::error_page::Failure;
use super::member_request::{MemberRequest, idempotency_key};
use super::page_frame::{chosen_workspace, frame, shell};
use super::reply::Reply;
use super::request_input::{self, RequestInput};
use super::visitor_request::VisitorRequest;
use crate::app::App;
use crate::http::compression::compressed;
use crate::http::request_lifecycle::{RequestStart, header};
use base::access::{Door, OpCtx, Principal};
use base::error::{Code, Error, Result};
use domain::session::{ANONYMOUS_FORM_MS, SignedIn};

/// Forms with a file that are read at once.
const UPLOADS: usize = 4;

/// A handler, whatever the type of its future is: all that is around handlers is
/// compiled once, not once for each of them.
type Handler<R> = Box<dyn Fn(R) -> BoxFuture<'static, Result<Reply>> + Send + Sync>;

/// A page or an action at its address.
pub struct DashboardEndpoint {
    app: Arc<App>,
    handler: HandlerOf,
    /// Places for forms with a file; `None` on the pages that take none.
    uploads: Option<Arc<Semaphore>>,
}

enum HandlerOf {
    Members(Handler<MemberRequest>),
    Visitors(Handler<VisitorRequest>),
}

/// A page or an action of somebody who signed in. Whoever did not is sent to do so.
pub fn member<F, Fut>(app: &Arc<App>, handler: F) -> DashboardEndpoint
where
    F: Fn(MemberRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply>> + Send + 'static,
{
    let handler = HandlerOf::Members(Box::new(move |request| Box::pin(handler(request))));
    DashboardEndpoint { app: app.clone(), handler, uploads: None }
}

/// As [`member`], and its form may have a file, which the handler takes.
pub fn member_with_file<F, Fut>(app: &Arc<App>, handler: F) -> DashboardEndpoint
where
    F: Fn(MemberRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply>> + Send + 'static,
{
    DashboardEndpoint { uploads: Some(Arc::new(Semaphore::new(UPLOADS))), ..member(app, handler) }
}

/// A page or an action of anybody.
pub fn visitor<F, Fut>(app: &Arc<App>, handler: F) -> DashboardEndpoint
where
    F: Fn(VisitorRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply>> + Send + 'static,
{
    let handler = HandlerOf::Visitors(Box::new(move |request| Box::pin(handler(request))));
    DashboardEndpoint { app: app.clone(), handler, uploads: None }
}

impl Endpoint for DashboardEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let request = DashboardRequest::of(self, request).await;
        Ok(match &self.handler {
            HandlerOf::Members(handler) => request.answer_member(handler).await,
            HandlerOf::Visitors(handler) => request.answer_visitor(handler).await,
        })
    }
}

/// A request that was read.
struct DashboardRequest {
    app: Arc<App>,
    call: RequestStart,
    headers: HeaderMap,
    is_post: bool,
    /// Empty if it could not be read.
    input: RequestInput,
    unreadable: Option<Error>,
    who: Option<Arc<SignedIn>>,
    /// Why it is not known who that is.
    lost: Option<Error>,
    frame: Frame,
    /// A new cookie for forms before signing in.
    new_form: Option<String>,
}

impl DashboardRequest {
    async fn of(endpoint: &DashboardEndpoint, mut request: Request) -> Self {
        let app = &endpoint.app;
        let call = RequestStart::of(app, &request);
        let headers = request.headers().clone();
        let is_post = request.method() == Method::POST;
        let (who, lost) = match signed_in(app, &headers, &call).await {
            Ok(who) => (who, None),
            Err(error) => (None, Some(error)),
        };
        // Strangers send forms, not files.
        let uploads = endpoint.uploads.as_ref().filter(|_| who.is_some());
        let (input, unreadable) = match request_input::read(app, &mut request, &headers, uploads).await {
            Ok(input) => (input, None),
            Err(error) => (RequestInput::default(), Some(error)),
        };
        let (frame, new_form) = frame(app, &headers, who.as_deref(), &input.path, call.now_ms);
        Self { app: app.clone(), call, headers, is_post, input, unreadable, who, lost, frame, new_form }
    }

    async fn answer_visitor(mut self, handler: &Handler<VisitorRequest>) -> Response {
        let reply = match self.trusted() {
            Ok(input) => {
                let cx = self.cx("".into(), Principal::Anonymous);
                let (app, frame, who) = (self.app.clone(), self.frame.clone(), self.who.clone());
                self.carry_out(handler(VisitorRequest { app, cx, frame, who, input })).await
            }
            Err(failure) => Err(failure),
        };
        let reply = reply.unwrap_or_else(|failure| self.bare_error(&failure));
        self.finish(reply).await
    }

    async fn answer_member(mut self, handler: &Handler<MemberRequest>) -> Response {
        let Some(who) = self.who.clone() else {
            let reply = match self.lost.take() {
                Some(error) => self.bare_error(&Failure::Error(error)),
                None => self.to_login(),
            };
            return self.finish(reply).await;
        };
        let _turn = self.app.sessions.turn(&who.user).await;
        let chosen = CookieName::Workspace.read(&self.app.config, &self.headers);
        let Some(here) = chosen_workspace(&who, chosen) else {
            let message = text::NO_ROLE_IN_ANY_WORKSPACE.to_owned();
            let html = bare_error(&self.frame, &ErrorView::Forbidden { message }, false);
            let reply = Reply::page_with_status(StatusCode::FORBIDDEN, html);
            return self.finish(reply).await;
        };
        let may_create = self.app.workspaces.lets_create(who.owns_one());
        let shell = shell(&self.frame, &who, here, may_create);
        let reply = match self.trusted() {
            Ok(input) => {
                let mut cx = self.cx(here.workspace.clone(), who.principal(&here.workspace));
                cx.idempotency = idempotency_key(&who, &input);
                let zone = who.time_zone.parse().unwrap_or(Tz::UTC);
                let (app, who, shell) = (self.app.clone(), who.clone(), shell.clone());
                self.carry_out(handler(MemberRequest { app, cx, who, shell, input, zone })).await
            }
            Err(failure) => Err(failure),
        };
        let reply = reply.unwrap_or_else(|failure| self.error(&shell, failure));
        self.finish(reply).await
    }

    /// A change is a task of its own: a browser that goes away cannot stop it
    /// half-way.
    async fn carry_out(&self, work: BoxFuture<'static, Result<Reply>>) -> Result<Reply, Failure> {
        let done = match self.is_post {
            true => tokio::spawn(work).await.map_err(Error::internal)?,
            false => work.await,
        };
        Ok(done?)
    }

    /// What was sent, if a form that was posted is one of ours.
    fn trusted(&mut self) -> Result<RequestInput, Failure> {
        if let Some(error) = self.unreadable.take() {
            return Err(Failure::Error(error));
        }
        let is_ours = !self.is_post
            || csrf::is_own_origin(&self.app, &self.headers)
                && csrf::has_token(
                    &self.app,
                    &self.headers,
                    self.who.as_deref(),
                    &self.input,
                    self.call.now_ms,
                );
        if is_ours { Ok(self.input.clone()) } else { Err(Failure::StaleForm) }
    }

    fn cx(&self, workspace: WorkspaceId, principal: Principal) -> OpCtx {
        let (now_ms, request_id) = (self.call.now_ms, self.call.request_id.clone());
        OpCtx::new(principal, workspace, now_ms, request_id, Door::Dashboard)
            .from_client(self.call.address, header(&self.headers, &USER_AGENT))
    }

    /// To where one signs in, and back again afterwards.
    fn to_login(&self) -> Reply {
        let input = &self.input;
        let back = if self.is_post {
            input.referer.clone()
        } else {
            let path = Href::local(&input.path);
            path.map(|path| {
                input.query.pairs().iter().fold(path, |href, (name, value)| href.with(name, value))
            })
        };
        let mut login = paths::login();
        if let Some(back) = back.filter(|back| *back != paths::home()) {
            login = login.with("next", back.as_str());
        }
        if CookieName::Session.read(&self.app.config, &self.headers).is_some() {
            login = login.with("ended", "1");
        }
        Reply::redirect(login)
    }

    fn error(&self, shell: &Shell, failure: Failure) -> Reply {
        if let Failure::Error(error) = &failure {
            if error.code() == Code::SessionOver {
                return self.to_login();
            }
            // A form that goes wrong in a way it cannot show leads back to its page.
            if self.is_post && failure.status() == StatusCode::BAD_REQUEST {
                let back = self.input.referer.clone();
                return Reply::redirect(back.unwrap_or_else(paths::home)).warning(error.detail());
            }
        }
        self.error_page(&failure, |view| error_page(shell, view))
    }

    fn bare_error(&self, failure: &Failure) -> Reply {
        self.error_page(failure, |view| bare_error(&self.frame, view, self.who.is_some()))
    }

    fn error_page(&self, failure: &Failure, draw: impl FnOnce(&ErrorView) -> String) -> Reply {
        failure.log(&self.call.request_id);
        let html = draw(&failure.view(&self.call.request_id));
        let page = Reply::page_with_status(failure.status(), html);
        if let Failure::Error(error) = failure { page.remedy(error) } else { page }
    }

    async fn finish(self, answer: Reply) -> Response {
        let is_compressed = answer.is_compressible() && self.may_be_compressed();
        let answer = match self.new_form {
            Some(cookie) => answer.cookie(CookieName::Form, cookie, ANONYMOUS_FORM_MS / 1000),
            None => answer,
        };
        let response = answer.into_response(&self.app.config, !self.frame.flashes.is_empty());
        self.app.requests.count(Door::Dashboard, response.status().as_u16(), self.call.watch.elapsed_us());
        if is_compressed { compressed(&self.headers, response).await } else { response }
    }

    /// Whether the length of the answer may depend on what it says
    /// (docs/security.md#compressed-answers). Secrets are shown to who posts a form, and
    /// at addresses that hold one; whoever comes from another site may have been sent
    /// with a text that is chosen there.
    fn may_be_compressed(&self) -> bool {
        !self.is_post && !self.input.has_secret_address() && csrf::is_own_origin(&self.app, &self.headers)
    }
}

/// Whoever the cookie of a session is of, if it is of one that goes on. Fails when
/// that cannot be looked up.
async fn signed_in(app: &App, headers: &HeaderMap, call: &RequestStart) -> Result<Option<Arc<SignedIn>>> {
    let Some(cookie) = CookieName::Session.read(&app.config, headers) else { return Ok(None) };
    match app.sessions.authenticate(cookie, call.now_ms).await {
        Ok(who) => Ok(Some(who)),
        Err(error) if error.code() == Code::SessionOver => Ok(None),
        Err(error) => Err(error),
    }
}
