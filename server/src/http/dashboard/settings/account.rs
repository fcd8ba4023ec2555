//! One's own account: second factor, password, name and time zone.
//!
//! Secrets of a second factor are on the page that answers a POST and nowhere
//! else; the page carries a new one back in a token that only this server reads.

use web::form::{FormState, VERSION};
use web::pages::settings::security::{SecondFactor, SecurityView, security};
use web::paths::{self, Href};
use web::trusted::TrustedHtml;

use crate::http::dashboard::answer::Answer;
use crate::http::dashboard::clash::is_clash;
use crate::http::dashboard::visit::Visit;
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use domain::session::Enrolment;
use domain::users::{MIN_PASSWORD, UpdateProfile, profile_version, time_zones};

/// `GET /settings/security`.
pub async fn show(visit: Visit) -> Result<Answer> {
    let factor = standing(&visit).await?;
    Ok(Answer::page(html(&visit, FormState::default(), factor, &[])))
}

/// Where the second factor stood when the request came.
async fn standing(visit: &Visit) -> Result<SecondFactor> {
    if !visit.who.second_factor {
        return Ok(SecondFactor::Off);
    }
    let codes_left = visit.app.sessions.recovery_codes_left(&visit.cx).await?;
    Ok(SecondFactor::On { codes_left: codes_left.cast_signed() })
}

fn html(visit: &Visit, mut form: FormState, second_factor: SecondFactor, codes: &[PlainKey]) -> String {
    // Forms that were not sent show what is stored.
    form.values.extend(profile(visit));
    let view = SecurityView {
        form,
        second_factor,
        codes: codes.iter().map(|code| code.reveal().to_owned()).collect(),
        min_password: MIN_PASSWORD,
        zones: time_zones().map(|zone| (zone.to_owned(), zone.replace('_', " "))).collect(),
    };
    security(&visit.shell, &view)
}

/// What the form of the account has.
fn profile(visit: &Visit) -> Vec<(String, String)> {
    let (name, zone) = (&visit.who.name, &visit.who.time_zone);
    let version = profile_version(name, zone);
    let texts = [(VERSION, version.as_str()), ("name", name), ("zone", zone)];
    texts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The page again, the reason at the field or form that `place` names.
async fn again(visit: &Visit, place: &str, error: Error) -> Result<Answer> {
    let form = visit.refused_at(place, error)?;
    let factor = standing(visit).await?;
    Ok(Answer::again(html(visit, form, factor, &[])))
}

fn secret(visit: &Visit, field: &str) -> PlainKey {
    PlainKey::new(visit.form().raw(field).to_owned())
}

/// `POST /settings/security/totp`: begins with a password, goes on with a code.
pub async fn set_up_factor(visit: Visit) -> Result<Answer> {
    if visit.form().given("sealed").is_some() {
        return confirm_factor(&visit).await;
    }
    match visit.app.sessions.begin_second_factor(&visit.cx, secret(&visit, "password")).await {
        Ok(enrolment) => Ok(Answer::page(html(&visit, FormState::default(), enrolling(&enrolment), &[]))),
        Err(error) => again(&visit, paths::enable_totp().as_str(), error).await,
    }
}

async fn confirm_factor(visit: &Visit) -> Result<Answer> {
    let (sealed, code) = (visit.form().text("sealed"), visit.form().text("code"));
    let sessions = &visit.app.sessions;
    match sessions.enable_second_factor(&visit.cx, sealed, code).await {
        Ok(codes) => {
            let on = SecondFactor::On { codes_left: codes.len() as i64 };
            Ok(Answer::page(html(visit, FormState::default(), on, &codes)))
        }
        Err(error) => match sessions.resume_second_factor(&visit.cx, sealed) {
            Ok(enrolment) => {
                let form = visit.refused_at("code", error)?;
                Ok(Answer::again(html(visit, form, enrolling(&enrolment), &[])))
            }
            // The token is too old: the reason has no field any more.
            Err(_) => again(visit, "", error).await,
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
pub async fn remove_factor(visit: Visit) -> Result<Answer> {
    match visit.app.sessions.disable_second_factor(&visit.cx, visit.form().text("code")).await {
        Ok(()) => Ok(done("Turned the second factor off.")),
        Err(error) => again(&visit, paths::disable_totp().as_str(), error).await,
    }
}

/// `POST /settings/security/recovery-codes`.
pub async fn renew_codes(visit: Visit) -> Result<Answer> {
    match visit.app.sessions.renew_recovery_codes(&visit.cx, visit.form().text("code")).await {
        Ok(codes) => {
            let on = SecondFactor::On { codes_left: codes.len() as i64 };
            Ok(Answer::page(html(&visit, FormState::default(), on, &codes)))
        }
        Err(error) => again(&visit, paths::recovery_codes().as_str(), error).await,
    }
}

/// `POST /settings/security/password`.
pub async fn change_password(visit: Visit) -> Result<Answer> {
    let (current, new) = (secret(&visit, "current"), secret(&visit, "password"));
    match visit.app.sessions.change_password(&visit.cx, current, new).await {
        Ok(()) => Ok(done("Changed the password. Other sessions are over.")),
        Err(error) => {
            let field = if error.code() == Code::InvalidInput { "password" } else { "current" };
            again(&visit, field, error).await
        }
    }
}

/// `POST /settings/security/profile`.
pub async fn save_profile(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let command = UpdateProfile {
        name: Some(form.text("name").to_owned()),
        time_zone: Some(form.text("zone").to_owned()),
        theme: None,
        made_from: Some(visit.made_from(VERSION)),
    };
    match visit.app.users.update_profile(&visit.cx, command).await {
        Ok(()) => Ok(done("Saved.")),
        Err(error) if is_clash(&error) => {
            let form = visit.clash(&profile(&visit), paths::security());
            let factor = standing(&visit).await?;
            Ok(Answer::conflict(html(&visit, form, factor, &[])))
        }
        Err(error) => {
            let field = if error.detail().contains("time zone") { "zone" } else { "name" };
            again(&visit, field, error).await
        }
    }
}

fn done(message: &str) -> Answer {
    let back: Href = paths::security();
    Answer::go(back).saying(message)
}
