//! Settings of new keys under a name: two to begin with, and those that people saved.
//!
//! A preset is an address of the form of a new key, whose fields are the form's. It is kept
//! as a saved view of [`PAGE`], so that it serves every API of the workspace. What is of one
//! key only, its name and whose it is, is not part of a preset, though an address may say it.

use web::form::{FormState, ON};
use web::pages::key_form::{Grantable, KeyChoices, Preset};
use web::paths::{self, Href};
use web::texts::key_form as text;

use super::key_form::new_values;
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::direction_marks::marks_shown;
use base::access::OpCtx;
use base::error::Result;
use domain::users::SaveView;

/// Where keys are made, whatever their API.
pub const PAGE: &str = "/keys/new";

const OFF: &str = "off";

/// Those that are there before anybody saved one: name and fields.
const BUILT_IN: [(&str, &[(&str, &str)]); 2] = [
    (
        text::TRIAL,
        &[
            ("limits.0.name", "requests"),
            ("limits.0.limit", "60"),
            ("limits.0.duration", "1m"),
            ("credits", "1000"),
            ("expires", "30d"),
        ],
    ),
    (
        text::PRODUCTION,
        &[("limits.0.name", "requests"), ("limits.0.limit", "1000"), ("limits.0.duration", "1m")],
    ),
];

/// Fields that a preset holds besides the rows of limits and the switches.
const KEPT: [&str; 12] = [
    "prefix",
    "byte_length",
    "environment",
    "credits",
    "refill",
    "refill_amount",
    "refill_day",
    "expires",
    "expires_at",
    "roles",
    "permissions",
    "meta",
];

/// Fields of one key that an address may say.
const OF_ONE_KEY: [&str; 2] = ["name", "external_id"];

/// Fields that may be there more than once.
const SEVERAL: [&str; 2] = ["roles", "permissions"];

const LIMIT: [&str; 3] = ["name", "limit", "duration"];

/// The form of a new key as an address asks for it. What the address does not say is as in
/// the empty form; what the form does not have is told, because it may be a limit or an end
/// that is not spelt well.
pub fn form_of(query: &Fields) -> FormState {
    let said = query.pairs();
    let is_first = |index: usize, name: &str| !said.iter().take(index).any(|(own, _)| own == name);
    let counts = |(index, (name, _)): &(usize, &(String, String))| {
        is_text(name) && (SEVERAL.contains(&name.as_str()) || is_first(*index, name))
    };
    let mut values: Vec<(String, String)> =
        said.iter().enumerate().filter(counts).map(|(_, pair)| pair.clone()).collect();
    values.extend(new_values().into_iter().filter(|(name, _)| name != "enabled" && !query.has(name)));
    let (mut switches, mut unclear) =
        (vec![("enabled".to_owned(), true), ("recoverable".to_owned(), false)], vec![]);
    switches.extend(limit_rows(said).into_iter().map(|index| (format!("limits.{index}.auto_apply"), true)));
    for (name, default) in &switches {
        let is_on = match (query.has(name), query.text(name)) {
            (true, ON) => true,
            (true, OFF) => false,
            (is_said, _) => {
                unclear.extend(is_said.then_some(name.as_str()));
                *default
            }
        };
        values.extend(is_on.then(|| (name.clone(), ON.to_owned())));
    }
    let mut form = FormState::new(values);
    let is_known = |name: &str| is_text(name) || switches.iter().any(|(own, _)| own == name);
    let unknown: Vec<&str> =
        said.iter().map(|(name, _)| name.as_str()).filter(|name| !is_known(name)).collect();
    let tell = |form: &mut FormState, names: &[&str], say: fn(&str) -> String| {
        if !names.is_empty() {
            form.errors.push((String::new(), say(&names.join(", "))));
        }
    };
    tell(&mut form, &unknown, text::address_has_what_the_form_does_not);
    tell(&mut form, &repeated(said), text::address_says_more_than_once);
    tell(&mut form, &unclear, text::address_says_neither_on_nor_off);
    form
}

