//! Addresses of the hosted product's documentation: each leads to a page here, in
//! the form that was asked for.

use std::fs;
use std::path::Path;

use poem::http::{Method, StatusCode};

use super::{Page, ask, get};
use crate::support::TestApp;

fn slugs() -> Vec<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/features/slugs.txt");
    let lines = fs::read_to_string(list).unwrap();
    lines.lines().filter_map(|line| line.split_whitespace().nth(1)).map(ToOwned::to_owned).collect()
}

/// The page at a path or where it leads in one step, and the anchor there.
async fn follow(test: &TestApp, path: &str) -> (Page, String) {
    let page = get(test, path).await;
    if page.status == StatusCode::OK {
        return (page, String::new());
    }
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT, "{path}");
    let location = page.header("location").to_owned();
    let (target, anchor) = location.split_once('#').unwrap_or((&location, ""));
    (get(test, target).await, anchor.to_owned())
}

#[tokio::test]
async fn every_page_of_the_products_index_answers_at_its_old_path() {
    let test = TestApp::start().await;
    let slugs = slugs();
    assert_eq!(slugs.len(), 192);
    let mut lost = Vec::new();
    for slug in &slugs {
        let (html, anchor) = follow(&test, &format!("/docs/{slug}")).await;
        let is_html = html.header("content-type").starts_with("text/html");
        let has_anchor = anchor.is_empty() || html.text.contains(&format!(" id=\"{anchor}\""));
        let (markdown, _) = follow(&test, &format!("/docs/{slug}.md")).await;
        let is_markdown = markdown.header("content-type") == "text/markdown; charset=utf-8";
        let both_are_there = (html.status, markdown.status) == (StatusCode::OK, StatusCode::OK);
        if !(both_are_there && is_html && has_anchor && is_markdown && markdown.text.starts_with("# ")) {
            lost.push(format!("{slug}: {} {} #{anchor}", html.status, markdown.status));
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

#[tokio::test]
async fn a_redirect_keeps_the_query_and_answers_head() {
    let test = TestApp::start().await;
    for (from, to) in [
        ("/docs/apis/features/refill?from=mail&x=%20", "/docs/credits?from=mail&x=%20#refill"),
        ("/docs/apis/features/refill.md?from=mail", "/docs/credits.md?from=mail"),
        ("/docs/cli/?x=1", "/docs/cli?x=1"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let page = ask(&test, method.clone(), from, &[]).await;
            assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT, "{method} {from}");
            assert_eq!(page.header("location"), to, "{method} {from}");
        }
    }
}
