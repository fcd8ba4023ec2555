//! From request to response: who it is, whether a form is to be trusted, and
//! what an error looks like.
//!
//! The only place of the dashboard that reads headers. Requests to the dashboard
//! are counted like those to the APIs, but are not in the request log, which is
//! about what clients of this server do.

use std::collections::HashMap;
use std::sync::Arc;

use base::ids::WorkspaceId;
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use poem::http::header::{CONTENT_TYPE, REFERER, USER_AGENT};
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tokio::sync::Semaphore;
use web::pages::error::{ErrorView, bare_error, error as error_page};
use web::paths::{self, Href};
use web::shell::{Frame, May, Shell, Theme, WorkspaceRef};

use super::answer::Answer;
use super::assets::ASSETS;
use super::cookies::Jar;
use super::fields::Fields;
use super::visit::{Guest, Sent, Visit, idempotency};
use super::{flash, guard, upload};
use crate::app::App;
use crate::http::funnel::{self, Call, header};
use base::error::{Code, Error, Result};
use base::grants::Role;
use base::op::{Door, OpCtx, Principal};
use base::secret::PlainKey;
use domain::session::{ANONYMOUS_FORM_MS, Membership, SignedIn};
use domain::users;

/// A form without a file.
const FORM_BYTES: usize = 1 << 20;
/// Longest query of an address: pages repeat it in their links.
const QUERY_BYTES: usize = 8 << 10;
/// Forms with a file that are read at once.
const UPLOADS: usize = 4;

/// What is done for a visitor, whatever the type of its future is: all that is
/// around handlers is compiled once, not once for each of them.
type Handler<V> = Box<dyn Fn(V) -> BoxFuture<'static, Result<Answer>> + Send + Sync>;

/// A page or an act at its address.
pub struct Page {
    app: Arc<App>,
    handler: Handles,
    /// Places for forms with a file; `None` on the pages that take none.
    uploads: Option<Arc<Semaphore>>,
}

enum Handles {
    Member(Handler<Visit>),
    Guest(Handler<Guest>),
}

/// A page or an act of somebody who signed in. Whoever did not is sent to do so.
pub fn member<F, Fut>(app: &Arc<App>, handler: F) -> Page
where
    F: Fn(Visit) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer>> + Send + 'static,
{
    let handler = Handles::Member(Box::new(move |visit| Box::pin(handler(visit))));
    Page { app: app.clone(), handler, uploads: None }
}

/// As [`member`], and its form may have a file, which the handler takes.
pub fn member_with_file<F, Fut>(app: &Arc<App>, handler: F) -> Page
where
    F: Fn(Visit) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer>> + Send + 'static,
{
    Page { uploads: Some(Arc::new(Semaphore::new(UPLOADS))), ..member(app, handler) }
}

/// A page or an act of anybody.
pub fn guest<F, Fut>(app: &Arc<App>, handler: F) -> Page
where
    F: Fn(Guest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer>> + Send + 'static,
{
    let handler = Handles::Guest(Box::new(move |guest| Box::pin(handler(guest))));
    Page { app: app.clone(), handler, uploads: None }
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let arrival = Arrival::of(self, request).await;
        Ok(match &self.handler {
            Handles::Member(handler) => arrival.visit(handler).await,
            Handles::Guest(handler) => arrival.call(handler).await,
        })
    }
}

/// A request that was read.
struct Arrival {
    app: Arc<App>,
    call: Call,
    headers: HeaderMap,
    is_post: bool,
    sent: Result<Sent>,
    who: Option<Arc<SignedIn>>,
    frame: Frame,
    /// A new token for forms before signing in.
    new_form: Option<String>,
}

