//! Coming in and going out: the setup link, signing in, the second factor,
//! invitations, signing out.

use poem::http::StatusCode;
use web::form::FormState;
use web::pages::error::{ErrorView, bare_error};
use web::pages::invite::{InviteView, invite};
use web::pages::login::{LoginView, SecondFactorView, login, second_factor};
use web::pages::setup::{SetupView, setup, unclaimed};
use web::paths::{self, Href};

use super::answer::Answer;
use super::cookies::Jar;
use super::visit::{Guest, Visit};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::session::{DEVICE_MS, Login, NewSession, SESSION_MS, SecondStep, Step};
use domain::users::{MIN_PASSWORD, NewAccount, SetUp};

/// How long the second step may take.
const STEP_S: i64 = 5 * 60;

/// `GET /setup/:token`.
pub async fn setup_page(guest: Guest) -> Result<Answer> {
    let token = guest.sent.param("token");
    if !guest.app.users.setup_link_is_open(token, guest.cx.now_ms).await? {
        return Ok(closed(&guest));
    }
    Ok(Answer::page(setup(&guest.frame, &setup_view(token, FormState::default()))))
}

fn setup_view(token: &str, form: FormState) -> SetupView {
    SetupView { token: token.to_owned(), form, min_password: MIN_PASSWORD }
}

/// A link that leads nowhere: unknown, used or too old.
fn closed(guest: &Guest) -> Answer {
    let message = "This link is unknown, was used, or has expired. Ask for another, or make one on the command line \
                   of the server: `unkey setup link` before anybody signed in, `unkey user invite` afterwards.";
    let view = ErrorView::Refused { message: message.to_owned() };
    Answer::page_of(StatusCode::NOT_FOUND, bare_error(&guest.frame, &view))
}

/// `POST /setup/:token`: makes the owner and signs them in.
pub async fn set_up(guest: Guest) -> Result<Answer> {
    guest.app.sessions.charge_address(&guest.cx).await?;
    let (token, form) = (guest.sent.param("token"), guest.form());
    let password = PlainKey::new(form.raw("password").to_owned());
    let command = SetUp {
        email: form.text("email").to_owned(),
        name: form.text("name").to_owned(),
        password: password.clone(),
        workspace_name: form.text("workspace").to_owned(),
    };
    let email = command.email.clone();
    if let Err(error) = guest.app.users.set_up(&guest.cx, token, command).await {
        let form = guest.refused(error)?;
        return Ok(Answer::again(setup(&guest.frame, &setup_view(token, form))));
    }
    let login = Login { email, password, device: guest.sent.device.clone() };
    match guest.app.sessions.login(&guest.cx, login).await? {
        Step::SignedIn(session) => {
            Ok(signed_in(session, paths::start()).saying("The server is set up, and you are its owner."))
        }
        Step::SecondFactor(_) => Ok(Answer::go(paths::login())),
    }
}

/// `GET /login`.
pub async fn login_page(guest: Guest) -> Result<Answer> {
    let next = guest.sent.query.text("next").to_owned();
    if guest.who.is_some() {
        return Ok(Answer::go(after(&next)));
    }
    if !guest.app.users.exist().await? {
        return Ok(Answer::page(unclaimed(&guest.frame)));
    }
    let session_ended = guest.sent.query.text("ended") == "1";
    let view = LoginView { form: FormState::default(), next, session_ended };
    Ok(Answer::page(login(&guest.frame, &view)))
}

/// `POST /login`.
pub async fn sign_in(guest: Guest) -> Result<Answer> {
    let form = guest.form();
    let command = Login {
        email: form.text("email").to_owned(),
        password: PlainKey::new(form.raw("password").to_owned()),
        device: guest.sent.device.clone(),
    };
    let next = form.text("next").to_owned();
    match guest.app.sessions.login(&guest.cx, command).await {
        Ok(Step::SignedIn(session)) => Ok(signed_in(session, after(&next))),
        Ok(Step::SecondFactor(step)) => {
            let to = paths::second_factor().with("next", after(&next).as_str());
            Ok(Answer::go(to).cookie(Jar::Step, step.reveal(), STEP_S))
        }
        Err(error) => {
            let view = LoginView { form: guest.refused(error)?, next, session_ended: false };
            Ok(Answer::again(login(&guest.frame, &view)))
        }
    }
}

