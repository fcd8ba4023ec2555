//! Search over the pages, and what leads from a page to it.

use poem::http::{Method, StatusCode};

use super::{ask, attributes, crawl, get};
use crate::support::TestApp;

#[tokio::test]
async fn what_is_searched_is_found_with_its_words_marked() {
    let test = TestApp::start().await;
    let page = get(&test, "/docs/search?q=refill+credits").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    let first = page.text.split("<ol class=\"hits\">").nth(1).unwrap().split("</li>").next().unwrap();
    assert_eq!(attributes(first, "href")[0].split('#').next(), Some("/docs/credits"), "{first}");
    assert!(page.text.contains("<mark>"), "{}", page.text);
    assert!(page.text.contains("value=\"refill credits\""), "the search can be changed");
    assert!(page.text.contains("name=\"robots\" content=\"noindex\""));
    for link in attributes(&page.text, "href").into_iter().filter(|link| link.starts_with("/docs")) {
        let found = get(&test, link.split('#').next().unwrap()).await;
        assert_eq!(found.status, StatusCode::OK, "{link}");
    }
    let head = ask(&test, Method::HEAD, "/docs/search?q=refill+credits", &[]).await;
    assert_eq!((head.status, head.header("etag")), (StatusCode::OK, page.header("etag")));
}

#[tokio::test]
async fn a_search_that_finds_nothing_or_asks_for_nothing_says_so() {
    let test = TestApp::start().await;
    for (query, said) in [
        ("", "Every section of these pages"),
        ("?q=", "Every section of these pages"),
        ("?q=xylophone", "Nothing has these words"),
        ("?q=%F0%9F%A6%8A", "Nothing has these words"),
        ("?other=key", "Every section of these pages"),
    ] {
        let page = get(&test, &format!("/docs/search{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(page.text.contains(said), "{query}: {}", page.text);
    }
}

#[tokio::test]
async fn a_search_that_is_too_long_is_refused_on_its_page() {
    let test = TestApp::start().await;
    let many: String = (0..13).map(|n| format!("+w{n}")).collect();
    for (asked, said) in [("x".repeat(201), "at most 200 characters"), (many, "at most 12 different words")] {
        let page = get(&test, &format!("/docs/search?q={asked}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.text.contains(said) && page.text.contains("role=\"alert\""), "{}", page.text);
    }
}

#[tokio::test]
async fn what_is_searched_is_shown_and_not_interpreted() {
    let test = TestApp::start().await;
    let page = get(&test, "/docs/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%20key").await;
    assert!(!page.text.contains("<script>") && page.text.contains("&lt;script&gt;"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
}

#[tokio::test]
async fn every_page_has_a_search_an_icon_and_the_way_to_the_dashboard() {
    let test = TestApp::start().await;
    for (path, page) in crawl(&test).await {
        if !page.header("content-type").starts_with("text/html") || !path.starts_with("/docs") {
            continue;
        }
        assert!(
            page.text.contains("<form class=\"search\" role=\"search\" action=\"/docs/search\">"),
            "{path}"
        );
        assert!(page.text.contains("<a href=\"/\">Dashboard</a>"), "{path}");
        assert!(
            page.text.contains("<link rel=\"icon\" type=\"image/svg+xml\" href=\"/docs/assets/"),
            "{path}"
        );
    }
    let icon = get(&test, "/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (StatusCode::OK, "image/svg+xml"));
}