impl Arrival {
    async fn of(page: &Page, mut request: Request) -> Self {
        let app = &page.app;
        let call = Call::start(app, &request);
        let headers = request.headers().clone();
        let is_post = request.method() == Method::POST;
        let who = match Jar::Session.read(&app.config, &headers) {
            Some(cookie) => app.sessions.authenticate(cookie, call.now_ms).await.ok(),
            None => None,
        };
        // Strangers send forms, not files.
        let uploads = page.uploads.as_ref().filter(|_| who.is_some());
        let sent = read(app, &mut request, &headers, uploads).await;
        let path = sent.as_ref().map_or("/", |sent| sent.path.as_str());
        let (frame, new_form) = frame(app, &headers, who.as_deref(), path, call.now_ms);
        Self { app: app.clone(), call, headers, is_post, sent, who, frame, new_form }
    }

    async fn call(self, handler: &Handler<Guest>) -> Response {
        let answer = match self.trusted() {
            Ok(sent) => {
                let cx = self.cx("".into(), Principal::Anonymous);
                let (app, frame, who) = (self.app.clone(), self.frame.clone(), self.who.clone());
                self.carry_out(handler(Guest { app, cx, frame, who, sent })).await
            }
            Err(error) => Err(error),
        };
        let answer = answer.unwrap_or_else(|error| self.bare_trouble(error));
        self.finish(answer)
    }

    async fn visit(self, handler: &Handler<Visit>) -> Response {
        let Some(who) = self.who.clone() else {
            let answer = self.to_login();
            return self.finish(answer);
        };
        let chosen = Jar::Workspace.read(&self.app.config, &self.headers);
        let Some(here) = chosen_workspace(&who, chosen) else {
            let message = "You have no role in any workspace of this server.".to_owned();
            let html = bare_error(&self.frame, &ErrorView::Forbidden { message });
            let answer = Answer::page_of(StatusCode::FORBIDDEN, html);
            return self.finish(answer);
        };
        let may_create = self.app.workspaces.lets_create(who.owns_one());
        let shell = shell(&self.frame, &who, here, may_create);
        let answer = match self.trusted() {
            Ok(sent) => {
                let mut cx = self.cx(here.workspace.clone(), who.principal(&here.workspace));
                cx.idempotency = idempotency(&who, &sent);
                let zone = who.time_zone.parse().unwrap_or(Tz::UTC);
                let visit =
                    Visit { app: self.app.clone(), cx, who: who.clone(), shell: shell.clone(), sent, zone };
                self.carry_out(handler(visit)).await
            }
            Err(error) => Err(error),
        };
        let answer = answer.unwrap_or_else(|error| self.trouble(&shell, error));
        self.finish(answer)
    }

    /// A change is a task of its own: a browser that goes away cannot stop it
    /// half-way.
    async fn carry_out(&self, work: BoxFuture<'static, Result<Answer>>) -> Result<Answer> {
        match self.is_post {
            true => tokio::spawn(work).await.map_err(Error::internal)?,
            false => work.await,
        }
    }

    /// What was sent, if a form that was posted is one of ours.
    fn trusted(&self) -> Result<Sent> {
        let sent = match &self.sent {
            Ok(sent) => sent.clone(),
            Err(error) => return Err(Error::new(error.code(), error.detail())),
        };
        if !self.is_post {
            return Ok(sent);
        }
        let is_ours = guard::is_own_origin(&self.app, &self.headers)
            && guard::has_token(&self.app, &self.headers, self.who.as_deref(), &sent, self.call.now_ms);
        if is_ours { Ok(sent) } else { Err(Error::new(Code::Forbidden, STALE)) }
    }

    fn cx(&self, workspace: WorkspaceId, principal: Principal) -> OpCtx {
        OpCtx {
            principal,
            workspace,
            now_ms: self.call.now_ms,
            request_id: self.call.request_id.clone(),
            door: Door::Dashboard,
            address: self.call.address,
            user_agent: header(&self.headers, &USER_AGENT).map(ToOwned::to_owned),
            unrecorded: false,
            idempotency: None,
        }
    }

