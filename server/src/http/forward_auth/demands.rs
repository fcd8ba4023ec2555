//! What the operator demands of requests: parameters in the form of a query.
//!
//! All of them protect, so one that is misspelt, repeated or half given is a fault
//! of the configuration and lets nothing pass. A fault names the parameter and never
//! repeats a value: proxies hand the answer on to clients.

use base::error::{Error, Result};
use base::ids::ApiId;
use domain::verification::{MAX_REQUESTED, RequestedLimit};
use poem::http::header::{AUTHORIZATION, HeaderName};

use super::credential::Place;

/// Bounds as those of `keys.verifyKey` (docs/contract/v2.md#verify-key).
const MAX_PERMISSIONS: usize = 1000;
const MAX_COST: u64 = 1_000_000_000_000;
const MAX_NAME: usize = 255;
const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 512;
/// One place is looked at after the other.
const MAX_PLACES: usize = 4;

/// Where no place is named.
const DEFAULT_PLACE: Place = Place::Authorization;

/// Demands that were read.
pub struct Demands {
    /// Keys of other APIs are refused.
    pub api: ApiId,
    pub permissions: Option<String>,
    /// Credits; 1 when absent.
    pub cost: Option<i64>,
    pub limits: Vec<RequestedLimit>,
    pub tags: Vec<String>,
    /// In the order in which they are looked at.
    pub places: Vec<Place>,
}

impl Demands {
    /// Fails with `invalid_input` for what is not understood as a whole.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut api, mut permissions, mut cost) = (None, None, None);
        let (mut limits, mut tags, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if value.is_empty() || value.contains(['\0', '\u{fffd}']) {
                return Err(fault("a parameter is empty or cannot be read"));
            }
            match &*name {
                "api" => once(&mut api, "`api`", ApiId::from(bounded("api", &value, MAX_NAME)?))?,
                "permissions" => {
                    once(
                        &mut permissions,
                        "`permissions`",
                        bounded("permissions", &value, MAX_PERMISSIONS)?,
                    )?;
                }
                "cost" => once(&mut cost, "`cost`", number("`cost`", &value, MAX_COST)?.cast_signed())?,
                "limit" => add(&mut limits, limit(&value)?)?,
                "tag" => tags.push(bounded("tag", &value, MAX_TAG)?),
                "from" => places.push(place(&value)?),
                _ => return Err(fault("a parameter has a name that is not known")),
            }
        }
        if limits.len() > MAX_REQUESTED || tags.len() > MAX_TAGS || places.len() > MAX_PLACES {
            return Err(fault("a parameter stands there too often"));
        }
        if places.is_empty() {
            places = vec![DEFAULT_PLACE];
        }
        let api = api.ok_or_else(|| fault("`api` is missing: the id of the API whose keys may pass"))?;
        Ok(Self { api, permissions, cost, limits, tags, places })
    }
}

fn fault(what: &str) -> Error {
    Error::invalid(format!("The address of forward auth is not right: {what}."))
}

fn once<T>(slot: &mut Option<T>, what: &str, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(fault(&format!("{what} stands there twice"))),
    }
}

fn bounded(name: &str, value: &str, max: usize) -> Result<String> {
    if value.chars().count() > max {
        return Err(fault(&format!("`{name}` has more than {max} characters")));
    }
    Ok(value.to_owned())
}

/// Of two limits of one name the verification would take the last.
fn add(limits: &mut Vec<RequestedLimit>, limit: RequestedLimit) -> Result<()> {
    if limits.iter().any(|other| other.name == limit.name) {
        return Err(fault("two of `limit` have one name"));
    }
    limits.push(limit);
    Ok(())
}

/// Digits alone: no sign, no space.
fn number(what: &str, text: &str, max: u64) -> Result<u64> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number <= max);
    number.ok_or_else(|| fault(&format!("{what} is no whole number of 0 to {max}")))
}

