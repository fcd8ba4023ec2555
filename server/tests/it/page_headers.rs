//! What every answer outside the APIs says to browsers.

use poem::http::StatusCode;

use crate::support::{Answer, TestApp, answer};

const PATHS: [&str; 17] = [
    "/",
    "/login",
    "/setup/nothing",
    "/portal/acme",
    "/nothing-here",
    "/static/0/nothing.js",
    "/docs",
    "/docs/",
    "/docs/security",
    "/docs/nothing",
    "/docs/search?q=key",
    "/docs/nothing.md",
    "/docs/api/v1",
    "/docs/api/v2",
    "/openapi/v2.json",
    "/llms.txt",
    "/livez",
];

async fn get(test: &TestApp, path: &str) -> Answer {
    answer(test.client.get(path).send().await.0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_guessed_at_framed_or_scripted_by_others() {
    let test = TestApp::start().await;
    for path in PATHS {
        let page = get(&test, path).await;
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(page.header("strict-transport-security"), "", "{path}: it is no HTTPS server");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-eval"),
            "{path}: {policy}"
        );
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src"));
        assert!(scripts.is_none_or(|scripts| scripts.trim() == "script-src 'self'"), "{path}: {policy}");
    }
    let posted = answer(test.client.post("/leaks").send().await.0).await;
    assert_eq!((posted.status, posted.header("x-content-type-options")), (StatusCode::NOT_FOUND, "nosniff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_held_to_https_where_there_is_some() {
    for (url, hsts, told) in [
        ("https://keys.example.com", true, "max-age=31536000"),
        ("https://keys.example.com", false, ""),
        ("http://keys.example.com", true, ""),
    ] {
        let test = TestApp::start_with(|config| {
            config.public_url = Some(url.to_owned());
            config.hsts = hsts;
        })
        .await;
        for path in PATHS {
            assert_eq!(get(&test, path).await.header("strict-transport-security"), told, "{url} {path}");
        }
    }
}