/// `GET /login/second-factor`.
pub async fn second_factor_page(guest: Guest) -> Result<Answer> {
    if guest.sent.step.is_none() {
        return Ok(Answer::go(paths::login()));
    }
    let next = guest.sent.query.text("next").to_owned();
    Ok(Answer::page(second_factor(&guest.frame, &SecondFactorView { form: FormState::default(), next })))
}

/// `POST /login/second-factor`.
pub async fn second_step(guest: Guest) -> Result<Answer> {
    let Some(step) = &guest.sent.step else { return Ok(Answer::go(paths::login())) };
    let next = guest.form().text("next").to_owned();
    let code = guest.form().text("code");
    let command = SecondStep { token: step.reveal(), code, device: guest.sent.device.as_ref() };
    match guest.app.sessions.second_step(&guest.cx, command).await {
        Ok(session) => Ok(signed_in(session, after(&next))),
        Err(error) => {
            let view = SecondFactorView { form: guest.refused(error)?, next };
            Ok(Answer::again(second_factor(&guest.frame, &view)))
        }
    }
}

/// `GET /invites/:token`.
pub async fn invite_page(guest: Guest) -> Result<Answer> {
    show_invite(&guest, FormState::default()).await
}

async fn show_invite(guest: &Guest, mut form: FormState) -> Result<Answer> {
    let token = guest.sent.param("token");
    let Ok(invited) = guest.app.users.invited(token, guest.cx.now_ms).await else { return Ok(closed(guest)) };
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
        signed_in_as: guest.who.as_ref().map(|who| who.email.clone()),
        form,
        min_password: MIN_PASSWORD,
    };
    let html = invite(&guest.frame, &view);
    Ok(if is_again { Answer::again(html) } else { Answer::page(html) })
}

/// `POST /invites/:token`: joins as who one is, or makes an account.
pub async fn accept_invite(guest: Guest) -> Result<Answer> {
    guest.app.sessions.charge_address(&guest.cx).await?;
    let token = guest.sent.param("token").to_owned();
    if let Some(who) = &guest.who {
        let cx = base::op::OpCtx {
            principal: who.principal(&who.home),
            workspace: who.home.clone(),
            ..guest.cx.clone()
        };
        return match guest.app.users.accept(&cx, &token).await {
            Ok(()) => Ok(Answer::go(paths::home()).saying("You joined the workspace.")),
            Err(error) => show_invite(&guest, refused_invite(&guest, "", error)?).await,
        };
    }
    let form = guest.form();
    let password = PlainKey::new(form.raw("password").to_owned());
    let email = form.text("email").to_owned();
    let account =
        NewAccount { email: email.clone(), name: form.text("name").to_owned(), password: password.clone() };
    if let Err(error) = guest.app.users.accept_as_new(&guest.cx, &token, account).await {
        return show_invite(&guest, refused_invite(&guest, "email", error)?).await;
    }
    let login = Login { email, password, device: guest.sent.device.clone() };
    match guest.app.sessions.login(&guest.cx, login).await? {
        Step::SignedIn(session) => Ok(signed_in(session, paths::home()).saying("Welcome.")),
        Step::SecondFactor(_) => Ok(Answer::go(paths::login())),
    }
}

/// What was typed and why it was refused; an address that was not invited is told so
/// at `field`.
fn refused_invite(guest: &Guest, field: &str, error: Error) -> Result<FormState> {
    if error.code() == Code::Forbidden {
        let errors = vec![(field.to_owned(), error.detail().to_owned())];
        return Ok(FormState { errors, ..guest.form().state() });
    }
    guest.refused(error)
}

/// `POST /logout`.
pub async fn sign_out(visit: Visit) -> Result<Answer> {
    visit.app.sessions.logout(&visit.cx).await?;
    Ok(Answer::go(paths::login()).cookie(Jar::Session, "", 0).cookie(Jar::Workspace, "", 0))
}

fn signed_in(session: NewSession, to: Href) -> Answer {
    Answer::go(to)
        .cookie(Jar::Session, session.cookie.reveal(), SESSION_MS / 1000)
        .cookie(Jar::Device, session.device.reveal(), DEVICE_MS / 1000)
        .cookie(Jar::Step, "", 0)
        .cookie(Jar::Form, "", 0)
}

/// Where to go after signing in: a path of this server.
fn after(next: &str) -> Href {
    Href::local(next).unwrap_or_else(paths::home)
}
