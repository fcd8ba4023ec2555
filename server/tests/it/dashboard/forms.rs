//! Every form that the pages lead to: nothing that protects is dropped because it is
//! half filled in, and nobody takes back what somebody else saved meanwhile.
//!
//! The forms are found by following the links of the pages, so that a new one is
//! tested without being named here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base::access::Role;
use poem::http::StatusCode;
use serde_json::json;

use super::browser::{Browser, Control, Form, Page};
use crate::support::TestApp;

/// Where a form is, and where it posts to.
#[derive(Clone, Debug)]
struct Place {
    page: String,
    action: String,
}

/// One of everything that has a form.
async fn furnish(test: &TestApp) -> String {
    let api = test.api().await;
    test.set_recoverable(&api).await;
    let limit = json!([{ "name": "requests", "limit": 30, "duration": 60_000, "autoApply": true }]);
    let permissions = ["docs.read", "docs.write"];
    for slug in permissions {
        test.call("permissions.createPermission", json!({ "name": slug, "slug": slug })).await.data();
    }
    test.call("permissions.createRole", json!({ "name": "reader" })).await.data();
    let identity = json!({ "externalId": "user_0", "meta": { "n": 0 }, "ratelimits": limit,
        "monthlyCredits": 30_000 });
    test.call("identities.createIdentity", identity).await.data();
    let key = json!({
        "name": "key",
        "externalId": "user_0",
        "meta": { "n": 0 },
        "expires": test.app.clock.now_ms() + 86_400_000,
        "credits": { "remaining": 30, "refill": { "interval": "monthly", "amount": 30, "refillDay": 30 } },
        "ratelimits": limit,
        "roles": ["reader"],
        "permissions": ["docs.read"],
    });
    test.key(&api, key).await;
    let limited = json!({ "namespace": "mail", "identifier": "a", "limit": 30, "duration": 60_000 });
    test.call("ratelimit.limit", limited.clone()).await.data();
    let mut raised = limited;
    raised["expires"] = json!(test.app.clock.now_ms() + 30 * 86_400_000);
    test.call("ratelimit.setOverride", raised).await.data();
    let found = test.app.apis.get(&test.operator().await, &api.as_str().into()).await.unwrap();
    let keyspace = found.keyspace_id.as_str();
    let portal = json!({ "slug": "portal", "displayName": "Portal", "keyspaceId": keyspace });
    test.call("portal.createPortal", portal).await.data();
    api
}

/// Follows the links of the pages from the first one on.
async fn crawl(browser: &mut Browser<'_>) -> Vec<Page> {
    let mut known: BTreeSet<String> = ["/", "/workspaces/new"].map(ToOwned::to_owned).into();
    let mut next: VecDeque<String> = known.iter().cloned().collect();
    let mut pages = Vec::new();
    while let Some(path) = next.pop_front() {
        let page = browser.get(&path).await;
        if page.status != StatusCode::OK || page.forms.is_empty() {
            continue;
        }
        for link in &page.links {
            let path = link.split(['?', '#']).next().unwrap_or_default().to_owned();
            let leads_out = ["/docs", "/openapi", "/llms", "/reference", "/assets"];
            let is_page = path.starts_with('/') && !leads_out.iter().any(|out| path.starts_with(out));
            if is_page && known.insert(path.clone()) {
                next.push_back(path);
            }
        }
        pages.push(page);
        assert!(pages.len() < 300, "the pages lead on and on: {known:?}");
    }
    pages
}

/// The forms of all pages that post, each once.
fn forms(pages: &[Page]) -> Vec<(Place, Form)> {
    let mut found = BTreeMap::new();
    for page in pages {
        for form in page.forms.iter().filter(|form| form.is_post) {
            let place = Place { page: page.path.clone(), action: form.action.clone() };
            // The page of its own rather than one that happens to have it, too.
            let is_own = page.path == form.action;
            if is_own || !found.contains_key(&form.action) {
                found.insert(form.action.clone(), (place, form.clone()));
            }
        }
    }
    found.into_values().collect()
}

fn version(form: &Form) -> Option<&str> {
    form.fields.iter().find(|(name, _)| name.starts_with("version")).map(|(_, value)| value.as_str())
}