/// `NAME`, and behind commas `cost=N` or `limit=N` with `duration=MS`.
fn limit(text: &str) -> Result<RequestedLimit> {
    let mut parts = text.split(',');
    let name = bounded("limit", parts.next().unwrap_or_default(), MAX_NAME)?;
    let (mut cost, mut limit, mut duration_ms) = (None, None, None);
    for part in parts {
        let (option, value) = part.split_once('=').unwrap_or((part, ""));
        let number = || number("an option of `limit`", value, i64::MAX.unsigned_abs());
        match option {
            "cost" => once(&mut cost, "`cost` of `limit`", number()?)?,
            "limit" => once(&mut limit, "`limit` of `limit`", number()?)?,
            "duration" => once(&mut duration_ms, "`duration` of `limit`", number()?)?,
            _ => return Err(fault("`limit` has an option that is not known")),
        }
    }
    if name.is_empty() || limit.is_some() != duration_ms.is_some() {
        return Err(fault("`limit` is a name, and has both `limit` and `duration` or neither"));
    }
    Ok(RequestedLimit { name, cost: cost.unwrap_or(1), limit, duration_ms })
}

/// `authorization`, `header:NAME` or `query:NAME`.
fn place(text: &str) -> Result<Place> {
    let unknown = || fault("`from` is `authorization`, `header:NAME` or `query:NAME`");
    match text.split_once(':') {
        None if text == "authorization" => Ok(Place::Authorization),
        Some(("header", name)) => {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unknown())?;
            Ok(if name == AUTHORIZATION { Place::Authorization } else { Place::Header(name) })
        }
        Some(("query", name)) if !name.is_empty() => Ok(Place::Query(bounded("from", name, MAX_NAME)?)),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everything_can_be_said() {
        let text = "api=api_1&permissions=docs.read+AND+%28a+OR+b%29&cost=0&limit=requests\
                    &limit=tokens,cost=5,limit=100,duration=60000&tag=route%3A%2Fx&from=header:X-Api-Key\
                    &from=query:key&from=authorization";
        let demands = Demands::parse(text).unwrap();
        assert_eq!(demands.api.as_str(), "api_1");
        assert_eq!(demands.permissions.as_deref(), Some("docs.read AND (a OR b)"));
        assert_eq!((demands.cost, demands.tags), (Some(0), vec!["route:/x".to_owned()]));
        let limits: Vec<_> = demands
            .limits
            .iter()
            .map(|limit| (limit.name.as_str(), limit.cost, limit.limit, limit.duration_ms))
            .collect();
        assert_eq!(limits, [("requests", 1, None, None), ("tokens", 5, Some(100), Some(60_000))]);
        let header = Place::Header(HeaderName::from_static("x-api-key"));
        assert_eq!(demands.places[..], [header, Place::Query("key".into()), Place::Authorization]);
        assert_eq!(Demands::parse("api=a").unwrap().places[..], [Place::Authorization]);
    }

    #[test]
    fn what_is_half_said_lets_nothing_pass() {
        for text in [
            "",
            "cost=1",
            "api=",
            "api=a&api=a",
            "api=a&permission=p",
            "api=a&Permissions=p",
            "api=a&permissions=",
            "api=a&permissions=p&permissions=q",
            "api=a&cost=",
            "api=a&cost=-1",
            "api=a&cost=+1",
            "api=a&cost=1.0",
            "api=a&cost=1000000000001",
            "api=a&cost=1&cost=1",
            "api=a&limit=",
            "api=a&limit=,cost=1",
            "api=a&limit=x,",
            "api=a&limit=x,cost",
            "api=a&limit=x,limit=1",
            "api=a&limit=x,duration=1",
            "api=a&limit=x,cost=1,cost=2",
            "api=a&limit=x,costs=1",
            "api=a&limit=x&limit=x,cost=2",
            "api=a&from=",
            "api=a&from=Authorization",
            "api=a&from=header:",
            "api=a&from=header:a%20b",
            "api=a&from=query:",
            "api=a&from=cookie:x",
            "api=a&tag=%00",
            "api=a&tag=%ff",
            "api=a&",
            "api=a&x",
        ] {
            let refused = Demands::parse(text);
            // An empty pair says nothing.
            assert_eq!(refused.is_ok(), text == "api=a&", "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_value_is_repeated(value in "[a-z]{12,600}", name in "api|limit|cost|from|tag|x") {
            if let Some(error) = Demands::parse(&format!("{name}={value}&{name}={value}")).err() {
                prop_assert!(!error.detail().contains(&value));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            let _ = Demands::parse(&text);
        }
    }
}