    /// To where one signs in, and back again afterwards.
    fn to_login(&self) -> Answer {
        let sent = self.sent.as_ref().ok();
        let back = match sent {
            Some(sent) if self.is_post => sent.referer.clone(),
            Some(sent) => {
                let path = Href::local(&sent.path);
                path.map(|path| {
                    sent.query.pairs().iter().fold(path, |href, (name, value)| href.with(name, value))
                })
            }
            None => None,
        };
        let mut login = paths::login();
        if let Some(back) = back.filter(|back| *back != paths::home()) {
            login = login.with("next", back.as_str());
        }
        if Jar::Session.read(&self.app.config, &self.headers).is_some() {
            login = login.with("ended", "1");
        }
        Answer::go(login)
    }

    fn trouble(&self, shell: &Shell, error: Error) -> Answer {
        if error.code() == Code::SessionOver {
            return self.to_login();
        }
        // A form that goes wrong in a way it cannot show leads back to its page.
        if self.is_post && status(error.code()) == StatusCode::BAD_REQUEST {
            let back = self.sent.as_ref().ok().and_then(|sent| sent.referer.clone());
            return Answer::go(back.unwrap_or_else(paths::home)).warning(error.detail());
        }
        self.note(&error);
        Answer::page_of(status(error.code()), error_page(shell, &self.view(&error)))
            .retry_after(error.wait_s())
    }

    fn bare_trouble(&self, error: Error) -> Answer {
        self.note(&error);
        let html = bare_error(&self.frame, &self.view(&error));
        Answer::page_of(status(error.code()), html).retry_after(error.wait_s())
    }

    fn view(&self, error: &Error) -> ErrorView {
        let message = error.detail().to_owned();
        match status(error.code()) {
            StatusCode::FORBIDDEN if message == STALE => ErrorView::StaleForm,
            StatusCode::FORBIDDEN => ErrorView::Forbidden { message },
            StatusCode::NOT_FOUND => ErrorView::NotFound,
            StatusCode::TOO_MANY_REQUESTS => ErrorView::TooMany { message },
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::PAYLOAD_TOO_LARGE => {
                ErrorView::Refused { message }
            }
            _ => ErrorView::Internal { request_id: self.call.request_id.to_string() },
        }
    }

    fn note(&self, error: &Error) {
        if status(error.code()).is_server_error() {
            tracing::error!(request_id = %self.call.request_id, code = error.code().as_str(),
                detail = error.detail(), cause = %error.cause_chain(), "a page failed");
        }
    }

    fn finish(self, answer: Answer) -> Response {
        let answer = match self.new_form {
            Some(token) => answer.cookie(Jar::Form, token, ANONYMOUS_FORM_MS / 1000),
            None => answer,
        };
        let response = answer.into_response(&self.app.config, !self.frame.flashes.is_empty());
        self.app.requests.count(Door::Dashboard, response.status().as_u16(), self.call.watch.elapsed_us());
        response
    }
}

const STALE: &str = "The form is not one that this session was shown.";

/// How an error is answered.
pub(super) fn status(code: Code) -> StatusCode {
    use Code::*;
    match code {
        InsufficientPermissions | Forbidden | WorkspaceDisabled | KeyDisabled => StatusCode::FORBIDDEN,
        KeyNotFound
        | ApiNotFound
        | IdentityNotFound
        | PermissionNotFound
        | RoleNotFound
        | WorkspaceNotFound
        | MigrationNotFound
        | MemberNotFound
        | LinkNotFound
        | ViewNotFound
        | AuditEntryNotFound
        | NamespaceNotFound
        | NamespaceGone
        | OverrideNotFound
        | KeySpaceNotFound
        | JobNotFound
        | PortalNotFound
        | PortalSessionNotFound
        | RouteNotFound
        | RootKeyNotFound => StatusCode::NOT_FOUND,
        TooManyAttempts | QueryQuota | WorkspaceRateLimited => StatusCode::TOO_MANY_REQUESTS,
        SessionOver | PortalTokenMissing => StatusCode::UNAUTHORIZED,
        EditConflict => StatusCode::CONFLICT,
        BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ServiceUnavailable | AnalyticsUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
        InvalidInput
        | ProtectedResource
        | PreconditionFailed
        | AuthMissing
        | AuthMalformed
        | SignInRefused
        | RootKeyExpired
        | PortalExists
        | IdentityExists
        | RoleExists
        | PermissionExists
        | KeyExists
        | RatelimitExists
        | AnalyticsNotConfigured
        | AnalyticsQuery
        | AnalyticsTable
        | AnalyticsFunction
        | AnalyticsQueryType
        | QueryRetention
        | QueryTimeout
        | QueryMemory
        | QueryRows
        | QuerySyntax
        | BodyUnreadable
        | RequestTimeout
        | UnknownKeysRateLimited
        | IdempotencyConflict
        | MethodNotAllowed => StatusCode::BAD_REQUEST,
    }
}

