//! The documentation that the server serves: every page, link and error.

mod audit_events;
mod errors;
mod old_addresses;
mod reference;
mod search;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use poem::http::{HeaderMap, Method, StatusCode};

use crate::support::TestApp;

/// The files of `docs/`.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Every Markdown file below `docs/`, by its path there.
fn files() -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.iter().map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")).collect()
}

/// An answer as a browser sees it.
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(test: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Page {
    let request = test.client().request(method, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.0;
    let (status, headers) = (response.status(), response.headers().clone());
    Page { status, headers, text: response.into_body().into_string().await.unwrap() }
}

async fn get(test: &TestApp, path: &str) -> Page {
    ask(test, Method::GET, path, &[]).await
}

/// The values of an attribute in HTML.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let quoted = format!(" {name}=\"");
    html.split(&quoted).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Follows every link of the server from `/docs`: pages by their path.
async fn crawl(test: &TestApp) -> HashMap<String, Page> {
    let mut seen = HashMap::new();
    let mut waiting = vec!["/docs".to_owned()];
    while let Some(path) = waiting.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        let page = get(test, &path).await;
        if page.header("content-type").starts_with("text/html") && path.starts_with("/docs") {
            let links = attributes(&page.text, "href").into_iter().chain(attributes(&page.text, "src"));
            let paths = links.map(|link| link.split('#').next().unwrap());
            waiting.extend(paths.filter(|path| path.starts_with('/')).map(ToOwned::to_owned));
        }
        seen.insert(path, page);
    }
    seen
}

// row: introduction
#[tokio::test]
async fn no_link_is_broken_and_every_page_is_reached_from_the_first() {
    let test = TestApp::start().await;
    let pages = crawl(&test).await;
    let mut broken = BTreeSet::new();
    for (path, page) in &pages {
        // The dashboard sends whom it does not know to its own page for that.
        if page.status != StatusCode::OK && path != "/" {
            broken.insert(format!("{path} answers {}", page.status));
        }
        if !path.starts_with("/docs") || !page.header("content-type").starts_with("text/html") {
            continue;
        }
        for link in attributes(&page.text, "href") {
            let Some((target, anchor)) = link.split_once('#').filter(|_| !link.contains("://")) else {
                continue;
            };
            let html = if target.is_empty() { &page.text } else { &pages[target].text };
            if !html.contains(&format!(" id=\"{anchor}\"")) {
                broken.insert(format!("{path} links to {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    for page in files().iter().map(|file| url(file)).chain(["/docs/api/v2".to_owned()]) {
        assert!(pages.contains_key(&page), "{page} is linked from nowhere: is it in the table of contents?");
    }
}

/// Where the page of a file is served.
fn url(file: &str) -> String {
    let page = file.trim_end_matches(".md").trim_end_matches("README").trim_end_matches('/');
    if page.is_empty() { "/docs".to_owned() } else { format!("/docs/{page}") }
}

#[tokio::test]
async fn pages_hold_neither_inline_script_nor_inline_style() {
    let test = TestApp::start().await;
    for file in files() {
        let page = get(&test, &url(&file)).await;
        assert_eq!(page.status, StatusCode::OK, "{file}");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        for never in ["<script>", "<style", " style=\"", " onclick", "javascript:"] {
            assert!(!page.text.contains(never), "{file} holds {never}");
        }
        assert_eq!(page.text.matches("<script").count(), 1, "{file}: the script of all pages");
        assert!(page.text.contains("<script src=\"/docs/assets/docs-"), "{file}");
        assert_eq!(page.text.matches("<h1").count(), 1, "{file} has one title");
    }
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_good_and_pages_are_asked_for_again() {
    let test = TestApp::start().await;
    let page = get(&test, "/docs/cli").await;
    let style = attributes(&page.text, "href").into_iter().find(|link| link.ends_with(".css")).unwrap();
    let sheet = get(&test, style).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(sheet.header("cache-control").contains("immutable"));
    assert_eq!(get(&test, "/docs/assets/docs-other.css").await.status, StatusCode::NOT_FOUND);

    let tag = page.header("etag");
    assert!(tag.len() > 10 && page.header("cache-control") == "no-cache", "{tag}");
    for known in [tag.to_owned(), format!("\"x\", W/{tag}")] {
        let again = ask(&test, Method::GET, "/docs/cli", &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(again.header("etag"), tag);
    }
    let head = ask(&test, Method::HEAD, "/docs/cli", &[]).await;
    assert_eq!((head.status, head.header("etag")), (StatusCode::OK, tag));
}

#[tokio::test]
async fn unknown_pages_are_told_in_html_and_other_names_move_on() {
    let test = TestApp::start().await;
    for path in ["/docs/nothing", "/docs/errors/unkey/data", "/docs/api/v2/keys.nothing", "/docs/cli.txt"] {
        let page = get(&test, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert!(page.text.contains("There is no such page") && page.text.contains("/docs/quickstart"));
        let words = path.trim_start_matches("/docs/").replace(['/', '.'], " ");
        assert!(
            page.text.contains(&format!("value=\"{words}\"")),
            "its words can be searched: {}",
            page.text
        );
    }
    for path in ["/docs/nothing.md", "/docs/..%2fREADME.md"] {
        let page = get(&test, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page.header("content-type"), "text/markdown; charset=utf-8");
        assert!(page.text.starts_with("# There is no such page") && page.text.contains("/docs/llms.txt"));
    }
    let moved = [
        ("/docs/", "/docs"),
        ("/docs/cli/", "/docs/cli"),
        ("/docs/introduction", "/docs"),
        ("/docs/api-reference/errors/introduction", "/docs/api-reference/errors"),
        ("/docs/api-reference/errors-v2/overview", "/docs/errors"),
    ];
    for (from, to) in moved {
        let page = get(&test, from).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::PERMANENT_REDIRECT, to), "{from}");
    }
}

#[tokio::test]
async fn llms_txt_lists_every_page_by_its_whole_address() {
    let test = TestApp::start().await;
    let host = [("host", "keys.example.com:8443")];
    let index = ask(&test, Method::GET, "/llms.txt", &host).await;
    assert_eq!(index.header("content-type"), "text/plain; charset=utf-8");
    assert!(index.text.starts_with("# unkey\n\n> "), "{}", index.text);
    let full = ask(&test, Method::GET, "/llms-full.txt", &host).await.text;
    for (below, own) in [("/docs/llms.txt", &index.text), ("/docs/llms-full.txt", &full)] {
        assert_eq!(&ask(&test, Method::GET, below, &host).await.text, own, "{below}");
    }
    let files = files();
    assert!(files.len() > 80, "{} pages", files.len());
    for file in &files {
        let address = format!("http://keys.example.com:8443/docs/{file}");
        let line = index.text.lines().find(|line| line.contains(&format!("]({address}): ")));
        let about = line.and_then(|line| line.split_once("): ")).map(|(_, about)| about);
        assert!(about.is_some_and(|about| about.len() > 10), "{file} is not listed: {line:?}");
        let raw = get(&test, &format!("/docs/{file}")).await;
        assert_eq!(
            (raw.status, raw.header("content-type")),
            (StatusCode::OK, "text/markdown; charset=utf-8")
        );
        assert_eq!(raw.text, fs::read_to_string(root().join(file)).unwrap(), "{file}");
        assert!(full.contains(&format!("Source: {address}\n\n{}", raw.text)), "{file}");
    }
    let listed: Vec<&str> = index.text.lines().filter(|line| line.contains(".md): ")).collect();
    let operations = listed.iter().filter(|line| line.contains(":8443/docs/api/v")).count();
    assert_eq!(listed.len() - operations, files.len(), "nothing is listed twice");
    assert!(operations > 110 && full.contains("8443/docs/api/v2/keys.createKey.md\n\n# keys.createKey"));
}
