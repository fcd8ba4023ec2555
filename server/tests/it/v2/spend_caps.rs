//! Spend caps: what all keys of an identity may spend in a month
//! (docs/decisions.md#a-spend-cap-counts-every-key).

use std::sync::Arc;

use base::month::Month;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{START_MS, TestApp, some_at_once};

async fn identity(test: &TestApp, external_id: &str, monthly_credits: Value) {
    let body = json!({ "externalId": external_id, "monthlyCredits": monthly_credits });
    test.call("identities.createIdentity", body).await.data();
}

async fn cap(test: &TestApp, external_id: &str, monthly_credits: Value) -> Value {
    let body = json!({ "identity": external_id, "monthlyCredits": monthly_credits });
    test.call("identities.updateIdentity", body).await.data()
}

async fn spent(test: &TestApp, external_id: &str) -> Value {
    test.call("identities.getIdentity", json!({ "identity": external_id })).await.data()["spentCredits"]
        .clone()
}

async fn spend(test: &TestApp, key: &str, cost: i64) -> String {
    let verified = test.verify_with(json!({ "key": key, "credits": { "cost": cost } })).await;
    verified["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn all_keys_of_an_identity_spend_one_month_whole_or_not_at_all() {
    let test = TestApp::start().await;
    let (api, other) = (test.api().await, test.api().await);
    identity(&test, "ann", json!(10)).await;
    let (_, unlimited) = test.key(&api, json!({ "externalId": "ann" })).await;
    let (_, metered) = test.key(&other, json!({ "externalId": "ann", "credits": { "remaining": 6 } })).await;
    let (_, stranger) = test.key(&api, json!({ "externalId": "bob" })).await;

    assert_eq!(spend(&test, &unlimited, 4).await, "VALID");
    assert_eq!(test.verify(&unlimited).await["code"], "VALID", "1 when nothing is said");
    let paid = test.verify_with(json!({ "key": metered, "credits": { "cost": 3 } })).await;
    assert_eq!((&paid["code"], &paid["credits"]), (&json!("VALID"), &json!(3)));
    assert_eq!(spent(&test, "ann").await, 8);
    // The key has three, the month has two: neither is touched.
    let refused = test.verify_with(json!({ "key": metered, "credits": { "cost": 3 } })).await;
    assert_eq!((&refused["code"], &refused["credits"]), (&json!("USAGE_EXCEEDED"), &json!(3)));
    // The month has two, the key would have enough of neither.
    assert_eq!(spend(&test, &metered, 4).await, "USAGE_EXCEEDED");
    assert_eq!(spent(&test, "ann").await, 8);
    assert_eq!(spend(&test, &unlimited, 2).await, "VALID");
    for key in [&unlimited, &metered] {
        assert_eq!(spend(&test, key, 1).await, "USAGE_EXCEEDED");
        assert_eq!(spend(&test, key, 0).await, "VALID", "what costs nothing passes");
    }
    assert_eq!(test.verify(&stranger).await["code"], "VALID");
    let listed = test.call("identities.listIdentities", json!({})).await.data();
    let listed = listed.as_array().unwrap();
    let of = |external_id: &str| listed.iter().find(|one| one["externalId"] == external_id).unwrap();
    assert_eq!((&of("ann")["monthlyCredits"], &of("ann")["spentCredits"]), (&json!(10), &json!(10)));
    assert!(of("bob").get("monthlyCredits").is_none() && of("bob").get("spentCredits").is_none());
}

#[tokio::test]
async fn a_month_begins_at_its_first_moment_in_utc() {
    let test = TestApp::start().await;
    let api = test.api().await;
    identity(&test, "ann", json!(1)).await;
    let (_, key) = test.key(&api, json!({ "externalId": "ann" })).await;
    let next_ms = Month::of(START_MS).next().start_ms();
    test.advance_ms(next_ms - START_MS - 1);
    assert_eq!(test.verify(&key).await["code"], "VALID");
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED");
    test.advance_ms(1);
    assert_eq!(spent(&test, "ann").await, 0);
    assert_eq!(test.verify(&key).await["code"], "VALID");
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED");
    // A clock that steps back is in a month that is used up.
    test.step_ms(-1);
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED");
    test.step_ms(1);
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED", "nor did it begin anew");
}

#[tokio::test]
async fn a_cap_is_changed_lifted_and_audited() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (_, key) = test.key(&api, json!({ "externalId": "ann" })).await;
    assert_eq!(spend(&test, &key, 100).await, "VALID");
    let set = cap(&test, "ann", json!(5)).await;
    assert_eq!((&set["monthlyCredits"], &set["spentCredits"]), (&json!(5), &json!(0)));
    assert_eq!(test.last_audit().await, ["identity.update"]);
    assert_eq!(spend(&test, &key, 5).await, "VALID", "what came before the cap is not counted");
    assert_eq!(spend(&test, &key, 1).await, "USAGE_EXCEEDED");

    // What says nothing of it leaves it, in both contracts.
    test.call("identities.updateIdentity", json!({ "identity": "ann", "meta": { "a": 1 } })).await.data();
    assert_eq!(spend(&test, &key, 1).await, "USAGE_EXCEEDED");
    assert_eq!(cap(&test, "ann", json!(3)).await["spentCredits"], 5);
    assert_eq!(spend(&test, &key, 1).await, "USAGE_EXCEEDED");
    assert_eq!(cap(&test, "ann", json!(6)).await["spentCredits"], 5);
    assert_eq!(spend(&test, &key, 1).await, "VALID");
    let lifted = cap(&test, "ann", Value::Null).await;
    assert!(lifted.get("monthlyCredits").is_none() && lifted.get("spentCredits").is_none());
    assert_eq!(spend(&test, &key, 1_000).await, "VALID");
    // What was spent without a cap is not counted, what was spent with one still is.
    assert_eq!(cap(&test, "ann", json!(7)).await["spentCredits"], 6);
    for wrong in [json!(-1), json!(1_000_000_000_000_001_i64), json!(1.5), json!("5")] {
        let body = json!({ "identity": "ann", "monthlyCredits": wrong });
        test.call("identities.updateIdentity", body).await.fails(400, "application/invalid_input");
        let body = json!({ "externalId": "new", "monthlyCredits": wrong });
        test.call("identities.createIdentity", body).await.fails(400, "application/invalid_input");
    }
    assert_eq!(cap(&test, "ann", json!(0)).await["monthlyCredits"], 0);
    assert_eq!(spend(&test, &key, 1).await, "USAGE_EXCEEDED");
}

