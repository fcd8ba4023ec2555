//! A workspace as one document: exported, planned, applied.

use domain::configuration::{ApplyDocument, Difference, Document};
use poem::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::support::TestApp;

async fn apply(test: &TestApp, document: Value, prune: bool) -> Vec<Difference> {
    let command = ApplyDocument { document: Document::from_json(document).unwrap(), prune, planned: None };
    test.app.configuration.apply(&test.operator().await, &command).await.unwrap()
}

async fn plan(test: &TestApp, document: Value, prune: bool) -> Vec<Difference> {
    let command = ApplyDocument { document: Document::from_json(document).unwrap(), prune, planned: None };
    test.app.configuration.plan(&test.operator().await, &command).await.unwrap()
}

async fn refusal(test: &TestApp, document: Value, prune: bool) -> String {
    let command = ApplyDocument { document: Document::from_json(document).unwrap(), prune, planned: None };
    let cx = test.operator().await;
    let planned = test.app.configuration.plan(&cx, &command).await.unwrap_err();
    let error = test.app.configuration.apply(&cx, &command).await.unwrap_err();
    assert_eq!(planned.detail(), error.detail(), "a plan fails where applying does");
    error.detail().to_owned()
}

async fn exported(test: &TestApp) -> Value {
    test.app.configuration.export(&test.operator().await).await.unwrap().to_json().unwrap()
}

/// What differs, without ids, which a plan makes up.
fn told(differences: &[Difference]) -> Vec<(&str, &str, Option<Value>)> {
    differences.iter().map(|one| (one.event, one.name.as_str(), one.changes.clone())).collect()
}

async fn rows(test: &TestApp, table: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let db = test.app.store.read();
    let sql = format!("SELECT COUNT(*) AS n FROM {table}");
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

fn whole() -> Value {
    json!({
        "version": 1,
        "apis": [
            { "name": "Payments", "defaultPrefix": "pay", "defaultBytes": 24, "ipAllowlist": ["10.0.0.0/8"],
              "recoverable": true, "deleteProtection": false },
            { "name": "Search" },
        ],
        "permissions": [{ "slug": "docs.read", "name": "Read", "description": "reads" }],
        "roles": [{ "name": "editor", "description": "edits", "permissions": ["docs.read", "docs.write"] }],
        "namespaces": [{ "name": "email", "overrides": [
            { "identifier": "premium_*", "limit": 100, "duration": "1m" },
            { "identifier": "bad", "limit": 0, "duration": 1500 },
        ]}],
        "portals": [{ "slug": "customers", "api": "Payments", "displayName": "Keys", "primaryColor": "#112233" }],
    })
}

#[tokio::test]
async fn a_document_is_made_true_once_and_comes_back() {
    let test = TestApp::start().await;
    let (entries, apis) = (rows(&test, "audit_log").await, rows(&test, "apis").await);
    let planned = plan(&test, whole(), false).await;
    assert_eq!(
        (rows(&test, "audit_log").await, rows(&test, "apis").await),
        (entries, apis),
        "a plan is none"
    );
    let made = apply(&test, whole(), false).await;
    assert_eq!(told(&planned), told(&made));
    let events: Vec<&str> = made.iter().map(|difference| difference.event).collect();
    assert_eq!(
        events,
        [
            "api.create",
            "api.update",
            "api.create",
            "permission.create",
            "role.create",
            "permission.create",
            "authorization.connect_role_and_permission",
            "authorization.connect_role_and_permission",
            "ratelimitNamespace.create",
            "ratelimit.set_override",
            "ratelimit.set_override",
            "portal.create",
        ]
    );
    assert_eq!(rows(&test, "audit_log").await, entries + 12);
    assert!(apply(&test, whole(), true).await.is_empty(), "it is true already");
    assert_eq!(rows(&test, "audit_log").await, entries + 12);

    let document = exported(&test).await;
    assert_eq!(document["apis"][0]["ipAllowlist"], json!(["10.0.0.0/8"]));
    assert_eq!(
        document["namespaces"][0]["overrides"][1],
        json!({ "identifier": "premium_*", "limit": 100, "duration": "1m" })
    );
    assert_eq!(document["namespaces"][0]["overrides"][0]["duration"], "1500ms");
    assert_eq!(document["portals"][0]["api"], "Payments");
    assert!(apply(&test, document.clone(), true).await.is_empty());
    let other = TestApp::start().await;
    apply(&other, document.clone(), false).await;
    assert_eq!(exported(&other).await, document);
}

#[tokio::test]
async fn what_is_left_out_stays() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    let before = exported(&test).await;
    for unsaid in [
        json!({ "version": 1 }),
        json!({ "version": 1, "apis": [{ "name": "Payments" }, { "name": "Search" }] }),
        json!({ "version": 1, "roles": [{ "name": "editor" }] }),
        json!({ "version": 1, "namespaces": [{ "name": "email" }] }),
        json!({ "version": 1, "portals": [{ "slug": "customers", "api": "Payments", "displayName": "Keys" }] }),
    ] {
        assert!(apply(&test, unsaid.clone(), true).await.is_empty(), "{unsaid}");
    }
    let some =
        json!({ "version": 1, "apis": [], "permissions": [], "roles": [], "namespaces": [], "portals": [] });
    assert!(apply(&test, some.clone(), false).await.is_empty(), "nothing is deleted unless it is asked for");
    assert_eq!(exported(&test).await, before);
    let gone = apply(&test, some.clone(), true).await;
    assert_eq!(exported(&test).await, some);
    let events: Vec<&str> = gone.iter().map(|difference| difference.event).collect();
    assert_eq!(
        events,
        [
            "portal.delete",
            "ratelimitNamespace.delete",
            "role.delete",
            "permission.delete",
            "permission.delete",
            "api.delete",
            "api.delete",
        ]
    );
}

