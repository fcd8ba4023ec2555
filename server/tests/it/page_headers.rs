//! What every answer outside the APIs says to browsers.

use poem::http::StatusCode;

use crate::support::{Answer, TestApp, answer};

const PATHS: [&str; 15] = [
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
async fn the_reference_is_drawn_by_a_script_of_this_server() {
    let test = TestApp::start().await;
    for version in ["v1", "v2"] {
        let path = format!("/docs/api/{version}");
        let response = test.client.get(&path).send().await.0;
        let html = response.into_body().into_string().await.unwrap();
        let script = html.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(script.starts_with("/docs/assets/reference-"), "{script}");
        let served = get(&test, script).await;
        assert_eq!(served.status, StatusCode::OK);
        assert_eq!(served.content_type, "text/javascript; charset=utf-8");
        assert_eq!(served.header("cache-control"), "public, max-age=31536000, immutable");
        let tag = get(&test, &path).await.header("etag").to_owned();
        let known = test.client.get(&path).header("if-none-match", tag).send().await.0;
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert!(known.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    }
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