#[tokio::test]
async fn an_identity_that_goes_takes_its_cap_along() {
    let test = TestApp::start().await;
    let api = test.api().await;
    identity(&test, "ann", json!(0)).await;
    let (id, key) = test.key(&api, json!({ "externalId": "ann" })).await;
    identity(&test, "bob", json!(0)).await;
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED");
    test.call("identities.deleteIdentity", json!({ "identity": "ann" })).await.data();
    assert_eq!(test.verify(&key).await["code"], "VALID");
    test.call("keys.updateKey", json!({ "keyId": id, "externalId": "bob" })).await.data();
    assert_eq!(test.verify(&key).await["code"], "USAGE_EXCEEDED");
    test.call("keys.updateKey", json!({ "keyId": id, "externalId": null })).await.data();
    assert_eq!(test.verify(&key).await["code"], "VALID");
}

#[tokio::test]
async fn a_replaced_key_spends_the_month_of_its_identity() {
    let test = TestApp::start().await;
    let api = test.api().await;
    identity(&test, "ann", json!(3)).await;
    let (id, old) = test.key(&api, json!({ "externalId": "ann", "credits": { "remaining": 9 } })).await;
    let rerolled = test.call("keys.rerollKey", json!({ "keyId": id, "expiration": 60_000 })).await.data();
    let new = rerolled["key"].as_str().unwrap().to_owned();
    for (key, code) in [(&old, "VALID"), (&new, "VALID"), (&old, "VALID"), (&new, "USAGE_EXCEEDED")] {
        assert_eq!(test.verify(key).await["code"], code);
    }
    cap(&test, "ann", Value::Null).await;
    assert_eq!(test.verify(&new).await["credits"], 5, "the balance was charged as often as the month");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_verifications_of_many_keys_share_fifty_credits() {
    let test = Arc::new(TestApp::start().await);
    let api = test.api().await;
    identity(&test, "ann", json!(50)).await;
    let mut keys = Vec::new();
    for place in 0..8 {
        let credits = json!({ "remaining": 20 });
        let options = if place % 2 == 0 { json!({}) } else { json!({ "credits": credits }) };
        let mut options = options;
        options["externalId"] = json!("ann");
        keys.push(test.key(&api, options).await.1);
    }
    let admitted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let tasks = (0..200).map(|place| {
        let (test, key, admitted) = (test.clone(), keys[place % keys.len()].clone(), admitted.clone());
        async move {
            if test.verify(&key).await["code"] == "VALID" {
                admitted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    });
    some_at_once(tasks).await;
    assert_eq!(admitted.load(std::sync::atomic::Ordering::Relaxed), 50);
    assert_eq!(spent(&test, "ann").await, 50);
}

#[tokio::test]
async fn a_spend_that_cannot_be_stored_is_not_made() {
    let test = TestApp::start().await;
    let api = test.api().await;
    identity(&test, "ann", json!(2)).await;
    let (_, key) = test.key(&api, json!({ "externalId": "ann", "credits": { "remaining": 9 } })).await;
    // Where the month is counted, after the balance was set.
    test.force_past_references("ALTER TABLE identity_months RENAME COLUMN near_cap TO away").await;
    let refused = test.call("keys.verifyKey", json!({ "key": key })).await;
    assert!(refused.status.is_server_error(), "{refused:?}");
    test.force_past_references("ALTER TABLE identity_months RENAME COLUMN away TO near_cap").await;
    let paid = test.verify(&key).await;
    assert_eq!((&paid["code"], &paid["credits"]), (&json!("VALID"), &json!(8)));
    assert_eq!(spent(&test, "ann").await, 1);
}

#[derive(Clone, Debug)]
enum Step {
    /// Of one of the keys, so much.
    Spend(usize, i64),
    Cap(Option<i64>),
    /// Into the month before, this one or the next.
    Month(i64),
    TopUp(usize, i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3usize, 0..6i64).prop_map(|(key, cost)| Step::Spend(key, cost)),
        2 => prop::option::of(0..30i64).prop_map(Step::Cap),
        1 => (-1..=1i64).prop_map(Step::Month),
        1 => (0..3usize, 0..20i64).prop_map(|(key, to)| Step::TopUp(key, to)),
    ]
}

/// What there should be: the balances of three keys, the first of which has no end of
/// credits, and what each month has spent.
#[derive(Default)]
struct Model {
    balances: [Option<i64>; 3],
    cap: Option<i64>,
    months: std::collections::BTreeMap<i64, i64>,
    month: i64,
}

impl Model {
    fn spend(&mut self, key: usize, cost: i64) -> bool {
        let month = self.months.entry(self.month).or_default();
        let left = self.cap.map(|cap| (cap - *month).max(0));
        let passes = cost == 0
            || self.balances[key].is_none_or(|balance| cost <= balance)
                && left.is_none_or(|left| cost <= left);
        if passes {
            self.balances[key] = self.balances[key].map(|balance| balance - cost);
            *month += self.cap.map_or(0, |_| cost);
        }
        passes
    }
}

async fn compare(steps: Vec<Step>) {
    let test = TestApp::start().await;
    let api = test.api().await;
    let month = Month::of(START_MS).start_ms();
    let mut model = Model { balances: [None, Some(20), Some(20)], month, ..Model::default() };
    let mut keys = Vec::new();
    for balance in model.balances {
        let credits = balance.map_or(json!({}), |balance| json!({ "remaining": balance }));
        let options = match balance {
            None => json!({ "externalId": "ann" }),
            Some(_) => json!({ "externalId": "ann", "credits": credits }),
        };
        keys.push(test.key(&api, options).await);
    }
    for step in steps {
        match step {
            Step::Spend(key, cost) => {
                let code = spend(&test, &keys[key].1, cost).await;
                assert_eq!(code == "VALID", model.spend(key, cost), "{code}");
            }
            Step::Cap(most) => {
                cap(&test, "ann", json!(most)).await;
                model.cap = most;
            }
            Step::Month(by) => {
                test.step_ms(by * 30 * 24 * 3_600_000);
                model.month = Month::of(test.app.clock.now_ms()).start_ms();
            }
            Step::TopUp(key, to) if model.balances[key].is_some() => {
                let body = json!({ "keyId": keys[key].0, "operation": "set", "value": to });
                test.call("keys.updateCredits", body).await.data();
                model.balances[key] = Some(to);
            }
            Step::TopUp(..) => {}
        }
        let expected = model.cap.map(|_| model.months.get(&model.month).copied().unwrap_or_default());
        assert_eq!(spent(&test, "ann").await.as_i64(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn months_and_balances_are_as_in_a_model(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(steps));
    }
}