#[tokio::test]
async fn null_clears_and_other_members_stay() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    let changes = apply(
        &test,
        json!({ "version": 1, "apis": [{ "name": "Payments", "ipAllowlist": "any", "defaultPrefix": null }],
                "permissions": [{ "slug": "docs.read", "description": null }] }),
        false,
    )
    .await;
    assert_eq!(
        told(&changes),
        [
            (
                "api.update",
                "Payments",
                Some(json!({
                    "ipAllowlist": { "before": "10.0.0.0/8", "after": null },
                    "defaultPrefix": { "before": "pay", "after": null },
                }))
            ),
            (
                "permission.update",
                "docs.read",
                Some(json!({ "description": { "before": "reads", "after": null } }))
            ),
        ]
    );
    assert_eq!(exported(&test).await["apis"][0]["defaultBytes"], 24);
}

/// One fault anywhere, and nothing was changed.
#[tokio::test]
async fn a_document_that_fails_changes_nothing() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    apply(&test, json!({ "version": 1, "apis": [{ "name": "Kept", "deleteProtection": true }] }), false)
        .await;
    let before = exported(&test).await;
    let entries = rows(&test, "audit_log").await;
    for (document, prune, told) in [
        (
            json!({ "version": 1, "apis": [{ "name": "A" }, { "name": "B", "defaultBytes": 8 }] }),
            false,
            "apis[1]: Keys of an API",
        ),
        (
            json!({ "version": 1, "apis": [{ "name": "A" }, { "name": "B", "ipAllowlist": [] }] }),
            false,
            "apis[1]: An `ipAllowlist` without",
        ),
        (
            json!({ "version": 1, "apis": [{ "name": "A" }, { "name": "B", "ipAllowlist": ["::1", " "] }] }),
            false,
            "apis[1]: An `ipAllowlist` without",
        ),
        (
            json!({ "version": 1, "apis": [{ "name": "B", "ipAllowlist": ["10.0.0.300"] }] }),
            false,
            "neither an IP address",
        ),
        (json!({ "version": 1, "apis": [{ "id": "api_none", "name": "B" }] }), false, "no API with the id"),
        (
            json!({ "version": 1, "apis": [{ "name": "A" }], "permissions": [{ "slug": "DOCS.read" }] }),
            false,
            "permissions[0]: ",
        ),
        (
            json!({ "version": 1, "apis": [{ "name": "A" }], "roles": [{ "name": "r", "permissions": ["DOCS.read"] }] }),
            false,
            "roles[0]: ",
        ),
        (
            json!({ "version": 1, "namespaces": [{ "name": "new", "overrides": [{ "identifier": "x", "limit": 1, "duration": "1ms" }] }] }),
            false,
            "namespaces[0]: override 'x': The duration",
        ),
        (
            json!({ "version": 1, "apis": [{ "name": "A" }], "portals": [{ "slug": "new", "api": "None", "displayName": "x" }] }),
            false,
            "portals[0]: There is no API 'None'",
        ),
        (json!({ "version": 1, "roles": [], "apis": [] }), true, "delete protection"),
    ] {
        let said = refusal(&test, document.clone(), prune).await;
        assert!(said.contains(told), "{document}: {said}");
        assert_eq!(exported(&test).await, before, "{document}");
    }
    assert_eq!(rows(&test, "audit_log").await, entries);
}