/// What was sent. Of a form with a file only the fields before it are read here.
async fn read(
    app: &App,
    request: &mut Request,
    headers: &HeaderMap,
    uploads: Option<&Arc<Semaphore>>,
) -> Result<Sent> {
    let params: HashMap<String, String> = request.path_params().unwrap_or_default();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default();
    if query.len() > QUERY_BYTES {
        return Err(Error::invalid(format!("The query of an address has at most {QUERY_BYTES} bytes.")));
    }
    let query = Fields::bounded(query.as_bytes())?;
    let (mut form, mut upload) = (Fields::default(), None);
    if request.method() == Method::POST {
        let kind = header(headers, &CONTENT_TYPE).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let places = uploads
                .ok_or_else(|| Error::new(Code::BodyUnreadable, "This form is not one that takes a file."))?;
            (form, upload) = upload::begin(request, places, FORM_BYTES).await?;
        } else {
            form = Fields::bounded(&funnel::read_body(request.take_body(), FORM_BYTES).await?)?;
        }
    }
    let secret = |jar: Jar| jar.read(&app.config, headers).map(|value| PlainKey::new(value.to_owned()));
    let [step, device, portal] = [Jar::Step, Jar::Device, Jar::Portal].map(secret);
    Ok(Sent { path, params, query, form, upload, step, device, portal, referer: referer(app, headers) })
}

/// The page of ours that a request came from, with its query.
fn referer(app: &App, headers: &HeaderMap) -> Option<Href> {
    let referer = header(headers, &REFERER)?;
    let base = funnel::base_url(app, headers);
    let rest = referer.strip_prefix(base.as_str()).or_else(|| referer.strip_prefix(app.origin().as_str()))?;
    Href::local(rest)
}

fn frame(
    app: &App,
    headers: &HeaderMap,
    who: Option<&SignedIn>,
    path: &str,
    now_ms: i64,
) -> (Frame, Option<String>) {
    let (csrf, new_form) = match who {
        Some(who) => (app.sessions.form_token(&who.session), None),
        None => {
            let known = Jar::Form.read(&app.config, headers).unwrap_or_default();
            if app.sessions.is_anonymous_form_token(known, known, now_ms) {
                (known.to_owned(), None)
            } else {
                let token = app.sessions.anonymous_form_token(now_ms);
                (token.clone(), Some(token))
            }
        }
    };
    let theme = match who {
        Some(who) => theme(who.theme),
        None => Theme::System,
    };
    let flash = Jar::Flash.read(&app.config, headers).and_then(flash::decode);
    let frame = Frame {
        assets: ASSETS.clone(),
        csrf,
        theme,
        flashes: flash.into_iter().collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        origin: funnel::base_url(app, headers),
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
fn chosen_workspace<'a>(who: &'a SignedIn, chosen: Option<&str>) -> Option<&'a Membership> {
    let mut open = who.memberships.iter().filter(|membership| membership.enabled);
    let first = open.clone().next();
    open.find(|membership| Some(membership.workspace.as_str()) == chosen).or(first)
}

fn shell(frame: &Frame, who: &SignedIn, here: &Membership, may_create: bool) -> Shell {
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