/// A form without what it does not offer, such as a role that was deleted since a preset was
/// saved, and told so.
pub fn within(mut form: FormState, choices: &KeyChoices) -> FormState {
    let offers = |all: &[Grantable], value: &str| all.iter().any(|one| one.id == value);
    let is_offered = |(name, value): &(String, String)| match name.as_str() {
        "roles" => offers(&choices.roles, value),
        "permissions" => offers(&choices.permissions, value),
        "recoverable" => choices.recoverable,
        _ => true,
    };
    let (offered, missing): (Vec<_>, Vec<_>) = form.values.into_iter().partition(is_offered);
    form.values = offered;
    if !missing.is_empty() {
        let missing: Vec<_> =
            missing.iter().map(|(name, value)| format!("{name} {}", marks_shown(value))).collect();
        let problem = text::key_would_not_have(&missing.join(", "));
        form.errors.push((String::new(), problem));
    }
    form
}

/// Fields that say one thing and are there more than once.
fn repeated(said: &[(String, String)]) -> Vec<&str> {
    let names = said.iter().map(|(name, _)| name.as_str());
    let mut single: Vec<&str> = names.filter(|name| !SEVERAL.contains(name)).collect();
    single.sort_unstable();
    let mut repeated: Vec<&str> =
        single.iter().zip(single.iter().skip(1)).filter(|(a, b)| a == b).map(|(name, _)| *name).collect();
    repeated.dedup();
    repeated
}

/// The address of what was typed into the form, without what is of one key.
pub fn address_of(form: &Fields) -> Href {
    let kept = form.pairs().iter().filter(|(name, value)| {
        let is_default = matches!((name.as_str(), value.as_str()), ("refill", "none") | ("expires", "never"));
        !value.trim().is_empty() && !is_default && (KEPT.contains(&name.as_str()) || is_limit_field(name))
    });
    let address = kept.fold(Href::local(PAGE).unwrap_or_else(paths::home), |href, (name, value)| {
        href.with(name, value.trim())
    });
    let address = if form.ticked("enabled") { address } else { address.with("enabled", OFF) };
    let address = if form.ticked("recoverable") { address.with("recoverable", ON) } else { address };
    let unapplied = limit_rows(form.pairs())
        .into_iter()
        .map(|index| format!("limits.{index}.auto_apply"))
        .filter(|name| !form.ticked(name));
    unapplied.fold(address, |href, name| href.with(&name, OFF))
}

/// Those of the workspace for this API, those people saved first.
pub async fn presets(request: &MemberRequest, api: &str) -> Result<Vec<Preset>> {
    let here = paths::new_key(api);
    let saved = request.app.users.views(&request.cx, Some(PAGE)).await?;
    let mut presets: Vec<Preset> = saved
        .into_iter()
        .filter_map(|view| {
            let href = Href::local(&format!("{here}?{}", view.query))?;
            let id = view.is_deletable(&request.cx).then(|| view.id.to_string());
            Some(Preset { name: view.name, href, id, is_shared: view.shared })
        })
        .collect();
    for (name, fields) in BUILT_IN {
        let href = fields.iter().fold(here.clone(), |href, (field, value)| href.with(field, value));
        presets.push(Preset { name: name.to_owned(), href, id: None, is_shared: false });
    }
    Ok(presets)
}

/// Keeps what was typed as a preset. One of the same name and person is replaced.
pub async fn save(request: &MemberRequest, name: &str) -> Result<()> {
    let form = request.form();
    let address = address_of(form);
    let query = address.as_str().split_once('?').map_or("", |(_, query)| query);
    let command = SaveView {
        name: name.to_owned(),
        page: PAGE.to_owned(),
        query: query.to_owned(),
        shared: form.ticked("preset_shared"),
    };
    // The nonce of the form is for the key.
    let cx = OpCtx { idempotency: None, ..request.cx.clone() };
    request.app.users.save_view(&cx, command).await?;
    Ok(())
}