#[tokio::test]
async fn apis_of_one_name_are_told_by_their_ids() {
    let test = TestApp::start().await;
    let (one, two) = (test.api().await, test.api().await);
    let document = exported(&test).await;
    let [first, second] = document["apis"].as_array().unwrap().as_slice() else { panic!("{document}") };
    assert_eq!(first["name"], second["name"]);
    assert_eq!([first["id"].as_str(), second["id"].as_str()], [Some(one.as_str()), Some(two.as_str())]);
    let name = first["name"].clone();
    let said = refusal(&test, json!({ "version": 1, "apis": [{ "name": name }] }), false).await;
    assert!(said.contains("Several APIs are called"), "{said}");
    let renamed =
        apply(&test, json!({ "version": 1, "apis": [{ "id": two.as_str(), "name": "Two" }] }), false).await;
    assert_eq!(
        told(&renamed),
        [("api.update", "Two", Some(json!({ "name": { "before": name, "after": "Two" } })))]
    );
}

/// A raise for a while is no configuration: it is neither exported nor pruned.
#[tokio::test]
async fn overrides_that_end_are_left_alone() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    let ends = test.app.clock.now_ms() + 3_600_000;
    for identifier in ["premium_*", "raised"] {
        let body = json!({ "namespace": "email", "identifier": identifier, "limit": 999, "duration": 60_000, "expires": ends });
        test.call("ratelimit.setOverride", body).await.data();
    }
    let document = exported(&test).await;
    assert_eq!(document["namespaces"][0]["overrides"].as_array().unwrap().len(), 2, "{document}");
    assert!(apply(&test, whole(), true).await.is_empty());
    // Neither the raise nor what it lies over goes by pruning: it may keep somebody out.
    let none = json!({ "version": 1, "namespaces": [{ "name": "email", "overrides": [] }] });
    assert_eq!(told(&apply(&test, none.clone(), true).await).len(), 1);
    assert!(apply(&test, none, true).await.is_empty());
    let listed = test.call("ratelimit.listOverrides", json!({ "namespace": "email" })).await.data();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    test.app.clock.advance_ms(3_600_001);
    let left = exported(&test).await["namespaces"][0]["overrides"].clone();
    assert_eq!(left, json!([{ "identifier": "premium_*", "limit": 100, "duration": "1m" }]));
}

