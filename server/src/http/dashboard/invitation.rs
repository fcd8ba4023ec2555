//! Invitations to a workspace, as whoever got one sees them.

use web::form::FormState;
use web::pages::invite::{InviteView, invite};
use web::paths;
use web::texts::sign_in as text;

use super::error_page::closed_link;
use super::reply::Reply;
use super::sign_in::signed_in;
use super::visitor_request::VisitorRequest;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::session::{Login, Step};
use domain::users::{MIN_PASSWORD, NewAccount};

/// `GET /invites/:token`.
pub async fn invite_page(request: VisitorRequest) -> Result<Reply> {
    show_invite(&request, FormState::default()).await
}

async fn show_invite(request: &VisitorRequest, mut form: FormState) -> Result<Reply> {
    let token = request.input.param("token");
    let invited = match request.app.users.invited(token, request.cx.now_ms).await {
        Ok(invited) => invited,
        Err(error) if error.code() == Code::LinkNotFound => return Ok(closed_link(request)),
        Err(error) => return Err(error),
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
        let cx =
            OpCtx { principal: who.principal(&who.home), workspace: who.home.clone(), ..request.cx.clone() };
        return match request.app.users.accept(&cx, &token).await {
            Ok(()) => Ok(Reply::redirect(paths::home()).notice(text::YOU_JOINED_THE_WORKSPACE)),
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
        Step::SignedIn(session) => Ok(signed_in(session, paths::home()).notice(text::WELCOME_NOTICE)),
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
