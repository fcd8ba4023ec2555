//! Charts beside the span before theirs.

use base::access::Role;
use serde_json::json;

use super::browser::Browser;
use crate::support::{START_MS, TestApp};

const DAY_MS: i64 = 24 * 60 * 60_000;

/// As far into the day before as the bar is into its own; only where the address asks.
#[tokio::test(flavor = "multi_thread")]
async fn charts_are_compared_with_the_span_before_bar_by_bar() {
    let test = TestApp::start().await;
    let api = test.api().await;
    let (id, key) = test.key(&api, json!({})).await;
    let limit =
        json!({ "namespace": "login", "identifier": "ada", "limit": 10, "duration": 60_000, "cost": 2 });
    let seen = async |times: usize| {
        for _ in 0..times {
            test.verify(&key).await;
            test.call("ratelimit.limit", limit.clone()).await.data();
        }
        test.verify("nobody").await;
        test.flush_events().await;
    };
    seen(3).await;
    test.advance_ms(DAY_MS);
    seen(2).await;
    test.advance_ms(1_000);
    let mut viewer = Browser::of(&test, Role::Viewer).await;
    let found = viewer.get("/ratelimits").await;
    let namespace = found.links.iter().find(|link| link.starts_with("/ratelimits/")).unwrap().clone();
    for (page, now, before) in [
        (format!("/apis/{api}"), "2 Valid", 3),
        (format!("/keys/{id}"), "2 Valid", 3),
        // With the keys that nobody has.
        ("/".to_owned(), "2 Valid, 1 Unknown key", 4),
        (namespace.clone(), "2 Passed", 3),
        (namespace, "4 Passed", 6),
    ] {
        let shown = viewer.get(&page).await;
        shown.shows("Compare with the 24 hours before").lacks(", before: ");
        let switch = format!("{page}?compare=before");
        assert!(shown.links_to(&switch), "{page}: {:?}", shown.links);
        let compared = viewer.get(&switch).await;
        let bar = format!(", {now}, before: {before}");
        assert!(compared.html.contains(&bar), "{page} has no {bar}: {}", compared.html);
        compared.shows(&format!("the 24 hours before {before}")).lacks("Compare with");
        assert!(compared.html.contains("class=\"line l-b\"") && compared.links_to(&page), "{page}");
        assert!(compared.html.contains("<th scope=\"col\" class=\"r\">The 24 hours before</th>"), "{page}");
    }
    // Of what is before this nothing is kept.
    let from = START_MS - 300 * DAY_MS;
    let long = viewer.get(&format!("/apis/{api}?from={from}&compare=before")).await;
    long.shows("Valid 5").lacks("the same time before");
}
