//! The setup link, which makes the owner of a new server.

use web::form::FormState;
use web::pages::setup::{SetupView, setup};
use web::paths;
use web::texts::sign_in as text;

use super::error_page::closed_link;
use super::reply::Reply;
use super::sign_in::signed_in;
use super::visitor_request::VisitorRequest;
use base::error::Result;
use base::secret::PlainKey;
use domain::session::{Login, Step};
use domain::users::{MIN_PASSWORD, SetUp};

/// `GET /setup/:token`.
pub async fn setup_page(request: VisitorRequest) -> Result<Reply> {
    let token = request.input.param("token");
    if !request.app.users.setup_link_is_open(token, request.cx.now_ms).await? {
        return Ok(closed_link(&request));
    }
    Ok(Reply::page(setup(&request.frame, &setup_view(token, FormState::default()))))
}

fn setup_view(token: &str, form: FormState) -> SetupView {
    SetupView { token: token.to_owned(), form, min_password: MIN_PASSWORD }
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
        Step::SignedIn(session) => Ok(signed_in(session, paths::start()).notice(text::SERVER_IS_SET_UP)),
        Step::SecondFactor(_) => Ok(Reply::redirect(paths::login())),
    }
}
