//! The fields of a key's form: from what is stored, and to what is wanted.

use chrono_tz::Tz;
use serde_json::{Map, Value};
use web::form::{FormState, ON, VERSION};
use web::texts::{common, key_form as text};

use crate::http::dashboard::expiry::{expiry_values, read_expiry};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::form_errors::{FieldNames, field_of};
use crate::http::dashboard::limit_fields::{limit_values, read_limits};
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::metadata;
use base::error::{Code, Error, Field, Result};
use domain::keys::{Interval, KeyDetails, Refill};
use domain::ratelimit::limits::{Limit, NewLimit};

/// A field and what is wrong with it.
pub type Problem = (String, String);

/// Everything that both forms of a key set.
pub struct KeyFields {
    pub name: Option<String>,
    pub external_id: Option<String>,
    pub environment: Option<String>,
    pub enabled: bool,
    pub limits: Vec<NewLimit>,
    /// `None` is unlimited.
    pub credits: Option<i64>,
    pub refill: Option<Refill>,
    pub expires_at: Option<i64>,
    /// Names.
    pub roles: Vec<String>,
    /// Slugs of direct ones.
    pub permissions: Vec<String>,
    pub meta: Map<String, Value>,
}

/// The form of a new key before anything is typed.
pub fn new_values() -> Vec<(String, String)> {
    named(
        [("enabled", ON), ("refill", "none"), ("expires", "never")]
            .map(|(name, value)| (name, value.to_owned())),
    )
}

/// The form of a key as it is stored.
pub fn values(details: &KeyDetails, zone: Tz) -> Result<Vec<(String, String)>> {
    let key = &details.key;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let refill = key.credits.refill.as_ref();
    let credits = number(key.credits.remaining);
    let amount = number(refill.map(|refill| refill.amount));
    let day = number(refill.and_then(|refill| refill.day));
    let [expires, expires_at_before, expires_at] = expiry_values(key.expires_at, zone);
    let mut values = named([
        (VERSION, details.version().as_str().to_owned()),
        ("name", text(&key.name)),
        ("external_id", details.identity.as_ref().map(|one| one.external_id.clone()).unwrap_or_default()),
        ("environment", text(&key.environment)),
        ("credits_before", credits.clone()),
        ("credits", credits),
        ("refill", refill_name(refill).to_owned()),
        ("refill_amount_before", amount.clone()),
        ("refill_amount", amount),
        ("refill_day_before", day.clone()),
        ("refill_day", day),
        expires,
        expires_at_before,
        expires_at,
        ("meta", metadata::shown(&key.meta)?),
    ]);
    if key.enabled {
        values.push(("enabled".to_owned(), ON.to_owned()));
    }
    values.extend(limit_values(&details.limits));
    values.extend(details.roles.iter().map(|name| ("roles".to_owned(), name.clone())));
    let direct = details.direct_permissions.iter();
    values.extend(direct.map(|one| ("permissions".to_owned(), one.slug.clone())));
    Ok(values)
}

fn named<const N: usize>(pairs: [(&str, String); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn refill_name(refill: Option<&Refill>) -> &'static str {
    match refill.map(|refill| refill.interval) {
        None => "none",
        Some(Interval::Daily) => "daily",
        Some(Interval::Monthly) => "monthly",
    }
}

/// What the form asks for, or every field that cannot be read. `stored` are the
/// limits of the key that is changed.
pub fn read(form: &Fields, stored: &[Limit], now_ms: i64, zone: Tz) -> Result<KeyFields, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut note = |field: &str, problem: String| problems.push((field.to_owned(), problem));
    let mut number = |field: &str| match form.number(field) {
        Ok(number) => number,
        Err(problem) => {
            note(field, problem);
            None
        }
    };
    let credits = number("credits");
    let (amount, day) = (number("refill_amount"), number("refill_day"));
    let refill = refill(form, amount, day).unwrap_or_else(|(field, problem)| {
        note(field, problem);
        None
    });
    let expires_at = read_expiry(form, now_ms, zone).unwrap_or_else(|(field, problem)| {
        note(field, problem);
        None
    });
    let meta = form.given("meta").map_or(Ok(Map::new()), metadata::read).unwrap_or_else(|problem| {
        note("meta", problem);
        Map::new()
    });
    let limits = read_limits(form, stored).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let text = |name: &str| form.given(name).map(ToOwned::to_owned);
    let all = |name: &str| form.all(name).map(ToOwned::to_owned).collect();
    Ok(KeyFields {
        name: text("name"),
        external_id: text("external_id"),
        environment: text("environment"),
        enabled: form.ticked("enabled"),
        limits,
        credits,
        refill,
        expires_at,
        roles: all("roles"),
        permissions: all("permissions"),
        meta,
    })
}

