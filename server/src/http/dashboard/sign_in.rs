//! Coming in and going out: the setup link, signing in, the second factor,
//! invitations, signing out.

use poem::http::StatusCode;
use web::form::FormState;
use web::pages::error::{ErrorView, bare_error};
use web::pages::invite::{InviteView, invite};
use web::pages::login::{LoginView, SecondFactorView, login, second_factor};
use web::pages::setup::{SetupView, setup, unclaimed};
use web::paths::{self, Href};

use super::cookies::CookieName;
use super::member_request::{MemberRequest, VisitorRequest};
use super::reply::Reply;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::session::{DEVICE_MS, Login, NewSession, SESSION_MS, SecondStep, Step};
use domain::users::{MIN_PASSWORD, NewAccount, SetUp};

/// How long the second step may take.
const STEP_S: i64 = 5 * 60;

/// `GET /setup/:token`.
pub async fn setup_page(request: VisitorRequest) -> Result<Reply> {
    let token = request.input.param("token");
    if !request.app.users.setup_link_is_open(token, request.cx.now_ms).await? {
        return Ok(closed(&request));
    }
    Ok(Reply::page(setup(&request.frame, &setup_view(token, FormState::default()))))
}

fn setup_view(token: &str, form: FormState) -> SetupView {
    SetupView { token: token.to_owned(), form, min_password: MIN_PASSWORD }
}

/// A link that leads nowhere: unknown, used or too old.
fn closed(request: &VisitorRequest) -> Reply {
    let message = "This link is unknown, was used, or has expired. Ask for another, or make one on the command line \
                   of the server: `unkey setup link` before anybody signed in, `unkey user invite` afterwards.";
    let view = ErrorView::Refused { message: message.to_owned() };
    Reply::page_with_status(StatusCode::NOT_FOUND, bare_error(&request.frame, &view))
}

/// `POST /setup/:token`: makes the owner and signs them in.
pub async fn set_up(request: VisitorRequest) -> Result<Reply> {
    request.app.sessions.charge_address(&request.cx).await?;
    let (token, form) = (request.input.param("token"), request.form());
    let password = PlainKey::new(form.raw("password").to_owned());
    let command = SetUp {
        email: form.text("email").to_owned(),
        name: form.text("name").to_owned(),
        password: password.clone(),
        workspace_name: form.text("workspace").to_owned(),
    };
    let email = command.email.clone();
    if let Err(error) = request.app.users.set_up(&request.cx, token, command).await {
        let form = request.refused(error)?;
        return Ok(Reply::form_again(setup(&request.frame, &setup_view(token, form))));
    }
    let login = Login { email, password, device: request.input.device.clone() };
    match request.app.sessions.login(&request.cx, login).await? {
        Step::SignedIn(session) => {
            Ok(signed_in(session, paths::start()).notice("The server is set up, and you are its owner."))
        }
        Step::SecondFactor(_) => Ok(Reply::redirect(paths::login())),
    }
}

/// `GET /login`.
pub async fn login_page(request: VisitorRequest) -> Result<Reply> {
    let next = request.input.query.text("next").to_owned();
    if request.who.is_some() {
        return Ok(Reply::redirect(after(&next)));
    }
    if !request.app.users.exist().await? {
        return Ok(Reply::page(unclaimed(&request.frame)));
    }
    let session_ended = request.input.query.text("ended") == "1";
    let view = LoginView { form: FormState::default(), next, session_ended };
    Ok(Reply::page(login(&request.frame, &view)))
}

/// `POST /login`.
pub async fn sign_in(request: VisitorRequest) -> Result<Reply> {
    let form = request.form();
    let command = Login {
        email: form.text("email").to_owned(),
        password: PlainKey::new(form.raw("password").to_owned()),
        device: request.input.device.clone(),
    };
    let next = form.text("next").to_owned();
    match request.app.sessions.login(&request.cx, command).await {
        Ok(Step::SignedIn(session)) => Ok(signed_in(session, after(&next))),
        Ok(Step::SecondFactor(step)) => {
            let to = paths::second_factor().with("next", after(&next).as_str());
            Ok(Reply::redirect(to).cookie(CookieName::Step, step.reveal(), STEP_S))
        }
        Err(error) => {
            let view = LoginView { form: request.refused(error)?, next, session_ended: false };
            Ok(Reply::form_again(login(&request.frame, &view)))
        }
    }
}

/// `GET /login/second-factor`.
pub async fn second_factor_page(request: VisitorRequest) -> Result<Reply> {
    if request.input.step.is_none() {
        return Ok(Reply::redirect(paths::login()));
    }
    let next = request.input.query.text("next").to_owned();
    Ok(Reply::page(second_factor(&request.frame, &SecondFactorView { form: FormState::default(), next })))
}

