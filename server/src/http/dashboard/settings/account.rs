//! One's own account: second factor, password, name and time zone.
//!
//! Secrets of a second factor are on the page that answers a POST and nowhere
//! else; the page carries a new one back in a token that only this server reads.

use web::form::{FormState, VERSION};
use web::pages::settings::security::{SecondFactor, SecurityView, security};
use web::paths::{self, Href};
use web::texts::{common, security as text};
use web::trusted::TrustedHtml;

use crate::http::dashboard::edit_conflict::{is_edit_conflict, sent_beside_stored};
use crate::http::dashboard::form_errors::field_of;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::{Code, Error, Field, Result};
use base::secret::PlainKey;
use domain::session::Enrolment;
use domain::users::{MIN_PASSWORD, UpdateProfile, profile_version, time_zones};

/// `GET /settings/security`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let factor = standing(&request).await?;
    Ok(Reply::page(html(&request, FormState::default(), factor, &[])))
}

/// Where the second factor stood when the request came.
async fn standing(request: &MemberRequest) -> Result<SecondFactor> {
    if !request.who.second_factor {
        return Ok(SecondFactor::Off);
    }
    let codes_left = request.app.sessions.recovery_codes_left(&request.cx).await?;
    Ok(SecondFactor::On { codes_left: codes_left.cast_signed() })
}

fn html(
    request: &MemberRequest,
    mut form: FormState,
    second_factor: SecondFactor,
    codes: &[PlainKey],
) -> String {
    // Forms that were not sent show what is stored.
    form.values.extend(profile(request));
    let view = SecurityView {
        form,
        second_factor,
        codes: codes.iter().map(|code| code.reveal().to_owned()).collect(),
        min_password: MIN_PASSWORD,
        zones: time_zones().map(|zone| (zone.to_owned(), zone.replace('_', " "))).collect(),
    };
    security(&request.shell, &view)
}

/// What the form of the account has.
fn profile(request: &MemberRequest) -> Vec<(String, String)> {
    let (name, zone) = (&request.who.name, &request.who.time_zone);
    let version = profile_version(name, zone);
    let texts = [(VERSION, version.as_str()), ("name", name), ("zone", zone)];
    texts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The page again, the reason at the field or form that `place` names.
async fn again(request: &MemberRequest, place: &str, error: Error) -> Result<Reply> {
    let form = request.refused_at(place, error)?;
    let factor = standing(request).await?;
    Ok(Reply::form_again(html(request, form, factor, &[])))
}

fn secret(request: &MemberRequest, field: &str) -> PlainKey {
    PlainKey::new(request.form().raw(field).to_owned())
}

/// `POST /settings/security/totp`: begins with a password, goes on with a code.
pub async fn set_up_factor(request: MemberRequest) -> Result<Reply> {
    if request.form().given("sealed").is_some() {
        return confirm_factor(&request).await;
    }
    match request.app.sessions.begin_second_factor(&request.cx, secret(&request, "password")).await {
        Ok(enrolment) => Ok(Reply::page(html(&request, FormState::default(), enrolling(&enrolment), &[]))),
        Err(error) => again(&request, paths::enable_totp().as_str(), error).await,
    }
}

async fn confirm_factor(request: &MemberRequest) -> Result<Reply> {
    let (sealed, code) = (request.form().text("sealed"), request.form().text("code"));
    let sessions = &request.app.sessions;
    match sessions.enable_second_factor(&request.cx, sealed, code).await {
        Ok(codes) => {
            let on = SecondFactor::On { codes_left: codes.len() as i64 };
            Ok(Reply::page(html(request, FormState::default(), on, &codes)))
        }
        Err(error) => match sessions.resume_second_factor(&request.cx, sealed) {
            Ok(enrolment) => {
                let form = request.refused_at("code", error)?;
                Ok(Reply::form_again(html(request, form, enrolling(&enrolment), &[])))
            }
            // The token is too old: the reason has no field any more.
            Err(_) => again(request, "", error).await,
        },
    }
}

fn enrolling(enrolment: &Enrolment) -> SecondFactor {
    SecondFactor::Enrolling {
        qr: TrustedHtml::from_own_markup(enrolment.qr_svg.reveal().to_owned()),
        secret: enrolment.secret.reveal().to_owned(),
        sealed: enrolment.token.reveal().to_owned(),
    }
}

/// `POST /settings/security/totp/remove`.
pub async fn remove_factor(request: MemberRequest) -> Result<Reply> {
    match request.app.sessions.disable_second_factor(&request.cx, request.form().text("code")).await {
        Ok(()) => Ok(done(text::TURNED_THE_SECOND_FACTOR_OFF)),
        Err(error) => again(&request, paths::disable_totp().as_str(), error).await,
    }
}

/// `POST /settings/security/recovery-codes`.
pub async fn renew_codes(request: MemberRequest) -> Result<Reply> {
    match request.app.sessions.renew_recovery_codes(&request.cx, request.form().text("code")).await {
        Ok(codes) => {
            let on = SecondFactor::On { codes_left: codes.len() as i64 };
            Ok(Reply::page(html(&request, FormState::default(), on, &codes)))
        }
        Err(error) => again(&request, paths::recovery_codes().as_str(), error).await,
    }
}

/// `POST /settings/security/password`.
pub async fn change_password(request: MemberRequest) -> Result<Reply> {
    let (current, new) = (secret(&request, "current"), secret(&request, "password"));
    match request.app.sessions.change_password(&request.cx, current, new).await {
        Ok(()) => Ok(done(text::CHANGED_THE_PASSWORD)),
        Err(error) => {
            let field = if error.code() == Code::InvalidInput { "password" } else { "current" };
            again(&request, field, error).await
        }
    }
}

/// `POST /settings/security/profile`.
pub async fn save_profile(request: MemberRequest) -> Result<Reply> {
    let form = request.form();
    let command = UpdateProfile {
        name: Some(form.text("name").to_owned()),
        time_zone: Some(form.text("zone").to_owned()),
        theme: None,
        made_from: Some(request.made_from(VERSION)),
    };
    match request.app.users.update_profile(&request.cx, command).await {
        Ok(()) => Ok(done(common::SAVED)),
        Err(error) if is_edit_conflict(&error) => {
            let form = sent_beside_stored(&request, &profile(&request), paths::security());
            let factor = standing(&request).await?;
            Ok(Reply::conflict(html(&request, form, factor, &[])))
        }
        Err(error) => {
            let fields = [(Field::Name, "name"), (Field::TimeZone, "zone")];
            again(&request, field_of(&error, &fields), error).await
        }
    }
}

fn done(message: &str) -> Reply {
    let back: Href = paths::security();
    Reply::redirect(back).notice(message)
}