/// A value that a control may take; one for each `turn`. `None` where it depends on
/// others.
fn other_value(form: &Form, control: &Control, turn: usize) -> Option<String> {
    let name = control.name.rsplit('.').next().unwrap_or_default();
    if control.name.starts_with("limits.") && control.value.is_empty() {
        return None;
    }
    Some(match (control.kind.as_str(), name) {
        ("checkbox" | "file", _) | (_, "task") => return None,
        ("select", _) => {
            // A length is shown as the time it came to.
            let is_length = |option: &str| name == "expires" && option.ends_with(['d', 'h']);
            let others = control.options.iter().filter(|option| !is_length(option));
            let mut others = others.filter(|option| **option != control.value);
            others.nth(turn).cloned()?
        }
        (_, "meta") => format!("{{\n  \"n\": {}\n}}", turn + 1),
        (_, "duration") => format!("{}m", turn + 2),
        (_, "expires_at") => format!("2090-01-0{}T00:00", turn + 1),
        (_, "ip_allowlist") => format!("10.0.0.{}", turn + 1),
        (_, "logo_url") => format!("https://example.com/{turn}.svg"),
        (_, "primary_color") => format!("#00000{turn}"),
        (_, "default_prefix") => format!("p{turn}"),
        (_, "email") => format!("a{turn}@example.com"),
        // Shown as boxes once they are stored.
        (_, "other" | "slugs" | "task_of") if version(form).is_some() => return None,
        // No two things have the same.
        (_, "slugs" | "slug") => {
            let own =
                form.action.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect::<String>();
            format!("slug-{turn}-{own}")
        }
        _ if control.numeric => (21 + turn).to_string(),
        _ => format!("text-{turn}"),
    })
}

fn changed(form: &Form, name: &str, value: &str) -> Vec<(String, String)> {
    let mut fields: Vec<_> = form.fields.iter().filter(|(own, _)| own != name).cloned().collect();
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

fn toggled(form: &Form, control: &Control) -> Vec<(String, String)> {
    let own = (control.name.clone(), control.value.clone());
    let mut fields = form.fields.clone();
    match control.checked {
        true => fields.retain(|field| *field != own),
        false => fields.push(own),
    }
    fields
}

/// What a form sends of a field.
fn sent(form: &Form, name: &str) -> Vec<String> {
    let mut values: Vec<_> =
        form.fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value.clone()).collect();
    values.sort_unstable();
    values
}

/// Two ways to fill in a form, which differ in one control from what is stored, and
/// from each other.
fn two_ways(form: &Form, control: &Control) -> Option<[Vec<(String, String)>; 2]> {
    if control.kind == "checkbox" {
        // The spare row of limits is nothing yet.
        let row = control.name.strip_suffix(".auto_apply").map(|row| format!("{row}.name"));
        if row.is_some_and(|name| sent(form, &name) == [""]) {
            return None;
        }
        // Of a root key that may do everything none counts.
        let mut form = form.clone();
        form.fields.retain(|(name, _)| control.name != "permissions" || name != "full");
        return Some([toggled(&form, control), form.fields]);
    }
    // Without a time there is nothing to choose; the field of the time does.
    if control.name == "expires" && sent(form, "expires_at") == [""] {
        return None;
    }
    // What a field counts with.
    let with: &[(&str, &str)] = match control.name.as_str() {
        "refill_amount" => &[("refill", "monthly"), ("refill_day", "30")],
        "refill_day" => &[("refill", "monthly"), ("refill_amount", "30")],
        "expires_at" => &[("expires", "at")],
        _ => &[],
    };
    let mut form = form.clone();
    for (name, value) in with {
        form.fields = changed(&form, name, value);
    }
    let first = changed(&form, &control.name, &other_value(&form, control, 0)?);
    let second = other_value(&form, control, 1).map(|value| changed(&form, &control.name, &value));
    Some([first, second.unwrap_or_else(|| form.fields.clone())])
}