/// `POST /login/second-factor`.
pub async fn second_step(request: VisitorRequest) -> Result<Reply> {
    let Some(step) = &request.input.step else { return Ok(Reply::redirect(paths::login())) };
    let next = request.form().text("next").to_owned();
    let code = request.form().text("code");
    let command = SecondStep { token: step.reveal(), code, device: request.input.device.as_ref() };
    match request.app.sessions.second_step(&request.cx, command).await {
        Ok(session) => Ok(signed_in(session, after(&next))),
        Err(error) => {
            let view = SecondFactorView { form: request.refused(error)?, next };
            Ok(Reply::form_again(second_factor(&request.frame, &view)))
        }
    }
}

/// `GET /invites/:token`.
pub async fn invite_page(request: VisitorRequest) -> Result<Reply> {
    show_invite(&request, FormState::default()).await
}

async fn show_invite(request: &VisitorRequest, mut form: FormState) -> Result<Reply> {
    let token = request.input.param("token");
    let Ok(invited) = request.app.users.invited(token, request.cx.now_ms).await else {
        return Ok(closed(request));
    };
    let is_again = !form.errors.is_empty();
    if let Some(email) = &invited.email {
        // The only one that may accept, whatever was sent.
        form.values.retain(|(name, _)| name != "email");
        form.values.push(("email".to_owned(), email.clone()));
    }
    let view = InviteView {
        token: token.to_owned(),
        workspace: invited.workspace_name,
        role: invited.role.as_str().to_owned(),
        email: invited.email,
        signed_in_as: request.who.as_ref().map(|who| who.email.clone()),
        form,
        min_password: MIN_PASSWORD,
    };
    let html = invite(&request.frame, &view);
    Ok(if is_again { Reply::form_again(html) } else { Reply::page(html) })
}

/// `POST /invites/:token`: joins as who one is, or makes an account.
pub async fn accept_invite(request: VisitorRequest) -> Result<Reply> {
    request.app.sessions.charge_address(&request.cx).await?;
    let token = request.input.param("token").to_owned();
    if let Some(who) = &request.who {
        let cx = base::op::OpCtx {
            principal: who.principal(&who.home),
            workspace: who.home.clone(),
            ..request.cx.clone()
        };
        return match request.app.users.accept(&cx, &token).await {
            Ok(()) => Ok(Reply::redirect(paths::home()).notice("You joined the workspace.")),
            Err(error) => show_invite(&request, refused_invite(&request, "", error)?).await,
        };
    }
    let form = request.form();
    let password = PlainKey::new(form.raw("password").to_owned());
    let email = form.text("email").to_owned();
    let account =
        NewAccount { email: email.clone(), name: form.text("name").to_owned(), password: password.clone() };
    if let Err(error) = request.app.users.accept_as_new(&request.cx, &token, account).await {
        return show_invite(&request, refused_invite(&request, "email", error)?).await;
    }
    let login = Login { email, password, device: request.input.device.clone() };
    match request.app.sessions.login(&request.cx, login).await? {
        Step::SignedIn(session) => Ok(signed_in(session, paths::home()).notice("Welcome.")),
        Step::SecondFactor(_) => Ok(Reply::redirect(paths::login())),
    }
}

/// What was typed and why it was refused; an address that was not invited is told so
/// at `field`.
fn refused_invite(request: &VisitorRequest, field: &str, error: Error) -> Result<FormState> {
    if error.code() == Code::Forbidden {
        let errors = vec![(field.to_owned(), error.detail().to_owned())];
        return Ok(FormState { errors, ..request.form().state() });
    }
    request.refused(error)
}

/// `POST /logout`.
pub async fn sign_out(request: MemberRequest) -> Result<Reply> {
    request.app.sessions.logout(&request.cx).await?;
    Ok(Reply::redirect(paths::login()).cookie(CookieName::Session, "", 0).cookie(
        CookieName::Workspace,
        "",
        0,
    ))
}

fn signed_in(session: NewSession, to: Href) -> Reply {
    Reply::redirect(to)
        .cookie(CookieName::Session, session.cookie.reveal(), SESSION_MS / 1000)
        .cookie(CookieName::Device, session.device.reveal(), DEVICE_MS / 1000)
        .cookie(CookieName::Step, "", 0)
        .cookie(CookieName::Form, "", 0)
}

/// Where to go after signing in: a path of this server.
fn after(next: &str) -> Href {
    Href::local(next).unwrap_or_else(paths::home)
}