#[tokio::test]
async fn the_rights_are_those_of_each_change() {
    let test = TestApp::start().await;
    let body =
        |plan: bool| json!({ "plan": plan, "document": { "version": 1, "permissions": [{ "slug": "a" }] } });
    let none = test.new_root_key(false, &["api.*.read_api"]).await;
    test.call_as(&none, "configuration.export", json!({})).await.fails(403, "insufficient_permissions");
    test.call_as(&none, "configuration.apply", body(true)).await.fails(403, "insufficient_permissions");
    let other = test.root_key_of_another_workspace().await;
    test.call("configuration.apply", body(false)).await.data();
    let foreign = test.call_as(&other, "configuration.export", json!({})).await.data();
    assert_eq!(foreign["permissions"], json!([]));
}

#[tokio::test]
async fn v2_plans_applies_once_and_exports() {
    let test = TestApp::start().await;
    let body = json!({ "document": whole(), "plan": true });
    let planned = test.call("configuration.apply", body).await.data();
    assert_eq!((&planned["applied"], planned["changes"].as_array().unwrap().len()), (&json!(false), 12));
    let made = test.call("configuration.apply", json!({ "document": whole() })).await;
    let request = made.body["meta"]["requestId"].as_str().unwrap().to_owned();
    let made = made.data();
    assert_eq!(made["applied"], json!(true));
    assert_eq!(made["changes"][1]["fields"]["defaultPrefix"], json!({ "before": null, "after": "pay" }));
    test.assert_one_audit_group(&request, 12).await;
    let again = test.call("configuration.apply", json!({ "document": whole(), "prune": true })).await.data();
    assert_eq!(again["changes"], json!([]));
    assert_eq!(test.call("configuration.export", json!({})).await.data(), exported(&test).await);
    let wrong = test.call("configuration.apply", json!({ "document": { "version": 1, "api": [] } })).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let schema = crate::support::answer(test.client.get("/schema/unkey.json").send().await.0).await;
    assert_eq!(schema.body, Document::schema());
}

