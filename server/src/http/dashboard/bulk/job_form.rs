//! From the fields of a form to the work of a job. What a row accepts is the
//! domain's to say; here it is only read.

use std::collections::HashSet;

use chrono_tz::Tz;

use crate::http::dashboard::expiry::read_expiry;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::limit_fields::read_limits;
use crate::http::dashboard::metadata;
use domain::bulk::{Limit, Work};
use domain::ratelimit::limits::NewLimit;
use web::texts::bulk as text;

/// Field and what is wrong with it.
pub type Problem = (String, String);

/// The work of an act of `web::pages::keys::ACTS`; `None` for any other.
pub fn work(act: &str, form: &Fields, now_ms: i64, zone: Tz) -> Option<Result<Work, Vec<Problem>>> {
    Some(match act {
        "enable" => Ok(Work::EnableKeys),
        "disable" => Ok(Work::DisableKeys),
        "delete" => Ok(Work::DeleteKeys),
        "expiry" => expiry(form, now_ms, zone).map(|expires_at| Work::SetExpiry { expires_at }),
        "credits" => credits(form).map(|remaining| Work::SetCredits { remaining }),
        "add_credits" => number(form, "amount").and_then(|amount| match amount {
            Some(amount) => Ok(Work::AddCredits { amount }),
            None => Err(problem("amount", text::HOW_MANY)),
        }),
        "limits" => limits(form).map(|limits| Work::SetLimits { limits }),
        "add_roles" => Ok(Work::AddRoles { names: names(form) }),
        "remove_roles" => Ok(Work::RemoveRoles { names: names(form) }),
        "add_permissions" => Ok(Work::AddPermissions { slugs: names(form) }),
        "remove_permissions" => Ok(Work::RemovePermissions { slugs: names(form) }),
        "external_id" => {
            Ok(Work::SetIdentity { external_id: form.given("external_id").map(ToOwned::to_owned) })
        }
        "meta" => metadata::read(form.text("meta"))
            .map(|meta| Work::MergeMeta { meta })
            .map_err(|wrong| problem("meta", &wrong)),
        _ => return None,
    })
}

/// Where a refusal of the domain belongs.
pub fn field_of(work: &Work) -> &'static str {
    match work {
        Work::SetCredits { .. } => "credits",
        Work::AddCredits { .. } => "amount",
        Work::AddRoles { .. } | Work::RemoveRoles { .. } => "others",
        Work::AddPermissions { .. } | Work::RemovePermissions { .. } => "others",
        Work::MergeMeta { .. } => "meta",
        _ => "",
    }
}

fn problem(field: &str, message: &str) -> Vec<Problem> {
    vec![(field.to_owned(), message.to_owned())]
}

fn number(form: &Fields, name: &str) -> Result<Option<i64>, Vec<Problem>> {
    form.number(name).map_err(|message| problem(name, &message))
}

/// Left empty it is no answer: of many keys the bound is not to go by itself.
fn credits(form: &Fields) -> Result<Option<i64>, Vec<Problem>> {
    match (number(form, "credits")?, form.ticked("unlimited")) {
        (None, false) => Err(problem("credits", text::HOW_MANY_OR_UNLIMITED)),
        (Some(_), true) => Err(problem("unlimited", text::EITHER_CREDITS_OR_NO_BOUND)),
        (credits, _) => Ok(credits),
    }
}

fn expiry(form: &Fields, now_ms: i64, zone: Tz) -> Result<Option<i64>, Vec<Problem>> {
    if form.text("expires").is_empty() {
        return Err(problem("expires", text::WHEN));
    }
    read_expiry(form, now_ms, zone).map_err(|(field, message)| problem(field, &message))
}

fn limits(form: &Fields) -> Result<Vec<Limit>, Vec<Problem>> {
    let limit = |limit: NewLimit| Limit {
        name: limit.name,
        limit: limit.limit,
        duration: limit.duration_ms,
        auto_apply: limit.auto_apply,
    };
    let limits: Vec<Limit> = read_limits(form, &[])?.into_iter().map(limit).collect();
    match (limits.is_empty(), form.ticked("no_limits")) {
        (true, false) => Err(problem("no_limits", text::LIMIT_OR_NO_LIMITS)),
        (false, true) => Err(problem("no_limits", text::EITHER_LIMITS_OR_NONE)),
        _ => Ok(limits),
    }
}

/// Those that were ticked and those that were typed, each once.
fn names(form: &Fields) -> Vec<String> {
    let typed = form.raw("others").lines().map(str::trim).filter(|name| !name.is_empty());
    let mut seen = HashSet::new();
    form.all("names").chain(typed).filter(|name| seen.insert(*name)).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use web::pages::keys::ACTS;

    use super::*;

    fn read(act: &str, encoded: &str) -> Result<Work, Vec<Problem>> {
        work(act, &Fields::parse(encoded.as_bytes()), 1000, Tz::UTC).unwrap()
    }

    #[test]
    fn every_act_is_some_work_and_nothing_else_is() {
        for (act, _) in ACTS {
            assert!(work(act, &Fields::default(), 0, Tz::UTC).is_some(), "{act}");
        }
        assert!(work("rotate", &Fields::default(), 0, Tz::UTC).is_none());
    }

    #[test]
    fn fields_become_work() {
        assert_eq!(
            read("expiry", "expires=1d"),
            Ok(Work::SetExpiry { expires_at: Some(1000 + 24 * 60 * 60_000) })
        );
        assert_eq!(read("expiry", "expires=never"), Ok(Work::SetExpiry { expires_at: None }));
        assert_eq!(
            read("expiry", "expires=at&expires_at=1970-01-01T00:01"),
            Ok(Work::SetExpiry { expires_at: Some(60_000) })
        );
        assert_eq!(read("credits", "unlimited=on"), Ok(Work::SetCredits { remaining: None }));
        assert_eq!(read("credits", "credits=5"), Ok(Work::SetCredits { remaining: Some(5) }));
        assert_eq!(
            read("add_roles", "names=a&names=b&others=b%0D%0A+c+%0D%0A"),
            Ok(Work::AddRoles { names: ["a", "b", "c"].map(ToOwned::to_owned).to_vec() })
        );
        let limit = Limit { name: "requests".to_owned(), limit: 1000, duration: 60_000, auto_apply: true };
        assert_eq!(
            read(
                "limits",
                "limits.0.name=&limits.2.name=requests&limits.2.limit=1,000&limits.2.duration=1m&limits.2.auto_apply=on"
            ),
            Ok(Work::SetLimits { limits: vec![limit] })
        );
        let meta = json!({ "plan": null }).as_object().unwrap().clone();
        assert_eq!(read("meta", "meta=%7B%22plan%22%3Anull%7D"), Ok(Work::MergeMeta { meta }));
    }

    #[test]
    fn problems_are_at_their_field() {
        for (act, encoded, field) in [
            ("expiry", "expires=at&expires_at=soon", "expires_at"),
            ("credits", "credits=many", "credits"),
            ("add_credits", "", "amount"),
            ("limits", "limits.0.name=a&limits.0.limit=x", "limits.0.limit"),
            ("limits", "limits.0.name=a&limits.0.limit=1&limits.0.duration=1y", "limits.0.duration"),
            ("meta", "meta=%5B%5D", "meta"),
        ] {
            assert_eq!(read(act, encoded).unwrap_err()[0].0, field, "{act} {encoded}");
        }
    }
}