type At = (&'static str, String);

/// What no longer counts of the refill that the form was opened with may be left over.
/// Anything else that would not count is refused.
fn refill(form: &Fields, amount: Option<i64>, day: Option<i64>) -> Result<Option<Refill>, At> {
    let wrong = |field, problem: &str| Err((field, problem.to_owned()));
    let is_day_typed = form.touched("refill_day");
    let interval = match form.text("refill") {
        "daily" if is_day_typed => {
            return wrong("refill_day", text::ONLY_MONTHLY_REFILLS_HAVE_A_DAY);
        }
        "daily" => Interval::Daily,
        "monthly" => Interval::Monthly,
        "" | "none" if is_day_typed || form.touched("refill_amount") => {
            return wrong("refill", text::CHOOSE_WHEN_IT_IS_REFILLED);
        }
        "" | "none" => return Ok(None),
        _ => return wrong("refill", common::CHOOSE_ONE_OF_THE_LIST),
    };
    // One that is no number was told of already.
    if amount.is_none() && form.number("refill_amount").is_ok() {
        return wrong("refill_amount", text::SAY_WHAT_IT_IS_REFILLED_TO);
    }
    let day = day.filter(|_| interval == Interval::Monthly);
    if interval == Interval::Monthly && day.is_none() && form.number("refill_day").is_ok() {
        return wrong("refill_day", text::SAY_ON_WHICH_DAY);
    }
    Ok(amount.map(|amount| Refill { interval, amount, day }))
}

pub(super) const FIELDS: &FieldNames = &[
    (Field::Name, "name"),
    (Field::ExternalId, "external_id"),
    (Field::Environment, "environment"),
    (Field::Meta, "meta"),
    (Field::Prefix, "prefix"),
    (Field::RandomBytes, "byte_length"),
    (Field::Credits, "credits"),
    (Field::RefillAmount, "refill_amount"),
    (Field::RefillDay, "refill_day"),
    (Field::Expires, "expires_at"),
    (Field::Roles, "roles"),
    (Field::Permissions, "permissions"),
];

/// The form of a key after the domain refused it.
pub fn refused_form(request: &MemberRequest, error: Error) -> Result<FormState> {
    let field = field_of(&error, FIELDS);
    match error.code() {
        Code::RoleNotFound | Code::PermissionNotFound => {
            Ok(request.form_with(vec![(field.to_owned(), error.detail().to_owned())]))
        }
        _ => request.refused_at(field, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_form(text: &str) -> Result<KeyFields, Vec<Problem>> {
        read(&Fields::parse(text.as_bytes()), &[], 1_000, Tz::UTC)
    }

    #[test]
    fn every_problem_is_at_its_field() {
        let wrong = read_form("credits=x&refill=monthly&refill_amount=&expires=at&expires_at=soon&meta=[]");
        let fields: Vec<_> = wrong.err().unwrap().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["credits", "refill_amount", "expires_at", "meta"]);
        let fields =
            |text| read_form(text).err().unwrap().into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(fields("refill=daily&refill_amount=x"), ["refill_amount"]);
        assert_eq!(fields("refill=monthly&refill_amount=5"), ["refill_day"]);
    }

    #[test]
    fn empty_fields_are_nothing() {
        let read = read_form("name=+&refill_day=+&refill_amount=&refill=none&expires_at=").ok().unwrap();
        assert!(read.name.is_none() && read.credits.is_none() && read.refill.is_none() && !read.enabled);
        let read = read_form("refill=daily&refill_amount=5&credits=1,000&expires=1d").ok().unwrap();
        assert_eq!(read.refill, Some(Refill { interval: Interval::Daily, amount: 5, day: None }));
        assert_eq!((read.credits, read.expires_at), (Some(1000), Some(1_000 + 24 * 60 * 60_000)));
    }

    #[test]
    fn a_refill_that_is_half_given_is_refused() {
        let field = |text: &str, before: &str| {
            let form = Fields::parse(format!("{text}&{before}").as_bytes());
            let number = |name: &str| form.number(name).ok().flatten();
            refill(&form, number("refill_amount"), number("refill_day")).map_err(|(field, _)| field)
        };
        let (left_over, stored) =
            ("refill_amount=5&refill_day=3", "refill_amount_before=5&refill_day_before=3");
        for interval in ["none", ""] {
            assert_eq!(field(&format!("refill={interval}&{left_over}"), stored), Ok(None));
            assert_eq!(field(&format!("refill={interval}&{left_over}"), ""), Err("refill"));
            assert_eq!(field(&format!("refill={interval}&refill_amount=6"), stored), Err("refill"));
            assert_eq!(field(&format!("refill={interval}&refill_day=4"), stored), Err("refill"));
        }
        assert_eq!(field(&format!("refill=daily&{left_over}"), ""), Err("refill_day"));
        let daily = Refill { interval: Interval::Daily, amount: 5, day: None };
        assert_eq!(field(&format!("refill=daily&{left_over}"), stored), Ok(Some(daily)));
        assert_eq!(field("refill=hourly&refill_amount=5", ""), Err("refill"));
    }
}