/// The controls to try: of boxes of one name a few.
fn controls(form: &Form) -> Vec<Control> {
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut few = |control: &&Control| {
        let count = tried.entry(control.name.clone()).or_default();
        *count += 1;
        *count <= 2
    };
    form.controls.iter().filter(|control| few(control)).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_says_what_it_changes_or_makes() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    Browser::of(&test, Role::Viewer).await;
    furnish(&test).await;
    let pages = crawl(&mut owner).await;
    // Neither change what is stored nor show it, or ask for a password or a code.
    let others = [
        "/theme",
        "/views",
        "/sql",
        "/settings/configuration",
        "/search",
        "/explain",
        "/settings/security/password",
        "/settings/security/totp",
        "/workspaces/switch",
        "/export",
    ];
    for (place, form) in forms(&pages) {
        let has = |name: &str| form.fields.iter().any(|(own, _)| own == name);
        let is_known = has("nonce")
            || has("confirm")
            || version(&form).is_some_and(|version| !version.is_empty())
            || form.action.ends_with("/new")
            || others.contains(&form.action.as_str())
            || form.action.ends_with("/keys/bulk");
        assert!(is_known || form.controls.is_empty(), "{place:?} {form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_the_second_is_told_what_the_first_saved() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    Browser::of(&test, Role::Viewer).await;
    furnish(&test).await;
    let pages = crawl(&mut owner).await;
    let edited: Vec<_> = forms(&pages).into_iter().filter(|(_, form)| version(form).is_some()).collect();
    let mut tried = BTreeMap::new();
    for (Place { page, action }, form) in edited {
        for control in controls(&form) {
            let form = owner.get(&page).await.form(&action).clone();
            let now = form.controls.iter().find(|now| now.name == control.name && now.value == control.value);
            let now = now.or_else(|| form.controls.iter().find(|now| now.name == control.name));
            let Some([first, second]) = two_ways(&form, now.unwrap()) else { continue };
            let name = control.name.as_str();
            test.advance_ms(1000);
            let saved = owner.post(&action, &first, &[]).await;
            assert_eq!(saved.status, StatusCode::OK, "{action} {name}: {}", saved.text);
            let stored = sent(owner.get(&page).await.form(&action), name);
            assert_ne!(stored, sent(&form, name), "{action}: {name} was not saved");

            let conflict = owner.post(&action, &second, &[]).await;
            assert_eq!(conflict.status, StatusCode::CONFLICT, "{action} {name}: {}", conflict.text);
            let typed = Form { fields: second, ..Form::default() };
            let again = conflict.form(&action);
            assert_eq!(sent(again, name), sent(&typed, name), "{action}: the input is kept");
            for value in stored.iter().filter(|value| control.kind != "checkbox" && !value.is_empty()) {
                let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(
                    conflict.text.contains(&value),
                    "{action} {name}: {value} is not in {}",
                    conflict.text
                );
            }
            assert_eq!(
                sent(owner.get(&page).await.form(&action), name),
                stored,
                "{action}: nothing is saved"
            );

            let over = owner.post(&action, &again.fields, &[]).await;
            assert_eq!(over.status, StatusCode::OK, "{action} {name}: {}", over.text);
            let stored = sent(owner.get(&page).await.form(&action), name);
            assert_eq!(stored, sent(&typed, name), "{action}: {name} is saved over");
            *tried.entry(action.clone()).or_insert(0) += 1;
        }
    }
    assert!(tried.len() >= 13 && tried.values().sum::<i32>() >= 45, "{tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_saves_at_once_one_is_refused() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    Browser::of(&test, Role::Viewer).await;
    furnish(&test).await;
    let pages = crawl(&mut owner).await;
    let edited = forms(&pages).into_iter().filter(|(_, form)| version(form).is_some());
    let mut tried = 0;
    for (Place { action, .. }, form) in edited {
        let ways = form.controls.iter().filter(|control| control.kind != "checkbox");
        let ways = ways.filter(|control| !control.options.iter().any(|option| option == "none"));
        let Some([first, second]) = ways.filter_map(|control| two_ways(&form, control)).next() else {
            continue;
        };
        let mut other = Browser { test: &test, cookies: owner.cookies.clone() };
        let (one, two) = tokio::join!(owner.post(&action, &first, &[]), other.post(&action, &second, &[]));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT], "{action}: {} {}", one.text, two.text);
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}

/// Ways to fill in fields that protect by halves, or with what does not protect.
const HALVES: [&[(&str, &str)]; 33] = [
    &[("limits.*.name", "a"), ("limits.*.limit", "5")],
    &[("limits.*.name", "a"), ("limits.*.duration", "1m")],
    &[("limits.*.limit", "5"), ("limits.*.duration", "1m")],
    &[("limits.*.name", "a")],
    &[("limits.*.limit", "5")],
    &[("limits.*.duration", "1m")],
    &[("limits.*.name", "a"), ("limits.*.limit", "many"), ("limits.*.duration", "1m")],
    &[("limits.*.name", "a"), ("limits.*.limit", "0"), ("limits.*.duration", "1m")],
    &[("limits.*.name", "a"), ("limits.*.limit", "5"), ("limits.*.duration", "60")],
    &[("limits.*.name", "a"), ("limits.*.limit", "5"), ("limits.*.duration", "10ms")],
    &[("expires", "never"), ("expires_at", "2090-05-01T00:00")],
    &[("expires", "30d"), ("expires_at", "2090-05-01T00:00")],
    &[("expires", "at"), ("expires_at", "")],
    &[("expires", "at"), ("expires_at", "soon")],
    &[("expires", "at"), ("expires_at", "2001-01-01T00:00")],
    &[("credits", "many")],
    &[("credits", "-1")],
    &[("credits", "9"), ("refill", "none"), ("refill_amount", "7"), ("refill_day", "")],
    &[("credits", "9"), ("refill", "none"), ("refill_amount", ""), ("refill_day", "7")],
    &[("credits", "9"), ("refill", "daily"), ("refill_amount", ""), ("refill_day", "")],
    &[("credits", "9"), ("refill", "daily"), ("refill_amount", "7"), ("refill_day", "7")],
    &[("credits", "9"), ("refill", "monthly"), ("refill_amount", "7"), ("refill_day", "")],
    &[("credits", "9"), ("refill", "monthly"), ("refill_amount", ""), ("refill_day", "7")],
    &[("credits", ""), ("refill", "daily"), ("refill_amount", "7"), ("refill_day", "")],
    &[("ip_allowlist", " , ")],
    &[("ip_allowlist", "10.0.0.1\nnowhere")],
    &[("limit_per_minute", "many")],
    &[("limit_per_minute", "0")],
    &[("limit", ""), ("duration", "1m")],
    &[("limit", "5"), ("duration", "")],
    &[("limit", "5"), ("duration", "60")],
    &[("amount", "")],
    &[("email", ""), ("role", "viewer")],
];

/// The changes as this form has them, `*` as its last row; `None` where it has not all
/// of them.
fn of_form(form: &Form, half: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    let index =
        |control: &Control| control.name.strip_prefix("limits.")?.split('.').next()?.parse::<u32>().ok();
    let last = form.controls.iter().filter_map(index).max();
    let names = half.iter().map(|(name, value)| {
        let name = name.replace('*', &last.unwrap_or_default().to_string());
        let is_there = form.controls.iter().any(|control| control.name == name);
        is_there.then(|| (name, (*value).to_owned()))
    });
    names.collect()
}

async fn refuses_halves(browser: &mut Browser<'_>, form: &Form, tried: &mut BTreeSet<String>) {
    let needed = form.controls.iter().filter(|control| control.required && control.value.is_empty());
    let needed: Vec<_> =
        needed.filter_map(|control| Some((control.name.clone(), other_value(form, control, 0)?))).collect();
    for half in HALVES {
        let Some(changes) = of_form(form, half) else { continue };
        // A field of its own name elsewhere, such as the address of somebody new.
        if changes.iter().any(|(name, _)| name == "email") && !form.action.ends_with("/invite") {
            continue;
        }
        let mut filled = form.clone();
        for (name, value) in needed.iter().chain(&changes) {
            filled.fields = changed(&filled, name, value);
        }
        let entries = browser.test.audit_entries().await;
        let page = browser.post(&form.action, &filled.fields, &[]).await;
        let what = format!("{} {changes:?}", form.action);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", page.text);
        assert_eq!(browser.test.audit_entries().await, entries, "{what}: nothing is done");
        let again = page.form(&form.action);
        for (name, value) in &changes {
            assert_eq!(sent(again, name), std::slice::from_ref(value), "{what}: the input is kept");
        }
        let is_near = |name: &str| changes.iter().any(|(own, _)| own == name) || shares_row(&changes, name);
        let wrong: Vec<_> = again.controls.iter().filter(|control| control.invalid).collect();
        assert!(wrong.iter().any(|control| is_near(&control.name)), "{what}: {wrong:?} {}", page.text);
        tried.insert(format!("{half:?}"));
    }
}

/// Whether a field is of the row of limits that was changed.
fn shares_row(changes: &[(String, String)], name: &str) -> bool {
    let row = |name: &str| name.rsplit_once('.').map(|(row, _)| row.to_owned());
    row(name).is_some() && changes.iter().any(|(own, _)| row(own) == row(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_protects_is_dropped_when_it_is_half_filled_in() {
    let test = TestApp::start().await;
    let mut owner = Browser::of(&test, Role::Owner).await;
    Browser::of(&test, Role::Viewer).await;
    let api = furnish(&test).await;
    let pages = crawl(&mut owner).await;
    let mut tried = BTreeSet::new();
    for (_, form) in forms(&pages) {
        refuses_halves(&mut owner, &form, &mut tried).await;
    }
    // The pages of acts on many keys are the answer to a form.
    let list = owner.get(&format!("/apis/{api}/keys")).await;
    let bulk = format!("/apis/{api}/keys/bulk");
    for act in ["expiry", "credits", "add_credits", "limits"] {
        let mut fields = list.form(&bulk).fields.clone();
        fields.retain(|(name, _)| name != "act");
        fields
            .extend([("act", act), ("all_matching", "on")].map(|(name, value)| (name.into(), value.into())));
        let preview = owner.post(&bulk, &fields, &[]).await;
        assert_eq!(preview.status, StatusCode::OK, "{act}: {}", preview.text);
        refuses_halves(&mut owner, preview.form(&bulk), &mut tried).await;
        if act == "credits" {
            owner.submit(&preview, &bulk, &[]).await.refuses("How many? Or tick");
            let both = [("credits", "5"), ("unlimited", "on")];
            owner.submit(&preview, &bulk, &both).await.refuses("Either credits or no bound");
        }
        if act == "expiry" {
            owner.submit(&preview, &bulk, &[]).await.refuses("When?");
        }
        if act == "limits" {
            let none = owner.submit(&preview, &bulk, &[]).await;
            none.refuses("Fill in a limit, or tick this");
            let limit = [("limits.0.name", "a"), ("limits.0.limit", "5"), ("limits.0.duration", "1m")];
            let both = [&limit[..], &[("no_limits", "on")]].concat();
            owner.submit(&preview, &bulk, &both).await.refuses("Either limits or none");
        }
    }
    let missed: Vec<_> =
        HALVES.iter().map(|half| format!("{half:?}")).filter(|half| !tried.contains(half)).collect();
    assert!(missed.is_empty(), "no form has these: {missed:?}");
}

/// Fields that protect by what is in them.
const PROTECTING: [&str; 5] = ["expires", "monthly_credits", "credits", "ip_allowlist", "limit_per_minute"];

/// Whoever sends a form without one of its fields has said nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_a_field_leaves_what_that_protects() {
    let test = TestApp::start().await;
    furnish(&test).await;
    let mut browser = Browser::of(&test, Role::Owner).await;
    let pages = crawl(&mut browser).await;
    let mut tried = BTreeSet::new();
    for (place, form) in forms(&pages).into_iter().filter(|(_, form)| version(form).is_some()) {
        for name in PROTECTING.into_iter().filter(|name| form.value(name).is_some_and(|set| !set.is_empty()))
        {
            let before = browser.get(&place.page).await.form(&place.action).clone();
            let mut bare = before.filled::<&str>(&[]);
            bare.retain(|(own, _)| own != name);
            browser.post(&place.action, &bare, &[]).await;
            let after = browser.get(&place.page).await.form(&place.action).clone();
            assert_eq!(after.value(name), before.value(name), "{}: {name}", place.action);
            tried.insert(name);
        }
    }
    assert!(["expires", "monthly_credits", "credits"].iter().all(|name| tried.contains(name)), "{tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_typed_limits() {
    let test = TestApp::start().await;
    let mut operator = Browser::of(&test, Role::Operator).await;
    let api = test.api().await;
    let new = format!("/apis/{api}/keys/new");
    let page = operator.get(&new).await;
    page.shows("To every verification.");
    let limit = [("limits.0.name", "requests"), ("limits.0.limit", "2"), ("limits.0.duration", "1h")];
    let made = operator.submit(&page, &new, &limit).await;
    let secret = made.html.split("data-secret=\"\"").nth(1).expect("the page shows a secret");
    let secret = secret.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(test.verify(secret).await["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes, ["VALID", "VALID", "RATE_LIMITED", "RATE_LIMITED"]);

    // Another row is ticked as well, and one that was unticked stays so.
    let page = operator.get(&new).await;
    let mut fields = page.form(&new).fields.clone();
    fields.retain(|(name, _)| name != "limits.0.auto_apply");
    for (name, value) in limit.into_iter().chain([("more", "limits")]) {
        fields.retain(|(own, _)| own != name);
        fields.push((name.to_owned(), value.to_owned()));
    }
    let more = operator.post(&new, &fields, &[]).await;
    let form = more.form(&new);
    assert_eq!(sent(form, "limits.0.auto_apply"), Vec::<String>::new());
    assert_eq!(sent(form, "limits.1.auto_apply"), ["on"]);
}