/// A field of the form that is no switch.
fn is_text(name: &str) -> bool {
    KEPT.contains(&name) || OF_ONE_KEY.contains(&name) || is_limit_field(name)
}

fn is_limit_field(name: &str) -> bool {
    row_of(name).is_some_and(|(_, field)| LIMIT.contains(&field))
}

/// Index and field of a field of a limit.
fn row_of(name: &str) -> Option<(usize, &str)> {
    let (index, field) = name.strip_prefix("limits.")?.split_once('.')?;
    let number = index.parse::<usize>().ok().filter(|number| number.to_string() == index)?;
    Some((number, field))
}

/// Indexes of the rows that say anything of a limit.
fn limit_rows(pairs: &[(String, String)]) -> Vec<usize> {
    let said = pairs.iter().filter(|(name, value)| is_limit_field(name) && !value.trim().is_empty());
    let mut rows: Vec<usize> = said.filter_map(|(name, _)| row_of(name)).map(|(index, _)| index).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Fields {
        Fields::parse(text.as_bytes())
    }

    #[test]
    fn an_address_says_what_differs_from_the_empty_form() {
        let form =
            form_of(&parsed("expires=30d&name=a&limits.2.name=x&limits.2.limit=5&limits.2.duration=1m"));
        assert!(form.errors.is_empty());
        let value = |name: &str| form.value(name);
        assert_eq!([value("expires"), value("name"), value("refill")], ["30d", "a", "none"]);
        assert!(form.has("enabled", ON) && form.has("limits.2.auto_apply", ON));
        let off = form_of(&parsed("enabled=off&limits.0.name=x&limits.0.auto_apply=off"));
        assert!(!off.has("enabled", ON) && !off.has("limits.0.auto_apply", ON));
        let unclear = form_of(&parsed("limits.0.name=x&limits.0.auto_apply=true&enabled=off&enabled=on"));
        assert!(!unclear.has("enabled", ON), "the first counts");
        assert!(unclear.has("limits.0.auto_apply", ON), "a limit is meant to limit");
    }

    #[test]
    fn what_is_not_spelt_well_is_told() {
        for wrong in [
            "expire=30d",
            "limits.0.rate=5",
            "limits.x.name=a",
            "Credits=5",
            "limits.-1.name=a",
            "limits.00.name=a",
            "expires=30d&expires=never",
            "enabled=off&enabled=on",
            "enabled=false",
            "limits.7.auto_apply=on",
        ] {
            let form = form_of(&parsed(wrong));
            let name = wrong.split('=').next().unwrap_or_default();
            assert!(form.errors.iter().any(|(_, problem)| problem.contains(name)), "{wrong}");
        }
    }

    #[test]
    fn what_was_typed_comes_back() {
        let typed = "csrf=t&nonce=n&name=mine&external_id=u&enabled=on&refill=monthly&refill_amount=5\
                     &refill_day=3&credits=7&expires=at&expires_at=2030-01-01T00%3A00&roles=a&roles=b\
                     &permissions=p.*&meta=%7B%22a%22%3A1%7D&limits.0.name=&limits.1.name=x\
                     &limits.1.limit=9&limits.1.duration=2h&limits.1.auto_apply=on&limits.3.name=y\
                     &limits.3.limit=1&limits.3.duration=1s&preset_name=p&environment=e&prefix=q&byte_length=20";
        let address = address_of(&parsed(typed)).as_str().to_owned();
        for personal in ["mine", "external_id", "csrf", "nonce", "preset"] {
            assert!(!address.contains(personal), "{personal} in {address}");
        }
        let form = form_of(&parsed(address.split_once('?').unwrap().1));
        assert!(form.errors.is_empty(), "{:?}", form.errors);
        let again = Fields::new(form.values).unwrap();
        assert_eq!(address_of(&again).as_str(), address);
        for name in ["enabled", "limits.1.auto_apply"] {
            assert!(again.ticked(name), "{name}");
        }
        assert!(!again.ticked("limits.3.auto_apply"));
        assert_eq!(again.all("roles").collect::<Vec<_>>(), ["a", "b"]);
    }
}
