//! Signing in, with or without a second factor, and signing out.

use web::form::FormState;
use web::pages::login::{LoginView, SecondFactorView, login, second_factor};
use web::pages::setup::unclaimed;
use web::paths::{self, Href};

use super::cookies::CookieName;
use super::member_request::MemberRequest;
use super::reply::Reply;
use super::visitor_request::VisitorRequest;
use base::error::Result;
use base::secret::PlainKey;
use domain::session::{DEVICE_MS, Login, NewSession, SESSION_MS, SecondStep, Step};

/// How long the second step may take.
const STEP_S: i64 = 5 * 60;

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

/// `POST /logout`.
pub async fn sign_out(request: MemberRequest) -> Result<Reply> {
    request.app.sessions.logout(&request.cx).await?;
    Ok(Reply::redirect(paths::login()).cookie(CookieName::Session, "", 0).cookie(
        CookieName::Workspace,
        "",
        0,
    ))
}

/// Somewhere, with the cookies of a new session.
pub fn signed_in(session: NewSession, to: Href) -> Reply {
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