/// A new API is deleted with its keys, as by its own operation.
#[tokio::test]
async fn keys_of_a_pruned_api_are_gone_with_the_next_request() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({})).await;
    assert_eq!(test.call("keys.verifyKey", json!({ "key": key })).await.data()["code"], "VALID");
    apply(&test, json!({ "version": 1, "apis": [] }), true).await;
    assert_eq!(test.call("keys.verifyKey", json!({ "key": key })).await.data()["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_pruned_api_takes_its_portal_along() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    let gone = apply(&test, json!({ "version": 1, "apis": [{ "name": "Search" }] }), true).await;
    assert_eq!(told(&gone), [("portal.delete", "customers", None), ("api.delete", "Payments", None)]);
    apply(&test, whole(), false).await;
    let both = json!({ "version": 1, "apis": [], "portals": whole()["portals"] });
    assert!(refusal(&test, both, true).await.contains("The portal customers is of this API"));
    // One whose API was deleted in another way is mended, or pruned.
    let apis = exported(&test).await;
    let api = test.app.apis.list(&test.operator().await).await.unwrap().remove(0);
    test.app.apis.delete(&test.operator().await, &api.id).await.unwrap();
    assert_eq!(exported(&test).await["portals"], json!([]));
    apply(&test, whole(), false).await;
    assert_eq!(exported(&test).await["portals"], apis["portals"]);
    let api = test.app.apis.list(&test.operator().await).await.unwrap();
    let payments = api.iter().find(|api| api.name == "Payments").unwrap();
    test.app.apis.delete(&test.operator().await, &payments.id).await.unwrap();
    let pruned = apply(&test, json!({ "version": 1, "portals": [] }), true).await;
    assert_eq!(told(&pruned), [("portal.delete", "customers", None)]);
}

#[tokio::test]
async fn permissions_that_a_role_grants_are_not_pruned() {
    let test = TestApp::start().await;
    apply(&test, whole(), false).await;
    let roles = exported(&test).await["roles"].clone();
    for left_out in [
        json!({ "version": 1, "permissions": [] }),
        json!({ "version": 1, "permissions": [], "roles": [{ "name": "editor" }] }),
        json!({ "version": 1, "permissions": [], "roles": roles }),
    ] {
        assert!(apply(&test, left_out.clone(), true).await.is_empty(), "{left_out}");
    }
    assert_eq!(apply(&test, json!({ "version": 1, "permissions": [], "roles": [] }), true).await.len(), 3);
}

/// New slugs are as version 2 of the API takes them; those of other doors stay.
#[tokio::test]
async fn a_slug_has_the_form_that_keys_can_carry() {
    let test = TestApp::start().await;
    for slug in ["a b", "\u{e9}", "a/b", "x\ny", "", &"x".repeat(129)] {
        let said = refusal(&test, json!({ "version": 1, "permissions": [{ "slug": slug }] }), false).await;
        assert!(said.starts_with("permissions[0]: The slug"), "{said}");
        let role = json!({ "version": 1, "roles": [{ "name": "r", "permissions": [slug] }] });
        assert!(refusal(&test, role, false).await.starts_with("roles[0]: The slug"));
    }
}

#[tokio::test]
async fn more_than_may_be_done_at_once_is_refused() {
    let test = TestApp::start().await;
    let listed = |count: usize| {
        let entries: Vec<Value> = (0..count).map(|at| json!({ "slug": format!("p.{at}") })).collect();
        json!({ "version": 1, "permissions": entries })
    };
    assert!(refusal(&test, listed(2001), false).await.contains("more than 2000 changes"));
    assert_eq!(apply(&test, listed(2000), false).await.len(), 2000);
    assert_eq!(apply(&test, listed(2001), false).await.len(), 1);
    assert!(refusal(&test, listed(0), true).await.contains("more than 2000 changes"));
}

/// Also one that finds nothing to do has its key and its answer.
#[tokio::test]
async fn an_idempotency_key_names_one_apply() {
    let test = TestApp::start().await;
    let body = |slug: &str| json!({ "document": { "version": 1, "permissions": [{ "slug": slug }] } });
    test.call("configuration.apply", body("a")).await.data();
    let first = test.call_once("configuration.apply", "once", body("a")).await.data();
    assert_eq!(first["changes"], json!([]));
    test.call("permissions.deletePermission", json!({ "permission": "a" })).await.data();
    assert_eq!(test.call_once("configuration.apply", "once", body("a")).await.data(), first);
    assert_eq!(
        test.call_once("configuration.apply", "once", body("b")).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(exported(&test).await["permissions"], json!([]));
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    /// Some of these names.
    fn some(&mut self, of: &[&'static str]) -> Vec<&'static str> {
        of.iter().copied().filter(|_| self.below(2) == 0).collect()
    }

    /// The member left out, null or one of these.
    fn maybe(&mut self, entry: &mut Map<String, Value>, member: &str, values: &[Value]) {
        match self.below(3) {
            0 => {}
            1 => drop(
                entry.insert(member.to_owned(), values[self.below(values.len() as u64) as usize].clone()),
            ),
            _ => drop(entry.insert(member.to_owned(), Value::Null)),
        }
    }

    fn document(&mut self) -> Value {
        const SLUGS: &[&str] = &["a.read", "a.write", "b.*", "c:d", "e-f"];
        let mut apis = Vec::new();
        for name in self.some(&["One", "Two", "Three: #3", "yes"]) {
            let mut entry = Map::new();
            entry.insert("name".into(), name.into());
            self.maybe(&mut entry, "defaultPrefix", &[json!("x"), json!("y_1")]);
            self.maybe(&mut entry, "defaultBytes", &[json!(16), json!(255)]);
            let lists = [json!(["10.0.0.0/8"]), json!(["::1", "192.0.2.7"]), json!("any")];
            if self.below(2) == 0 {
                entry.insert("ipAllowlist".into(), lists[self.below(3) as usize].clone());
            }
            if self.below(2) == 0 {
                entry.insert("recoverable".into(), json!(self.below(2) == 0));
            }
            apis.push(Value::Object(entry));
        }
        let mut permissions = Vec::new();
        for slug in self.some(SLUGS) {
            let mut entry = Map::new();
            entry.insert("slug".into(), slug.into());
            self.maybe(&mut entry, "description", &[json!("one"), json!("two\nlines: 'and' \"more\"")]);
            permissions.push(Value::Object(entry));
        }
        let mut roles = Vec::new();
        for name in self.some(&["admin", "editor", "nobody"]) {
            let granted = self.some(SLUGS);
            roles.push(json!({ "name": name, "permissions": granted, "description": self.one(&["x", "y"]) }));
        }
        let mut namespaces = Vec::new();
        for name in self.some(&["email", "sms"]) {
            let mut overrides = Vec::new();
            for identifier in self.some(&["user_1", "user_*", "*"]) {
                let duration = self.one(&["1s", "90s", "1d"]);
                overrides
                    .push(json!({ "identifier": identifier, "limit": self.below(3), "duration": duration }));
            }
            namespaces.push(json!({ "name": name, "overrides": overrides }));
        }
        let mut document = json!({ "version": 1 });
        for (section, entries) in
            [("apis", apis), ("permissions", permissions), ("roles", roles), ("namespaces", namespaces)]
        {
            if self.below(4) != 0 {
                document[section] = entries.into();
            }
        }
        document
    }
}

/// Whatever there was: a plan says what applying does, applying twice changes nothing,
/// and what is exported says all that the document said.
#[tokio::test]
async fn any_document_is_true_after_it_was_applied() {
    let test = TestApp::start().await;
    let mut random = Random(20);
    for round in 0..40 {
        let document = random.document();
        // Names of deleted namespaces stay taken for a while, so those are never pruned here.
        let prune = random.below(2) == 0;
        let mut asked = document.clone();
        if prune && let Some(namespaces) = asked.get_mut("namespaces").and_then(Value::as_array_mut) {
            for name in ["email", "sms"] {
                if !namespaces.iter().any(|entry| entry["name"] == name) {
                    namespaces.push(json!({ "name": name, "overrides": [] }));
                }
            }
        }
        let planned = plan(&test, asked.clone(), prune).await;
        let made = apply(&test, asked.clone(), prune).await;
        assert_eq!(told(&planned), told(&made), "{round}: {asked}");
        assert!(plan(&test, asked.clone(), prune).await.is_empty(), "{round}: {asked}");
        let is = exported(&test).await;
        for (section, entries) in asked.as_object().unwrap() {
            let Some(entries) = entries.as_array() else { continue };
            for entry in entries {
                assert!(says(&is[section], entry), "{round}: {section}: {entry} is not in {is}");
            }
            if prune && section != "permissions" {
                assert_eq!(is[section].as_array().unwrap().len(), entries.len(), "{round}: {section}: {is}");
            }
        }
        let text = Document::from_json(is.clone()).unwrap().to_yaml().unwrap();
        assert_eq!(Document::from_yaml(&text).unwrap().to_json().unwrap(), is, "{text}");
    }
}

/// Whether some entry has every member of this one.
fn says(entries: &Value, wanted: &Value) -> bool {
    let same = |member: &str, is: &Value, wanted: &Value| match member {
        // Other orders and spellings of the same.
        "permissions" | "ipAllowlist" if is.is_array() && wanted.is_array() => sorted(is) == sorted(wanted),
        "overrides" => wanted.as_array().unwrap().iter().all(|entry| {
            is.as_array()
                .unwrap()
                .iter()
                .any(|is| is["identifier"] == entry["identifier"] && is["limit"] == entry["limit"])
        }),
        _ => is == wanted,
    };
    entries.as_array().unwrap().iter().any(|entry| {
        wanted.as_object().unwrap().iter().all(|(member, value)| same(member, &entry[member], value))
    })
}

fn sorted(list: &Value) -> Vec<String> {
    let mut texts: Vec<String> = list.as_array().unwrap().iter().map(Value::to_string).collect();
    texts.sort();
    texts
}
