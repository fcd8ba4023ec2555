//! What the hot path allocates for a key that is in memory: a number that may
//! only go down.

use serde_json::{Value, json};

use crate::meter::{Meter, Sent};

fn call(target: &str, root_key: Option<&str>, body: &Value) -> Sent {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(root_key.map(|key| ("authorization", format!("Bearer {key}"))));
    Sent { method: "POST".into(), target: target.into(), headers, body: body.to_string().into_bytes() }
}

#[test]
fn a_cached_verification_allocates_no_more_than_it_did() {
    let meter = Meter::new();
    let (key, limited) = meter.block_on(async {
        let api = meter.test.api().await;
        let limits =
            json!([{ "name": "requests", "limit": 1_000_000, "duration": 60_000, "autoApply": true }]);
        let (_, key) = meter.test.key(&api, json!({ "permissions": ["a.b"] })).await;
        let (_, limited) = meter.test.key(&api, json!({ "ratelimits": limits })).await;
        (key, limited)
    });
    let root = Some(meter.test.root_key.as_str());
    let own = json!([{ "name": "own", "limit": 1_000_000, "duration": 60_000 }]);
    let limit = json!({ "namespace": "n", "identifier": "i", "limit": 1_000_000, "duration": 60_000 });
    let mut more = Vec::new();
    for (name, sent, most) in [
        ("v2 verify", call("/v2/keys.verifyKey", root, &json!({ "key": key })), 24),
        ("v2 query", call("/v2/keys.verifyKey", root, &json!({ "key": key, "permissions": "a.b" })), 32),
        ("v2 stored limit", call("/v2/keys.verifyKey", root, &json!({ "key": limited })), 27),
        ("v2 own limit", call("/v2/keys.verifyKey", root, &json!({ "key": key, "ratelimits": own })), 28),
        ("v2 limit", call("/v2/ratelimit.limit", root, &limit), 25),
        ("v1 verify", call("/v1/keys.verifyKey", None, &json!({ "key": key })), 28),
        ("v1 own limit", call("/v1/keys.verifyKey", None, &json!({ "key": key, "ratelimits": own })), 33),
        ("v1 limit", call("/v1/ratelimits.limit", root, &limit), 29),
    ] {
        meter.spend(&sent);
        let spent = meter.least(&sent);
        assert_eq!(spent.status, 200, "{name}");
        if spent.allocations > most {
            more.push(format!("{name}: {} allocations, {most} before", spent.allocations));
        }
    }
    assert!(more.is_empty(), "{}", more.join("\n"));
}
